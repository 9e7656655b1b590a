import { BaseCommand } from "../../cli/base-command.ts";
import { clock } from "../../cli/compose.ts";
import { presentVolumes, volumesJson } from "../../cli/present/volumes.ts";
import { isForOthers, scopeFlags } from "../../cli/scope-flags.ts";
import { styleFor } from "../../cli/style.ts";
import { listVolumes } from "../../usecases/volumes.ts";

export default class VolumeList extends BaseCommand {
  static override summary = "List your home volumes, those of boxes and those that were kept";
  static override examples = ["<%= config.bin %> volume list", "<%= config.bin %> volume list --owner alice"];

  static override flags = scopeFlags;

  async run() {
    const { flags } = await this.parse(VolumeList);
    const volumes = await listVolumes(await this.deps(flags), flags);
    this.print(presentVolumes(styleFor(process.stdout), volumes, { now: clock.now(), owners: isForOthers(flags) }));
    return volumesJson(volumes);
  }
}
