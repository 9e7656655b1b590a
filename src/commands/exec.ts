import * as Args from "@oclif/core/args";
import * as Flags from "@oclif/core/flags";
import { BaseCommand } from "../cli/base-command.ts";
import { splitCommand, terminalEnvironment } from "../cli/command-line.ts";
import { DevboxError } from "../core/errors.ts";
import { brokenNameRule } from "../core/name.ts";
import { session } from "../usecases/session.ts";

export default class Exec extends BaseCommand {
  static override summary = "Run a command in a box";
  static override description =
    "It runs as dev in /home/dev/workspace, with your standard input, output and error, and its exit code is yours. No shell comes between: quote as for exec.";
  static override examples = [
    "<%= config.bin %> exec api -- make test",
    "cat data.sql | <%= config.bin %> exec api -- psql",
    "<%= config.bin %> exec --tty api -- htop",
  ];
  static override enableJsonFlag = false;
  static override usage = "exec NAME [--tty] -- COMMAND…";
  static override args = { name: Args.string({ required: true, description: "Name of the box" }) };
  static override flags = { tty: Flags.boolean({ char: "t", summary: "Give the command a terminal" }) };

  async run(): Promise<void> {
    const { own, command } = splitCommand(this.argv);
    const { args, flags } = await this.parse(Exec, own);
    if (command === undefined || command.length === 0) {
      const name = brokenNameRule(args.name) === undefined ? args.name : "NAME";
      throw new DevboxError("USAGE", "exec needs a command.", {
        next: [`For example: devbox-ctl exec ${name} -- ls -l`, `For a shell: devbox-ctl ssh ${name}`],
      });
    }
    const deps = await this.deps({ ...flags, quiet: true });
    const env = terminalEnvironment(flags.tty);
    process.exitCode = await session(deps, { name: args.name, command, tty: flags.tty, env, by: "exec" });
  }
}
