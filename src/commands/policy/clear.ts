import * as Args from "@oclif/core/args";
import { BaseCommand } from "../../cli/base-command.ts";
import { policyJson, presentPolicy } from "../../cli/present/policy.ts";
import { styleFor } from "../../cli/style.ts";
import { clearPolicy } from "../../usecases/lifecycle/policy.ts";

export default class PolicyClear extends BaseCommand {
  static override summary = "Have a box as its user and this host have it again";
  static override examples = ["<%= config.bin %> policy clear api"];
  static override args = { name: Args.string({ required: true, description: "Name of the box" }) };

  async run() {
    const { args, flags } = await this.parse(PolicyClear);
    const result = clearPolicy(await this.deps(flags), { name: args.name });
    this.print(presentPolicy(styleFor(process.stdout), result, "clear"));
    return policyJson(result);
  }
}
