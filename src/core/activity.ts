import * as z from "zod";
import { clipped, printable } from "./text.ts";
import type { Millis } from "./time.ts";

/** Longest answer that is read, in characters; the probe's own bounds keep it far below. */
export const ACTIVITY_LIMIT = 1_000_000;

/** Most entries that are kept of a list, and most characters of a text. */
const MOST = 500;
const TEXT_LIMIT = 300;
/** How far a fact may lie after the probe's own clock: files have whole seconds, and clocks step. */
const TOLERANCE = 2000;
/** The last second of the year 9999. */
const LAST_SECOND = 253_402_300_799;

const text = z.string().transform((raw) => printable(raw.slice(0, TEXT_LIMIT)).toWellFormed());
const moment = z
  .number()
  .min(0)
  .max(LAST_SECOND)
  .transform((seconds): Millis => Math.round(seconds * 1000));
const amount = z.number().min(0).max(Number.MAX_SAFE_INTEGER);
const count = z.int().min(0);

/** Null means unknown, or never; so does a value that makes no sense. */
const maybe = <T extends z.ZodType>(schema: T) => schema.nullable().catch(null);

/** What stands for a process of the box and all below it. */
const processFacts = {
  pid: count,
  since: maybe(moment),
  tty: maybe(text),
  /** When a program last read what was typed on its terminals; 8 s precise. */
  lastInput: maybe(moment),
  lastOutput: maybe(moment),
  cpuSeconds: maybe(amount),
  processes: maybe(count),
  command: maybe(text),
};

const processSession = z.object({
  kind: z.enum(["tailscale-ssh", "exec", "forward", "zed"]),
  ...processFacts,
  id: maybe(text),
  remoteUser: maybe(text),
  bytesIn: maybe(amount),
  bytesOut: maybe(amount),
});

const connection = z.object({
  kind: z.enum(["code-server", "syncthing", "syncthing-gui", "tcp"]),
  port: count,
  /** The same as long as the connection lasts. */
  id: text,
  from: maybe(z.enum(["root", "dev", "outside", "other"])),
  bytesIn: maybe(amount),
  bytesOut: maybe(amount),
  lastIn: maybe(moment),
  lastOut: maybe(moment),
});

const agent = z.object({
  name: text,
  listedBy: maybe(z.enum(["image", "user"])),
  inside: maybe(z.enum(["tmux", "screen"])),
  detached: z.boolean(),
  ...processFacts,
});

const detached = z.object({
  kind: z.enum(["tmux", "screen", "zed-server"]),
  panes: maybe(count),
  clients: maybe(count),
  ...processFacts,
});

const workspace = z.object({
  lastChange: maybe(moment),
  path: maybe(text),
  entries: count,
  complete: z.boolean(),
  future: maybe(z.object({ count, latest: maybe(moment) })),
});

const group = z.object({
  group: count,
  command: maybe(text),
  since: maybe(moment),
  processes: count,
  cpuSeconds: amount,
});
const hold = z.object({ path: text, since: maybe(moment), until: maybe(moment), future: z.boolean() });
const terminals = z.object({ open: count, lastInput: maybe(moment), lastOutput: maybe(moment) });
const cpu = z.object({ seconds: amount, source: text, processes: count, groups: z.unknown() });

type ProcessSession = z.output<typeof processSession>;
type Connection = z.output<typeof connection>;

/** What the probe in a box says (docs/activity-probe.md). Times in milliseconds since 1970. */
export interface Activity {
  readonly now: Millis;
  /** Of the box. */
  readonly uptimeSeconds: number | null;
  /** Another one after each start of the box; comparing figures of two probes makes sense only where it is the same. */
  readonly instance: string | null;
  readonly sessions: readonly ProcessSession[];
  readonly connections: readonly Connection[];
  readonly terminals: z.output<typeof terminals> | null;
  readonly workspace: z.output<typeof workspace> | null;
  readonly cpu: (Omit<z.output<typeof cpu>, "groups"> & { readonly groups: readonly z.output<typeof group>[] }) | null;
  readonly agents: readonly z.output<typeof agent>[];
  readonly detached: readonly z.output<typeof detached>[];
  readonly holds: readonly z.output<typeof hold>[];
  readonly codeServerHeartbeat: Millis | null;
  /** What the probe could not read, and what of its answer could not be understood. Not empty: absence proves nothing. */
  readonly unreadable: readonly string[];
}

