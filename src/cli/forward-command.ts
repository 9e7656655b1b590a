import { SSH_CONFIG_THERE } from "../core/ssh-config.ts";
import { DevboxError } from "../core/errors.ts";
import type { ForwardDeps, Forwards } from "../usecases/forward/forward.ts";
import { BaseCommand, type BaseFlags } from "./base-command.ts";
import { forwarder } from "./compose.ts";
import { forwardsJson, presentForwards } from "./present/forward.ts";
import { styleFor } from "./style.ts";

/** What `port-forward` and `open` share. */
export abstract class ForwardCommand extends BaseCommand {
  protected async forwardDeps(flags: BaseFlags): Promise<ForwardDeps> {
    const [deps, port] = await Promise.all([this.deps(flags), forwarder()]);
    // A connection is let in when it comes from a process of the caller's on this machine; they have none here.
    if (deps.caller.uid === undefined) throw notFromHere();
    return { ...deps, forwarder: port };
  }

  /** Tells what is listened on while the command goes on; under `--json` in one line, so that a script can read it. */
  protected listening(forwards: Forwards): void {
    if (this.jsonEnabled()) process.stdout.write(`${JSON.stringify(forwardsJson(forwards))}\n`);
    else this.print(presentForwards(styleFor(process.stdout), forwards));
    if (process.stderr.isTTY && !this.jsonEnabled()) process.stderr.write("  Ctrl-C ends it.\n");
  }
}

function notFromHere(): DevboxError {
  return new DevboxError("NOT_PERMITTED", "ports would be opened on this host, where you have no account.", {
    why: "Your own machine is at the other end of the SSH connection.",
    next: [
      `Make your boxes known to ssh there: ${SSH_CONFIG_THERE}`,
      "Then forward with it: ssh -L 8080:127.0.0.1:8080 dev@NAME.devbox",
    ],
  });
}
