import { BaseCommand } from "../../cli/base-command.ts";
import { clock } from "../../cli/compose.ts";
import { overviewJson, presentOverview } from "../../cli/present/tailnet.ts";
import { isForOthers, scopeFlags } from "../../cli/scope-flags.ts";
import { styleFor } from "../../cli/style.ts";
import { tailnetStatus } from "../../usecases/tailnet/overview.ts";

export default class TailnetStatus extends BaseCommand {
  static override summary = "Show your boxes' devices on the tailnet, and those that have yet to go";
  static override examples = ["<%= config.bin %> tailnet status", "<%= config.bin %> tailnet status --all"];

  static override flags = scopeFlags;

  async run() {
    const { flags } = await this.parse(TailnetStatus);
    const overview = await tailnetStatus(await this.deps(flags), flags);
    this.print(presentOverview(styleFor(process.stdout), overview, { now: clock.now(), owners: isForOthers(flags) }));
    return overviewJson(overview);
  }
}
