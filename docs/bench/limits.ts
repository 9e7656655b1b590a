/**
 * Lets many processes create boxes at once against limits, many times, and counts afterwards what there is.
 * Usage: node docs/bench/limits.ts [--runs 20] [--parts A,B] [--out FILE]
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { text } from "node:stream/consumers";
import { parseArgs } from "node:util";
import { DatabaseSync } from "node:sqlite";
import { LABEL } from "../../src/core/labels.ts";
import { freshFacts } from "../../src/usecases/engine-facts.ts";
import { testCli } from "../../test/support/cli.ts";
import { testName } from "../../test/support/ids.ts";
import { testImage } from "../../test/support/image.ts";
import { benchEnv, podmanOk } from "../../test/support/podman.ts";
import { onBench, realDeps, removeNamespace, say } from "./lib/bed.ts";
import { machineTable } from "./lib/machine.ts";
import type { Orders, Outcome } from "./lib/rivals.ts";
import { markdownTable, publish } from "./lib/table.ts";

const GLOBAL = 7;
const PER_USER = 5;
const CREATES = 60;
const PROCESSES = 12;
/** Whose creates they are: alice wants most, so that both limits are met. */
const USERS = ["alice", "alice", "bob", "alice", "carol"];
/** A create is waited for as long as sixty of them may take on a slow machine. */
const PATIENCE = 600_000;

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "20" },
    parts: { type: "string", default: "A,B" },
    out: { type: "string" },
  },
});

/** What there was after (and at most during) one repetition. */
interface Count {
  readonly made: number;
  readonly perUser: number;
  readonly global: number;
  readonly other: readonly string[];
  readonly mostAtOnce: number;
  readonly mostOfOne: number;
  readonly rows: number;
  /** Unfinished operations and leases. */
  readonly open: number;
  readonly containers: number;
  readonly volumes: number;
  readonly seconds: number;
}

const configFor = (namespace: string, image: string): Record<string, unknown> => ({
  image,
  engine: { namespace, timeout: 300 },
  // Small boxes and a small reserve: what is to be met here are the counts.
  limits: { global: GLOBAL, perUser: PER_USER, memory: "64MiB", reserve: { memory: "64MiB", disk: "1GiB" } },
});

/** Looks into the ledger all the time, past the program, and remembers the most boxes there ever were. */
function watch(stateDir: string): { stop: () => { all: number; one: number } } {
  const most = { all: 0, one: 0 };
  let db: DatabaseSync | undefined;
  const look = (): void => {
    try {
      db ??= new DatabaseSync(path.join(stateDir, "ledger.db"), { readOnly: true });
      const rows = db.prepare("SELECT count(*) AS n FROM boxes GROUP BY owner").all();
      const counts = rows.map((row) => Number(row.n));
      most.all = Math.max(most.all, counts.reduce((sum, n) => sum + n, 0)); // prettier-ignore
      most.one = Math.max(most.one, ...counts);
    } catch {
      // Not made yet, or held for a moment.
    }
  };
  const timer = setInterval(look, 5);
  return {
    stop: () => {
      clearInterval(timer);
      look();
      db?.close();
      db = undefined;
      return most;
    },
  };
}

/** Rows of the ledger, and containers and volumes in Podman. */
async function left(
  stateDir: string,
  namespace: string,
): Promise<Pick<Count, "rows" | "open" | "containers" | "volumes">> {
  const db = new DatabaseSync(path.join(stateDir, "ledger.db"));
  const rows = (table: string): number => Number(db.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n);
  const counted = { rows: rows("boxes"), open: rows("operations") + rows("leases") };
  db.close();
  const filter = ["--filter", `label=${LABEL.namespace}=${namespace}`, "--quiet"];
  const lines = (out: string): number => out.split("\n").filter((line) => line !== "").length;
  const containers = lines(await podmanOk(["ps", "--all", ...filter]));
  return { ...counted, containers, volumes: lines(await podmanOk(["volume", "ls", ...filter])) };
}

