import * as Args from "@oclif/core/args";
import * as Flags from "@oclif/core/flags";
import { BaseCommand } from "../cli/base-command.ts";
import { changeJson, presentChange } from "../cli/present/change.ts";
import { hasCode } from "../core/errors.ts";
import type { Deps } from "../usecases/deps.ts";
import { type ChangeResult, start } from "../usecases/start.ts";

export default class Start extends BaseCommand {
  static override summary = "Start a box and wait until it can be used";
  static override examples = ["<%= config.bin %> start api"];
  static override args = { name: Args.string({ required: true, description: "Name of the box" }) };
  static override flags = {
    recreate: Flags.boolean({ summary: "If its container is gone, make it again on the box's home" }),
    yes: Flags.boolean({ char: "y", summary: "Answer every question with yes" }),
  };

  async run() {
    const { args, flags } = await this.parse(Start);
    const deps = await this.deps(flags);
    const result = await this.#start(deps, args.name, flags.recreate || flags.yes);
    this.print(presentChange(result, "running", "started"));
    return changeJson(result, "running");
  }

  /** Offers a person to make a lost container again; scripts are told how by the error. [P-07] */
  async #start(deps: Deps, name: string, recreate: boolean): Promise<ChangeResult> {
    try {
      return await start(deps, { name, recreate });
    } catch (error) {
      if (recreate || !hasCode(error, "CONTAINER_GONE") || !this.interactive()) throw error;
      await this.confirmed(`${error.message}\n  Make it again on its home?`, false);
      return start(deps, { name, recreate: true });
    }
  }
}
