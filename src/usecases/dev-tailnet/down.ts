import { DevboxError } from "../../core/errors.ts";
import type { DevTailnetDeps } from "./deps.ts";

export interface DevDownResult {
  /** Whether headscale ran. */
  readonly stopped: boolean;
  /** Whether its data were removed. */
  readonly purged: boolean;
}

/**
 * Ends headscale and this machine's clients. What they know is kept, unless it is to be purged: users, keys, devices.
 * @throws {DevboxError} TAILNET_FAILED when a process does not end, BUSY, STATE_UNWRITABLE
 */
export async function devTailnetDown(
  { tailnet, progress }: Pick<DevTailnetDeps, "tailnet" | "progress">,
  { purge }: { readonly purge: boolean },
): Promise<DevDownResult> {
  return tailnet.alone(async () => {
    const stopped = tailnet.state() === "running";
    if (stopped) progress.begin("headscale stopped");
    await tailnet.stop();
    if (stopped) progress.done();
    if (purge) tailnet.purge();
    return { stopped, purged: purge };
  });
}

/** The devices of boxes that a purge would leave without a control plane; undefined when nobody can be asked. */
export async function devicesAtStake({ tailnet }: Pick<DevTailnetDeps, "tailnet">): Promise<string[] | undefined> {
  try {
    const record = tailnet.record();
    if (record === undefined) return [];
    if (tailnet.state() !== "running") return undefined;
    const nodes = await tailnet.control(record).nodes();
    return nodes.filter(({ tags }) => tags.length > 0).map(({ name }) => name);
  } catch (error) {
    if (error instanceof DevboxError) return undefined;
    throw error;
  }
}
