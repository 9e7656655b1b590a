import { leftConfig } from "../../core/dev-tailnet/trial-config.ts";
import { DevboxError } from "../../core/errors.ts";
import type { Ledger } from "../../ports/ledger.ts";
import type { DevTailnetDeps } from "./deps.ts";

/** What the program's ledger knows of this tailnet. */
interface Remembered {
  readonly ledger: Pick<Ledger, "boxes" | "devices" | "dropDevice">;
  /** The control plane as the ledger calls it. */
  readonly control: string;
  /** How its boxes are found when they are kept apart from the usual ones; undefined when they are among these. */
  readonly apart: { readonly document: unknown; readonly format: (document: unknown) => string } | undefined;
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
  /** Names of the boxes that a purge has left, on no tailnet. */
  readonly boxes: readonly string[];
  /** The configuration file under which they are found; undefined when they are among the usual ones. */
  readonly boxesConfig: string | undefined;
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
    if (purge === undefined) return { stopped, purged: false, boxes: [], boxesConfig: undefined };
    const left = leftBehind(tailnet, purge.remembered);
    // In this order: killed in between, the next purge knows what the ledger has to forget, as the file is still there.
    if (purge.remembered) forget(purge.remembered);
    tailnet.purge();
    return { stopped, purged: true, ...left };
  });
}

/** The boxes that are left. Those that are kept apart get a configuration that outlives the one of the tailnet. */
function leftBehind(
  tailnet: DevTailnetDeps["tailnet"],
  remembered: Remembered | undefined,
): Pick<DevDownResult, "boxes" | "boxesConfig"> {
  if (remembered === undefined) return { boxes: [], boxesConfig: undefined };
  const { ledger, control, apart } = remembered;
  const joined = new Set(ledger.devices().flatMap((device) => (device.control === control ? [device.boxId] : [])));
  const left = ledger.boxes().filter(({ id }) => apart !== undefined || joined.has(id));
  const boxes = left.map(({ name }) => name);
  if (apart === undefined || boxes.length === 0) return { boxes, boxesConfig: undefined };
  const text = apart.format(leftConfig(apart.document));
  tailnet.writeLeftConfig(`# Made by: devbox-ctl tailnet dev down --purge, for the boxes that it left.\n${text}`);
  return { boxes, boxesConfig: tailnet.places.leftConfig };
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
