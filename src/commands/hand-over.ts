import * as Args from "@oclif/core/args";
import * as Flags from "@oclif/core/flags";
import { BaseCommand } from "../cli/base-command.ts";
import { handedJson, presentHanded } from "../cli/present/hand-over.ts";
import { handOver } from "../usecases/hand-over.ts";

export default class HandOver extends BaseCommand {
  static override summary = "Make a box somebody else's (administrators)";
  static override description =
    "It takes a slot of the new owner's, and joins the tailnet with their key and their tags. Its name and its home stay; what runs in it is ended. What is in the home becomes theirs, so ask the old owner about their keys and tokens.";
  static override examples = ["<%= config.bin %> hand-over api --to bob"];
  static override args = { name: Args.string({ required: true, description: "Name of the box" }) };
  static override flags = {
    to: Flags.string({ required: true, summary: "Who gets it: a user of this host", helpValue: "USER" }),
  };

  async run() {
    const { args, flags } = await this.parse(HandOver);
    const result = await handOver(await this.deps(flags), { box: args.name, to: flags.to });
    this.print(presentHanded(result));
    return handedJson(result);
  }
}
