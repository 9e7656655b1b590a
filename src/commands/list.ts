import * as Flags from "@oclif/core/flags";
import { BaseCommand } from "../cli/base-command.ts";
import { clock } from "../cli/compose.ts";
import { listJson, presentList } from "../cli/present/list.ts";
import { scopeFlags } from "../cli/scope-flags.ts";
import { styleFor } from "../cli/style.ts";
import { hostZone } from "../cli/zone.ts";
import { list } from "../usecases/list.ts";

export default class List extends BaseCommand {
  static override summary = "List your boxes";
  static override aliases = ["ls"];
  static override examples = [
    "<%= config.bin %> list",
    "<%= config.bin %> list --json --usage",
    "<%= config.bin %> list --all",
  ];
  static override flags = {
    ...scopeFlags,
    usage: Flags.boolean({ summary: "Under --json, too, ask what running boxes use at the moment" }),
  };

  async run() {
    const { flags } = await this.parse(List);
    const deps = await this.deps(flags);
    const result = await list(deps, {
      usage: flags.usage || !this.jsonEnabled(),
      all: flags.all,
      owner: flags.owner,
    });
    this.print(
      presentList(styleFor(process.stdout), result, { now: clock.now(), zone: hostZone(), caller: deps.caller.user }),
    );
    return listJson(result);
  }
}
