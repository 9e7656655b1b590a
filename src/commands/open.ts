import * as Args from "@oclif/core/args";
import * as Flags from "@oclif/core/flags";
import { ForwardCommand } from "../cli/forward-command.ts";
import { open } from "../usecases/forward/open.ts";
import { portNumber } from "../usecases/forward/ports.ts";

export default class Open extends ForwardCommand {
  static override summary = "Open a box's editor (code-server) in the browser";
  static override description = [
    "Carries connections to 127.0.0.1 of this machine to the box's code-server, and has the desktop show it; without a desktop the address is printed. It runs until Ctrl-C, which ends it with exit code 0.",
    "Only your own programs are let in: other users of this machine are refused, as code-server itself asks for no password unless you set one.",
  ].join("\n\n");
  static override examples = ["<%= config.bin %> open api", "<%= config.bin %> open api --port 8090 --print"];
  static override args = { name: Args.string({ required: true, description: "Name of the box" }) };
  static override flags = {
    port: Flags.string({
      summary: "Port of this machine to listen on (default: 8080, or the next that is free)",
      helpValue: "PORT",
    }),
    print: Flags.boolean({ summary: "Print the address and show no browser" }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Open);
    const port = flags.port === undefined ? undefined : portNumber(flags.port, 0);
    const print = flags.print || this.jsonEnabled();
    const deps = await this.forwardDeps(flags);
    await open(deps, { name: args.name, port, print, onListening: (now) => this.listening(now) });
  }
}
