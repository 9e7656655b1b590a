import * as Args from "@oclif/core/args";
import * as Flags from "@oclif/core/flags";
import { clock } from "../../cli/compose.ts";
import { presentRemovedUser, removedUserJson } from "../../cli/present/users.ts";
import { styleFor } from "../../cli/style.ts";
import { UserCommand } from "../../cli/user-command.ts";
import { EXIT } from "../../core/exit-codes.ts";
import { count } from "../../core/text.ts";
import { type BoxPlan, checkRemoval, removeUser } from "../../usecases/users/remove.ts";

/** What happens to the boxes, for the question. */
const PLANS: Readonly<Record<BoxPlan, string>> = {
  destroy: "destroyed with all that is in them",
  archive: "destroyed, their homes archived",
  "keep-homes": "destroyed, their homes kept",
  "hand-over": "handed over",
};

export default class UserRemove extends UserCommand {
  static override summary = "Take away a user's keys, and do with their boxes what you say";
  static override description =
    "For administrators. The keys go first. A box that fails stops nothing: exit code 11, and the same command goes on with what is left. It ends by saying what remains for you to do, such as their entry in the configuration.";
  static override examples = [
    "<%= config.bin %> user remove alice --boxes hand-over --to bob",
    "<%= config.bin %> user remove alice --boxes keep-homes --yes",
  ];
  static override args = { user: Args.string({ required: true, description: "Who goes" }) };
  static override flags = {
    boxes: Flags.option({
      summary: "What becomes of their boxes",
      options: ["destroy", "archive", "keep-homes", "hand-over"] as const,
    })(),
    to: Flags.string({ summary: "With hand-over: who has them from now on", helpValue: "OTHER" }),
    yes: Flags.boolean({ char: "y", summary: "Do not ask" }),
  };

  async run() {
    const { args, flags } = await this.parse(UserRemove);
    const { user } = args;
    const input = { user, boxes: flags.boxes, to: flags.to };
    const deps = await this.userDeps(flags);
    const boxes = checkRemoval(deps, input);
    const plan =
      flags.boxes === undefined ? "" : `, and ${count(boxes.length, "box", "boxes")} will be ${PLANS[flags.boxes]}`;
    await this.confirmed(
      `The keys of ${user} will be taken away${plan}.\n  Type the user's name to go on:`,
      flags.yes,
      user,
    );
    const result = await removeUser(deps, input);
    this.print(presentRemovedUser(styleFor(process.stdout), result, clock.now()));
    if (!result.complete) process.exitCode = EXIT.partial;
    return removedUserJson(result);
  }
}
