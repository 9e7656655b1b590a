import * as Flags from "@oclif/core/flags";
import { BaseCommand } from "../cli/base-command.ts";
import { clock } from "../cli/compose.ts";
import { listJson, presentList } from "../cli/present/list.ts";
import { styleFor } from "../cli/style.ts";
import { list } from "../usecases/list.ts";

export default class List extends BaseCommand {
  static override summary = "List your boxes";
  static override aliases = ["ls"];
  static override examples = ["<%= config.bin %> list", "<%= config.bin %> list --json --usage"];
  static override flags = {
    usage: Flags.boolean({ summary: "Under --json, too, ask what running boxes use at the moment" }),
  };

  async run() {
    const { flags } = await this.parse(List);
    const result = await list(await this.deps(flags), { usage: flags.usage || !this.jsonEnabled() });
    this.print(presentList(styleFor(process.stdout), result, clock.now()));
    return listJson(result);
  }
}
