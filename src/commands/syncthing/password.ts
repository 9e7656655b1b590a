import * as Args from "@oclif/core/args";
import { BaseCommand } from "../../cli/base-command.ts";
import { SYNC_GUI } from "../../core/syncthing.ts";
import { printable } from "../../core/text.ts";
import { resetSyncthingPassword } from "../../usecases/syncthing/pair.ts";

export default class SyncthingPassword extends BaseCommand {
  static override summary = "Give Syncthing's interface in a box a new password, and show it";
  static override examples = ["<%= config.bin %> syncthing password api"];
  static override args = {
    name: Args.string({ required: true, description: "Name of the box" }),
  };

  async run() {
    const { args, flags } = await this.parse(SyncthingPassword);
    const { name, password } = await resetSyncthingPassword(await this.deps(flags), { name: args.name });
    this.print(`  user ${SYNC_GUI.user}, password ${printable(password)}`);
    return { name, user: SYNC_GUI.user, password };
  }
}