/** Takes times away that lie after the probe's own clock; `until` is meant to. */
function withoutFuture<T>(value: T, now: Millis): T {
  if (Array.isArray(value)) return value.map((item: unknown) => withoutFuture(item, now)) as T;
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, held]: [string, unknown]) => {
    const isPast = /^(?:since|last[A-Z]\w*)$/.test(key);
    return [key, isPast && typeof held === "number" && held > now + TOLERANCE ? null : held];
  });
  return Object.fromEntries(entries) as T;
}

/** Reads parts one by one, so that one that makes no sense costs nothing else. */
class Parts {
  readonly unreadable: string[] = [];
  readonly #answer: Readonly<Record<string, unknown>>;
  readonly #now: Millis;

  constructor(answer: Readonly<Record<string, unknown>>, now: Millis) {
    this.#answer = answer;
    this.#now = now;
  }

  one<T>(name: string, schema: z.ZodType<T>): T | null {
    const { success, data } = schema.safeParse(this.#answer[name]);
    if (!success) this.unreadable.push(`${name}: the probe's answer was not understood`);
    return success ? withoutFuture(data, this.#now) : null;
  }

  /** The entries of a list that make sense; of `sessions` those that `isMeant` chooses. */
  many<T>(name: string, schema: z.ZodType<T>, list = this.#answer[name], isMeant?: (item: unknown) => boolean): T[] {
    if (!Array.isArray(list)) {
      this.unreadable.push(`${name}: the probe's answer was not understood`);
      return [];
    }
    const items = isMeant === undefined ? list : list.filter(isMeant);
    const read: T[] = [];
    for (const item of items.slice(0, MOST)) {
      const { success, data } = schema.safeParse(item);
      if (success) read.push(withoutFuture(data, this.#now));
    }
    if (read.length < items.length)
      this.unreadable.push(`${name}: ${items.length - read.length} entries were not understood`);
    return read;
  }
}

const isConnection = (item: unknown): boolean => typeof item === "object" && item !== null && "port" in item;

/**
 * Reads what `activity` printed. Tolerant: unknown fields are left out, and a part that is missing or makes no sense
 * is named in `unreadable`. Texts are safe to print, lists and numbers are bounded, facts do not lie in the future.
 * @returns undefined when it is no answer at all: then nothing is known about the box
 */
export function parseActivity(raw: string): Activity | undefined {
  const answer = raw.length > ACTIVITY_LIMIT ? undefined : json(raw);
  const head = z
    .object({ version: z.int().min(1), now: moment })
    .loose()
    .safeParse(answer);
  if (!head.success) return undefined;
  const { now } = head.data;
  const parts = new Parts(head.data, now);
  const box = parts.one("box", z.object({ uptime: maybe(amount), instance: maybe(text) }));
  const cpuFacts = parts.one("cpu", cpu);
  const activity = {
    now,
    uptimeSeconds: box?.uptime ?? null,
    instance: box?.instance ?? null,
    sessions: parts.many("sessions", processSession, head.data.sessions, (item) => !isConnection(item)),
    connections: parts.many("sessions", connection, head.data.sessions, isConnection),
    terminals: parts.one("terminals", terminals),
    workspace: parts.one("workspace", workspace.nullable()),
    cpu: cpuFacts && { ...cpuFacts, groups: parts.many("cpu", group, cpuFacts.groups) },
    agents: parts.many("agents", agent),
    detached: parts.many("detached", detached),
    holds: parts.many("holds", hold),
    codeServerHeartbeat: parts.one("codeServer", z.object({ lastBeat: maybe(moment) }))?.lastBeat ?? null,
  };
  const said = parts.many("unreadable", text);
  return { ...activity, unreadable: [...new Set([...said, ...parts.unreadable])] };
}

/** Why {@link parseActivity} could not read an answer, in a person's words. */
export function unreadableAnswer(raw: string): string {
  if (raw.trim() === "") return "its activity probe says nothing";
  if (raw.length > ACTIVITY_LIMIT) return "its activity probe says too much";
  const answer = z.looseObject({ version: z.unknown() }).safeParse(json(raw));
  if (!answer.success) return `what its activity probe says cannot be read: ${clipped(raw)}`;
  const { version } = answer.data;
  const isKnown = z.int().min(1).safeParse(version).success;
  const what = version === undefined ? "no version" : `version ${clipped(JSON.stringify(version))}`;
  return isKnown
    ? "its activity probe does not say what time it is there"
    : `its activity probe speaks ${what}, which this program does not know`;
}

function json(raw: string): unknown {
  try {
    return JSON.parse(raw);
  } catch {
    return undefined;
  }
}
