import type { Caller } from "../../core/caller.ts";
import { DevboxError } from "../../core/errors.ts";
import type { Clock } from "../../ports/clock.ts";
import type { DevTailnet, TailnetTools } from "../../ports/dev-tailnet.ts";
import type { Progress } from "../../ports/progress.ts";

/** What the commands of a tailnet of one's own are given. */
export interface DevTailnetDeps {
  readonly tailnet: DevTailnet;
  readonly clock: Clock;
  readonly caller: Caller;
  readonly progress: Progress;
  readonly interrupt: AbortSignal;
}

/** The programs that it takes; made when they are not here, which is shown. @throws {DevboxError} TAILNET_NOT_SET_UP, INTERRUPTED */
export async function toolsFor({ tailnet, progress, interrupt }: DevTailnetDeps): Promise<TailnetTools> {
  const said: string[] = [];
  try {
    const tools = await tailnet.tools((line) => {
      if (said.length === 0) progress.begin("headscale and a client made (minutes, once)");
      said.push(line);
      progress.begin(line);
    });
    if (said.length > 0) progress.done();
    return tools;
  } catch (error) {
    if (!interrupt.aborted) throw error;
    throw new DevboxError("INTERRUPTED", "interrupted.", { why: "Nothing was started.", cause: error });
  }
}