/** Sixty processes of the program, all of one user. */
async function oneUser(
  image: string,
  count: (stateDir: string, namespace: string, act: Act) => Promise<Count>,
): Promise<Count> {
  const namespace = testName("lim");
  await using cli = await testCli({ config: configFor(namespace, image) });
  return await count(cli.stateDir, namespace, () =>
    Promise.all(
      Array.from({ length: CREATES }, async (_, i): Promise<Outcome> => {
        const args = ["create", `rival-${String(i)}`, "--additional", "--json"];
        const { stdout, exitCode } = await cli.run(args, { timeout: PATIENCE });
        const { error } = JSON.parse(stdout) as { error?: { code: string; message: string } };
        return { user: "one", exitCode, code: error?.code ?? "", message: error?.message ?? "" };
      }),
    ),
  );
}

/** Twelve processes that begin five creates each in one instant, for three users. */
async function threeUsers(
  image: string,
  count: (stateDir: string, namespace: string, act: Act) => Promise<Count>,
): Promise<Count> {
  const namespace = testName("lim");
  const stateDir = await mkdtemp(path.join(tmpdir(), "dbxtest-state-"));
  const config = configFor(namespace, image);
  try {
    // Asked once before, or sixty creates would each begin by asking Podman what it can do.
    const deps = realDeps({ stateDir, config });
    await freshFacts(deps);
    deps.ledger.close();
    const start = (p: number): ReturnType<typeof rival> => {
      const creates = USERS.map((user, i) => ({ user, name: `${user}-${String(p)}-${String(i)}` }));
      return rival({ stateDir, config, creates });
    };
    const rivals = await Promise.all(Array.from({ length: PROCESSES }, (_, p) => start(p)));
    return await count(stateDir, namespace, async () => {
      const outcomes = await Promise.all(rivals.map((go) => go()));
      return outcomes.flat();
    });
  } finally {
    await rm(stateDir, { recursive: true, force: true });
  }
}

/** Starts a process that waits; what comes back lets it go and gives what became of its creates. */
async function rival(orders: Orders): Promise<() => Promise<Outcome[]>> {
  const script = path.join(import.meta.dirname, "lib/rivals.ts");
  const argv = [script, JSON.stringify(orders)];
  const child = spawn(process.execPath, argv, { env: benchEnv(), stdio: ["pipe", "pipe", "inherit"] });
  await once(child.stdout, "readable");
  return async () => {
    child.stdin.end("go\n");
    const [, last = ""] = (await text(child.stdout)).trim().split("\n");
    return JSON.parse(last) as Outcome[];
  };
}

type Act = () => Promise<Outcome[]>;

async function counted(stateDir: string, namespace: string, act: Act): Promise<Count> {
  const watcher = watch(stateDir);
  const since = performance.now();
  try {
    const outcomes = await act();
    const seconds = (performance.now() - since) / 1000;
    const most = watcher.stop();
    const losers = outcomes.filter((outcome) => outcome.exitCode !== 0);
    const refused = losers.filter(({ exitCode, message }) => exitCode === 6 && message.trim().endsWith("."));
    const withCode = (code: string): number => refused.filter((loser) => loser.code === code).length;
    return {
      made: outcomes.length - losers.length,
      perUser: withCode("LIMIT_PER_USER"),
      global: withCode("LIMIT_GLOBAL"),
      other: losers.filter((loser) => !loser.code.startsWith("LIMIT_") || !refused.includes(loser)).map((loser) => `${loser.code} (exit ${String(loser.exitCode)}): ${loser.message}`), // prettier-ignore
      mostAtOnce: most.all,
      mostOfOne: most.one,
      ...(await left(stateDir, namespace)),
      seconds,
    };
  } catch (error) {
    watcher.stop();
    throw error;
  } finally {
    await removeNamespace(namespace);
  }
}

