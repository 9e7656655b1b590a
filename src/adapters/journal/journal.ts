import type { Level, Logger } from "pino";
import { iso } from "../../core/time.ts";
import type { JournalEnd, JournalEntry, SystemJournal } from "../../ports/system-journal.ts";
import { send } from "./run.ts";

/** Under which name the lines are found: `journalctl -t devbox-ctl`. */
const IDENTIFIER = "devbox-ctl";

/** sd-daemon(3): the number with which a line begins is its priority. */
const PRIORITY: Partial<Record<Level, number>> = { info: 6, warn: 4 };

/** What the journal wants to know before the first line: identifier, unit, priority, whether lines begin with theirs, and
 * that nothing is to be passed on to syslog, the kernel's log and the console. */
const HEADER = [IDENTIFIER, "", "6", "1", "0", "0", "0"].map((line) => `${line}\n`).join("");

/**
 * The journal of systemd, one line of JSON a record.
 * @param deliver hands text over; for tests
 */
export function createJournal(deliver: (text: string) => Promise<void> = send): SystemJournal {
  const under: Promise<void>[] = [];
  let log: Promise<Logger> | undefined;
  const write = (entry: JournalEntry | JournalEnd): Promise<void> => {
    log ??= logger((line) => under.push(deliver(line).catch(() => undefined)));
    return log.then((to) => {
      const isFailed = entry.event === "end" && entry.error !== undefined;
      to[isFailed ? "warn" : "info"](entry.event === "begin" ? { ...entry, at: iso(entry.at) } : entry, "audit");
    });
  };
  return {
    write: (entry) => {
      // Loading the logger takes some milliseconds, which the command need not wait for.
      under.push(new Promise((resolve) => setImmediate(resolve)).then(() => write(entry)).catch(() => undefined));
    },
    flush: async () => {
      // What is waited for may bring more of it.
      for (const sent of under) await sent;
    },
  };
}

async function logger(deliver: (line: string) => void): Promise<Logger> {
  const { pino } = await import("pino");
  const options = { base: null, timestamp: false, formatters: { level: (level: string) => ({ level }) } };
  return pino(options, {
    write(line: string) {
      const level = (/^\{"level":"(\w+)"/.exec(line)?.[1] ?? "info") as Level;
      deliver(`${HEADER}<${String(PRIORITY[level] ?? 6)}>${line}`);
    },
  });
}
