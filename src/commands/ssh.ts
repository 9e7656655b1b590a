import * as Args from "@oclif/core/args";
import * as Flags from "@oclif/core/flags";
import { BaseCommand, type BaseFlags } from "../cli/base-command.ts";
import { type Side, sideOfBoundary } from "../cli/boundary/crossing.ts";
import { splitCommand, terminalEnvironment } from "../cli/command-line.ts";
import { authorizedKeys, crossAttached } from "../cli/compose/orchestrator.ts";
import { ownKeyTexts } from "../cli/compose.ts";
import { DevboxError } from "../core/errors.ts";
import { readSshKey, type SshKey, sshKeysIn } from "../core/ssh-key.ts";
import type { Deps } from "../usecases/deps.ts";
import { session } from "../usecases/session.ts";
import { sshStdio } from "../usecases/ssh-stdio.ts";
import { keysOf } from "../usecases/users/keys.ts";

export default class Ssh extends BaseCommand {
  static override summary = "Open a shell in a box, or run a command with a terminal";
  static override description = [
    "The shell runs as dev in /home/dev/workspace. Its exit code is the command's.",
    "With --stdio it speaks SSH on standard input and output, for the ProxyCommand of an SSH client; see: devbox-ctl ssh-config. The keys that may log in are yours: ~/.ssh/*.pub and ~/.ssh/authorized_keys, or those given.",
  ].join("\n\n");
  static override examples = [
    "<%= config.bin %> ssh api",
    "<%= config.bin %> ssh api -- htop",
    "ssh -o ProxyCommand='<%= config.bin %> ssh --stdio %n' dev@api",
  ];
  static override enableJsonFlag = false;
  static override usage = ["ssh NAME [-- COMMAND…]", 'ssh NAME --stdio [--key "TYPE BASE64"]…'];
  static override args = { name: Args.string({ required: true, description: "Name of the box" }) };
  static override flags = {
    stdio: Flags.boolean({ summary: "Speak SSH on standard input and output" }),
    key: Flags.string({
      summary: "With --stdio: a public key that may log in, instead of yours",
      helpValue: "PUBLIC-KEY",
      multiple: true,
      multipleNonGreedy: true,
      dependsOn: ["stdio"],
    }),
  };

  async run(): Promise<void> {
    const { own, command } = splitCommand(this.argv);
    const { args, flags } = await this.parse(Ssh, own);
    if (flags.stdio) {
      if (command !== undefined) throw notBoth();
      process.exitCode = await this.stdio(args.name, flags);
      return;
    }
    const deps = await this.deps({ ...flags, quiet: true });
    const tty = process.stdin.isTTY && process.stdout.isTTY;
    const env = terminalEnvironment(tty);
    process.exitCode = await session(deps, { name: args.name, command, tty, env, by: "ssh" });
  }

  private async stdio(name: string, flags: BaseFlags & { readonly key?: readonly string[] | undefined }) {
    const given = flags.key?.map(readSshKey);
    const side = sideOfBoundary();
    if (side?.side === "caller") {
      // Which keys are the caller's own is read here, with their rights; public keys are all that crosses.
      const keys = given ?? sshKeysIn(ownKeyTexts().join("\n"));
      const words = keys.flatMap(({ type, blob }) => ["--key", `${type} ${blob}`]);
      return crossAttached(side.boundary, ["ssh", name, "--stdio", ...words]);
    }
    const deps = await this.deps({ ...flags, quiet: true });
    return sshStdio(deps, { name, keys: given ?? (await defaultKeys(deps, side)) });
  }
}

/** The keys of one who names none: on a machine of their own those in ~/.ssh, behind a boundary those they come with. */
async function defaultKeys({ config, caller }: Deps, side: Side | undefined): Promise<SshKey[]> {
  if (side === undefined) return sshKeysIn(ownKeyTexts().join("\n"));
  return keysOf({ keys: await authorizedKeys(config) }, caller.user);
}

function notBoth(): DevboxError {
  return new DevboxError("USAGE", "--stdio takes no command.", {
    why: "The SSH client on the other end of the stream says what is to run.",
    next: ["Leave out --stdio, or the command"],
  });
}
