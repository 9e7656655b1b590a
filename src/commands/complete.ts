import * as Args from "@oclif/core/args";
import { BaseCommand } from "../cli/base-command.ts";
import { NAME_KINDS, names } from "../usecases/names.ts";

export default class Complete extends BaseCommand {
  static override hidden = true;
  static override enableJsonFlag = false;
  static override summary = "Print names, one a line; the completion scripts ask";
  static override examples = ["<%= config.bin %> complete boxes"];
  static override args = {
    kind: Args.string({ required: true, options: [...NAME_KINDS], description: "Whose names" }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Complete);
    const kind = NAME_KINDS.find((known) => known === args.kind) ?? "boxes";
    const found = await names(await this.deps({ ...flags, quiet: true }), kind);
    if (found.length > 0) this.print(found.join("\n"));
  }
}
