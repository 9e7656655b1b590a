import { printable } from "./text.ts";

export const SERVICE_STATES = ["ready", "starting", "failing", "stopped", "absent"] as const;

/**
 * `ready`: up and answering. `starting`: not answering yet. `failing`: it keeps dying. `stopped`: it is not meant to
 * run. `absent`: the image does not have it.
 */
type ServiceState = (typeof SERVICE_STATES)[number];

/** How a service of a box is, as the image's program `services list` says (docs/image-contract.md). */
export interface BoxService {
  readonly name: string;
  readonly state: ServiceState;
  /** Seconds since it was started last. */
  readonly upSeconds: number | undefined;
  /** How often it died since the box was started, as far as is known. */
  readonly restarts: number;
  /** How it ended last: `exit 1`, `signal KILL`. */
  readonly lastExit: string | undefined;
  /** What it said last, when it is not ready; at most five lines. */
  readonly lines: readonly string[];
}

/** Bounds of what a box may say; its root could say anything. */
const MOST = { services: 50, lines: 5, characters: 300 };

/** The answer of `services list`, or undefined when it is none: the box is hostile as far as this program goes. */
export function readServices(stdout: string): readonly BoxService[] | undefined {
  const answer = parse(stdout);
  const services = isObject(answer) ? answer.services : undefined;
  if (!Array.isArray(services)) return undefined;
  return services.slice(0, MOST.services).flatMap((value: unknown) => {
    const service = isObject(value) ? readService(value) : undefined;
    return service === undefined ? [] : [service];
  });
}

function readService(value: Readonly<Record<string, unknown>>): BoxService | undefined {
  const state = SERVICE_STATES.find((known) => known === value.state);
  if (state === undefined || typeof value.name !== "string" || !/^[a-z][a-z0-9-]{0,62}$/.test(value.name)) {
    return undefined;
  }
  const lines = Array.isArray(value.lines) ? value.lines.filter((line) => typeof line === "string") : [];
  return {
    name: value.name,
    state,
    upSeconds: natural(value.upSeconds),
    restarts: natural(value.restarts) ?? 0,
    lastExit: typeof value.lastExit === "string" ? shown(value.lastExit) : undefined,
    lines: lines.slice(-MOST.lines).map((line) => shown(line)),
  };
}

function natural(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

function shown(text: string): string {
  return printable(text.slice(0, MOST.characters));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
