import * as Args from "@oclif/core/args";
import * as Flags from "@oclif/core/flags";
import { BaseCommand } from "../../cli/base-command.ts";
import { presentVerified, verifiedJson } from "../../cli/present/archives.ts";
import { styleFor } from "../../cli/style.ts";
import { DevboxError } from "../../core/errors.ts";
import { EXIT } from "../../core/exit-codes.ts";
import { verifyArchives } from "../../usecases/archives/verify.ts";

export default class ArchiveVerify extends BaseCommand {
  static override summary = "Read archives to their end, and look whether they are what was written";
  static override description = "One that is damaged stays listed; the exit code is 5 then.";
  static override examples = ["<%= config.bin %> archive verify k3f9x2ab", "<%= config.bin %> archive verify --all"];
  static override args = { archive: Args.string({ description: "Id of the archive" }) };
  static override flags = {
    all: Flags.boolean({ char: "a", summary: "Yours, or as an administrator everyone's", default: false }),
  };

  async run() {
    const { args, flags } = await this.parse(ArchiveVerify);
    if ((args.archive === undefined) !== flags.all) {
      throw new DevboxError("USAGE", "name one archive, or say --all.", {
        next: ["See yours: devbox-ctl archive list"],
      });
    }
    const verified = await verifyArchives(await this.deps(flags), { id: args.archive });
    this.print(presentVerified(styleFor(process.stdout), verified));
    if (verified.some(({ problem }) => problem !== undefined)) process.exitCode = EXIT.conflict;
    return verifiedJson(verified);
  }
}
