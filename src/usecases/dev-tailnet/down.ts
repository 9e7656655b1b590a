import { DevboxError } from "../../core/errors.ts";
import type { Ledger } from "../../ports/ledger.ts";
import type { DevTailnetDeps } from "./deps.ts";

/** What the program's ledger knows of this tailnet. */
interface Remembered {
  readonly ledger: Pick<Ledger, "devices" | "dropDevice">;
  /** The control plane as the ledger calls it. */
  readonly control: string;
}

export interface DevDownInput {
  /** Removes what it has. Those who remember its devices forget them: nobody is left to prove that they are gone. */
  readonly purge?: { readonly remembered: Remembered | undefined } | undefined;
}

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
  { purge }: DevDownInput,
): Promise<DevDownResult> {
  return tailnet.alone(async () => {
    const stopped = tailnet.state() === "running";
    if (stopped) progress.begin("headscale stopped");
    await tailnet.stop();
    if (stopped) progress.done();
    if (purge === undefined) return { stopped, purged: false };
    // In this order: killed in between, the next purge knows what the ledger has to forget, as the file is still there.
    if (purge.remembered) forget(purge.remembered);
    tailnet.purge();
    return { stopped, purged: true };
  });
}

function forget({ ledger, control }: Remembered): void {
  for (const device of ledger.devices()) if (device.control === control) ledger.dropDevice(device.id);
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
