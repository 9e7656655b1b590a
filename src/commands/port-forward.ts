import * as Args from "@oclif/core/args";
import { ForwardCommand } from "../cli/forward-command.ts";
import { forward } from "../usecases/forward/forward.ts";
import { portPairs } from "../usecases/forward/ports.ts";

export default class PortForward extends ForwardCommand {
  static override summary = "Reach ports of a box on this machine's 127.0.0.1";
  static override description = [
    "Carries connections to 127.0.0.1:LOCAL of this machine to 127.0.0.1:PORT in the box, until Ctrl-C, which ends it with exit code 0. Without LOCAL it is the same port on both sides; LOCAL 0 takes any that is free.",
    "Only your own programs are let in: other users of this machine are refused. It ends with exit code 5 when the box stops; a restart of the box, or of what listens in it, is outlived.",
    "With --json, one line is printed as soon as it listens.",
  ].join("\n\n");
  static override examples = [
    "<%= config.bin %> port-forward api 3000",
    "<%= config.bin %> port-forward api 8081:8080 5432",
    "<%= config.bin %> port-forward api 0:3000 --json",
  ];
  static override usage = "port-forward NAME [LOCAL:]PORT…";
  static override strict = false;
  static override args = {
    name: Args.string({ required: true, description: "Name of the box" }),
    port: Args.string({ required: true, description: "A port in the box, or LOCAL:PORT; several may be given" }),
  };

  async run(): Promise<void> {
    const { args, argv, flags } = await this.parse(PortForward);
    const [, ...words] = argv.map(String);
    const ports = portPairs(words);
    const deps = await this.forwardDeps(flags);
    await forward(deps, { name: args.name, ports, by: "port-forward", onListening: (now) => this.listening(now) });
  }
}
