import * as Args from "@oclif/core/args";
import { BaseCommand } from "../cli/base-command.ts";
import { splitCommand, terminalEnvironment } from "../cli/command-line.ts";
import { session } from "../usecases/session.ts";

export default class Ssh extends BaseCommand {
  static override summary = "Open a shell in a box, or run a command with a terminal";
  static override description = "The shell runs as dev in /home/dev/workspace. Its exit code is the command's.";
  static override examples = ["<%= config.bin %> ssh api", "<%= config.bin %> ssh api -- htop"];
  static override enableJsonFlag = false;
  static override usage = "ssh NAME [-- COMMAND…]";
  static override args = { name: Args.string({ required: true, description: "Name of the box" }) };

  async run(): Promise<void> {
    const { own, command } = splitCommand(this.argv);
    const { args, flags } = await this.parse(Ssh, own);
    const deps = await this.deps({ ...flags, quiet: true });
    const tty = process.stdin.isTTY && process.stdout.isTTY;
    const env = terminalEnvironment(tty);
    process.exitCode = await session(deps, { name: args.name, command, tty, env, by: "ssh" });
  }
}
