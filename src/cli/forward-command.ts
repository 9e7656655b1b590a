import type { ForwardDeps, Forwards } from "../usecases/forward/forward.ts";
import { BaseCommand, type BaseFlags } from "./base-command.ts";
import { forwarder } from "./compose.ts";
import { forwardsJson, presentForwards } from "./present/forward.ts";
import { styleFor } from "./style.ts";

/** What `port-forward` and `open` share. */
export abstract class ForwardCommand extends BaseCommand {
  protected async forwardDeps(flags: BaseFlags): Promise<ForwardDeps> {
    const [deps, port] = await Promise.all([this.deps(flags), forwarder()]);
    return { ...deps, forwarder: port };
  }

  /** Tells what is listened on while the command goes on; under `--json` in one line, so that a script can read it. */
  protected listening(forwards: Forwards): void {
    if (this.jsonEnabled()) process.stdout.write(`${JSON.stringify(forwardsJson(forwards))}\n`);
    else this.print(presentForwards(styleFor(process.stdout), forwards));
    if (process.stderr.isTTY && !this.jsonEnabled()) process.stderr.write("  Ctrl-C ends it.\n");
  }
}
