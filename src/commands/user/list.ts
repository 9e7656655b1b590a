import { presentUsers, usersJson } from "../../cli/present/users.ts";
import { styleFor } from "../../cli/style.ts";
import { UserCommand } from "../../cli/user-command.ts";
import { listUsers } from "../../usecases/users/list.ts";

export default class UserList extends UserCommand {
  static override summary = "List who may use this host's boxes, and by what they come";
  static override description =
    "For administrators. Whoever has a key or a box here is listed too, although the configuration does not name them.";
  static override examples = ["<%= config.bin %> user list"];

  async run() {
    const { flags } = await this.parse(UserList);
    const users = listUsers(await this.userDeps(flags));
    this.print(presentUsers(styleFor(process.stdout), users));
    return usersJson(users);
  }
}
