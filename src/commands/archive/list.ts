import { BaseCommand } from "../../cli/base-command.ts";
import { clock } from "../../cli/compose.ts";
import { archivesJson, presentArchives } from "../../cli/present/archives.ts";
import { isForOthers, scopeFlags } from "../../cli/scope-flags.ts";
import { styleFor } from "../../cli/style.ts";
import { listArchives } from "../../usecases/archives/list.ts";

export default class ArchiveList extends BaseCommand {
  static override summary = "List your archives: homes of boxes that were destroyed";
  static override examples = ["<%= config.bin %> archive list", "<%= config.bin %> archive list --owner alice"];
  static override flags = scopeFlags;

  async run() {
    const { flags } = await this.parse(ArchiveList);
    const archives = await listArchives(await this.deps(flags), flags);
    this.print(presentArchives(styleFor(process.stdout), archives, { now: clock.now(), owners: isForOthers(flags) }));
    return archivesJson(archives);
  }
}
