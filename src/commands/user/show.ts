import * as Args from "@oclif/core/args";
import { presentUser, userJson } from "../../cli/present/users.ts";
import { styleFor } from "../../cli/style.ts";
import { UserCommand } from "../../cli/user-command.ts";
import { showUser } from "../../usecases/users/list.ts";

export default class UserShow extends UserCommand {
  static override summary = "Show a user: keys, boxes, limit";
  static override description = "You see yourself; administrators see everyone.";
  static override examples = ["<%= config.bin %> user show", "<%= config.bin %> user show alice"];
  static override args = { user: Args.string({ description: "Whom to show; yourself unless told" }) };

  async run() {
    const { args, flags } = await this.parse(UserShow);
    const deps = await this.userDeps(flags);
    const user = showUser(deps, { user: args.user ?? deps.caller.user });
    this.print(presentUser(styleFor(process.stdout), user));
    return userJson(user);
  }
}