/** Whether a repetition kept what is promised; `wanted` is how many boxes there must be in the end. */
function isKept(count: Count, wanted: number): boolean {
  const within = count.mostAtOnce <= GLOBAL && count.mostOfOne <= PER_USER;
  const losers = count.made === wanted && count.perUser + count.global === CREATES - wanted;
  return (
    within &&
    losers &&
    count.rows === wanted &&
    count.open === 0 &&
    count.containers === wanted &&
    count.volumes === 2 * wanted
  );
}

async function part(
  title: string,
  wanted: number,
  interrupt: AbortSignal,
  once: () => Promise<Count>,
): Promise<string> {
  const counts: Count[] = [];
  for (let run = 1; run <= Number(values.runs); run++) {
    interrupt.throwIfAborted();
    const count = await once();
    counts.push(count);
    say(`${title}, ${String(run)} of ${values.runs}: ${isKept(count, wanted) ? "kept" : JSON.stringify(count)}`);
  }
  const heading = [
    "run",
    "boxes made",
    "LIMIT_PER_USER",
    "LIMIT_GLOBAL",
    "other errors",
    "most at once",
    "most of one user",
    "ledger rows",
    "open operations, leases",
    "containers",
    "volumes",
    "seconds",
    "",
  ];
  const rows = counts.map((c, i) => [
    ...[
      i + 1,
      c.made,
      c.perUser,
      c.global,
      c.other.length,
      c.mostAtOnce,
      c.mostOfOne,
      c.rows,
      c.open,
      c.containers,
      c.volumes,
    ].map(String),
    c.seconds.toFixed(1),
    isKept(c, wanted) ? "kept" : "**broken**",
  ]);
  const kept = counts.filter((count) => isKept(count, wanted)).length;
  const others = [...new Set(counts.flatMap((count) => count.other))].map((line) => `\n- ${line}`).join("");
  if (kept < counts.length) process.exitCode = 1;
  return `## ${title}\n\nKept in ${String(kept)} of ${String(counts.length)} repetitions.\n\n${markdownTable(heading, rows)}\n${others}`;
}

const NOTES = `## What is done

The limits are ${String(GLOBAL)} boxes on the host and ${String(PER_USER)} of one user; ${String(CREATES)} creates want one each, all with names of their own. Every
repetition begins with no ledger at all, so that making it is part of the race.

- **A**: ${String(CREATES)} processes of the built program, all of one user, started at once; how many really run at the same moment is
  up to the operating system. The boxes are started. There must be ${String(PER_USER)} in the end.
- **B**: ${String(PROCESSES)} processes that compose the use case \`create\` with the real ledger and the real Podman. They load everything,
  wait for a word, and then begin five creates each in the same instant, for the users ${[...new Set(USERS)].join(", ")}. (In personal mode the
  user of a process is its Unix user, and each has a ledger of their own; many users on one ledger are what a team's
  host has.) The boxes are created and not started. There must be ${String(GLOBAL)} in the end.

"Most at once" and "most of one user" come from looking into the ledger every five milliseconds during the race, past
the program. Rows, containers and volumes are counted after it. A repetition is kept when no limit was ever exceeded,
every loser ended with exit code 6 and a sentence (LIMIT_PER_USER or LIMIT_GLOBAL), and nothing of a loser was left.
`;

await onBench(async (interrupt) => {
  const machine = await machineTable();
  const image = await testImage();
  const wanted = values.parts.split(",");
  const parts: string[] = [];
  if (wanted.includes("A")) {
    parts.push(await part("A: sixty processes of one user", PER_USER, interrupt, () => oneUser(image, counted)));
  }
  if (wanted.includes("B")) {
    parts.push(await part("B: twelve processes for three users", GLOBAL, interrupt, () => threeUsers(image, counted)));
  }
  const page = `# Limits under a race\n\nMade by \`node docs/bench/limits.ts\`; do not edit.\n\n${machine}\n`;
  await publish([page, ...parts, NOTES].join("\n"), "limits", values.out);
});
