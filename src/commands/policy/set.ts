import * as Args from "@oclif/core/args";
import * as Flags from "@oclif/core/flags";
import { BaseCommand } from "../../cli/base-command.ts";
import { policyJson, presentPolicy } from "../../cli/present/policy.ts";
import { styleFor } from "../../cli/style.ts";
import { setPolicy } from "../../usecases/lifecycle/policy.ts";

export default class PolicySet extends BaseCommand {
  static override summary = "Choose how long a box may be unused";
  static override description =
    "Within lifecycle.bounds of this host's configuration. What is left out stays as it was.";
  static override examples = [
    "<%= config.bin %> policy set api --stop-after 3d --destroy-after 30d",
    "<%= config.bin %> policy set api --stop-after default",
  ];
  static override args = { name: Args.string({ required: true, description: "Name of the box" }) };
  static override flags = {
    "stop-after": Flags.string({
      summary: "It is stopped after so long without use; never; default: as this host has it",
      helpValue: "SPAN",
    }),
    "destroy-after": Flags.string({
      summary: "It is destroyed when it was stopped for so long; never; default",
      helpValue: "SPAN",
    }),
  };

  async run() {
    const { args, flags } = await this.parse(PolicySet);
    const { "stop-after": stopAfter, "destroy-after": destroyAfter } = flags;
    const result = setPolicy(await this.deps(flags), { name: args.name, stopAfter, destroyAfter });
    this.print(presentPolicy(styleFor(process.stdout), result, "set"));
    return policyJson(result);
  }
}
