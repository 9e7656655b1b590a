import * as Args from "@oclif/core/args";
import * as Flags from "@oclif/core/flags";
import { BaseCommand } from "../../cli/base-command.ts";
import { formatSize } from "../../core/size.ts";
import { findArchive } from "../../usecases/archives/known.ts";
import { removeArchive } from "../../usecases/archives/remove.ts";

export default class ArchiveRemove extends BaseCommand {
  static override summary = "Remove an archive, and all that is in it";
  static override examples = ["<%= config.bin %> archive remove k3f9x2ab --yes"];
  static override args = { archive: Args.string({ required: true, description: "Id of the archive" }) };
  static override flags = { yes: Flags.boolean({ char: "y", summary: "Do not ask" }) };

  async run() {
    const { args, flags } = await this.parse(ArchiveRemove);
    const deps = await this.deps(flags);
    const { id, boxId, boxName, owner, contentSize } = await findArchive(deps, args.archive);
    this.about({ name: boxName, id: boxId, owner });
    const home = `the home of ${boxName} (${formatSize(contentSize)})`;
    await this.confirmed(`The archive ${id} with ${home} will be gone for good. Go on?`, flags.yes);
    await removeArchive(deps, { id });
    this.print(`  The archive ${id} of ${boxName} is removed.`);
    return { id, box: boxName, removed: true };
  }
}
