import * as Args from "@oclif/core/args";
import { removedKeyJson } from "../../cli/present/users.ts";
import { UserCommand } from "../../cli/user-command.ts";
import { removeKey } from "../../usecases/users/keys.ts";

export default class UserRemoveKey extends UserCommand {
  static override summary = "Take an SSH key away from a user";
  static override description =
    "For administrators. Nobody logs in with it any more; connections that are open stay open.";
  static override examples = [
    "<%= config.bin %> user remove-key alice alice@laptop",
    "<%= config.bin %> user remove-key alice SHA256:uQ2g…",
  ];
  static override args = {
    user: Args.string({ required: true, description: "Whose key it is" }),
    key: Args.string({ required: true, description: "Its fingerprint or its comment, see `user show`" }),
  };

  async run() {
    const { args, flags } = await this.parse(UserRemoveKey);
    const removed = removeKey(await this.userDeps(flags), { user: args.user, key: args.key });
    this.print(`  ${removed.fingerprint} is ${args.user}'s no more.`);
    return removedKeyJson(args.user, removed);
  }
}
