import * as Flags from "@oclif/core/flags";
import { BaseCommand } from "../cli/base-command.ts";
import { presentReaped, reapedJson } from "../cli/present/reap.ts";
import { styleFor } from "../cli/style.ts";
import { EXIT } from "../core/exit-codes.ts";
import { reap } from "../usecases/reap.ts";

export default class Reap extends BaseCommand {
  static override summary = "Finish or undo what was interrupted, and have devices removed that are left";
  static override description =
    "For everybody's boxes. Other commands do the same for what they meet; this one is run by a timer, so that it is done when nobody comes by. On a shared host it is for administrators.";
  static override examples = ["<%= config.bin %> reap", "<%= config.bin %> reap --dry-run"];
  static override flags = { "dry-run": Flags.boolean({ summary: "Only say what would be done, and why" }) };

  async run() {
    const { flags } = await this.parse(Reap);
    const result = await reap(await this.deps(flags), { dryRun: flags["dry-run"] });
    this.print(presentReaped(styleFor(process.stdout), result));
    if (result.reapings.some(({ outcome }) => outcome === "failed")) process.exitCode = EXIT.partial;
    return reapedJson(result);
  }
}
