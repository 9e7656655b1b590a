import * as Args from "@oclif/core/args";
import { BaseCommand } from "../../cli/base-command.ts";
import { policyJson, presentPolicy } from "../../cli/present/policy.ts";
import { styleFor } from "../../cli/style.ts";
import { showPolicy } from "../../usecases/lifecycle/policy.ts";

export default class PolicyShow extends BaseCommand {
  static override summary = "Show how long a box may be unused, and who says so";
  static override examples = ["<%= config.bin %> policy show api"];
  static override args = { name: Args.string({ required: true, description: "Name of the box" }) };

  async run() {
    const { args, flags } = await this.parse(PolicyShow);
    const result = showPolicy(await this.deps(flags), { name: args.name });
    this.print(presentPolicy(styleFor(process.stdout), result, "show"));
    return policyJson(result);
  }
}
