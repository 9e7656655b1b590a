import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, expect, it } from "vitest";
import { seeded } from "../fixtures/kill/job.ts";
import { readLedger, readWorld } from "../fixtures/kill/world.ts";
import { testCli, type TestCli } from "../support/cli.ts";
import { testName } from "../support/ids.ts";
import { testImage } from "../support/image.ts";
import { podmanOk, removeTestObjects } from "../support/podman.ts";

// `reap` is killed with SIGKILL at random, again and again, over boxes in all situations: nothing may be lost, and
// what one run leaves the next one takes up. Spans are shortened to seconds.

const MINUTE = 60_000;
const KILLS = 100;
/** Boxes on their way out that there are at any time. */
const AT_ONCE = 4;
/** Milliseconds; a run takes from a fifth of a second to two, and the first 150 are Node's own. */
const LATEST = 1000;

interface Told {
  readonly id: string;
  readonly kind: string;
  readonly box: string;
  readonly at: string;
}

let cli: TestCli;
let namespace: string;
let folder: string;
let session: ChildProcess;

const ok = async (...words: string[]): Promise<string> => {
  const { stdout, stderr, exitCode } = await cli.run(words);
  if (exitCode !== 0) throw new Error(`${words.join(" ")}: exit ${String(exitCode)}: ${stdout}${stderr}`);
  return stdout;
};
const exec = (name: string, script: string): Promise<string> => ok("exec", name, "--", "sh", "-c", script);

/** All that the command channel was given; a try that was killed is there twice. */
const told = (): Told[] =>
  readdirSync(folder)
    .map((file) => readFileSync(path.join(folder, file), "utf8"))
    .filter((text) => text.endsWith("}\n") || text.endsWith("}"))
    .map((text) => JSON.parse(text) as Told);

const world = () => readWorld(namespace, cli.stateDir, undefined);
const rows = () => new Set(readLedger(cli.stateDir).rows.map(({ name }) => name));

/** What a run was delivering when it was killed is tried again after five minutes: lets those pass. */
function passPauses(): void {
  const ledger = new DatabaseSync(path.join(cli.stateDir, "ledger.db"));
  ledger.exec("PRAGMA busy_timeout = 5000");
  ledger.exec("UPDATE deliveries SET tried_at = tried_at - 3600000 WHERE delivered_at IS NULL");
  ledger.close();
}

/** Starts the real program, and does not wait for it. */
function started(...words: string[]): ChildProcess {
  const [program] = cli.argv;
  return spawn(program ?? "", words, { env: cli.env, cwd: cli.home, stdio: "ignore" });
}

/** Starts it, and kills it after a while: itself alone, never the Podman that it called. */
async function reapKilled(after: number): Promise<boolean> {
  const child = started("reap");
  const timer = setTimeout(() => child.kill("SIGKILL"), after);
  const signal = await new Promise<NodeJS.Signals | null>((resolve) => child.on("exit", (_, with_) => resolve(with_)));
  clearTimeout(timer);
  return signal === "SIGKILL";
}

beforeAll(async () => {
  namespace = testName("kill");
  const limits = { perUser: 60, global: 60, memory: "128MiB", reserve: { memory: "64MiB", disk: "64MiB" } };
  const spans = { stopAfterIdle: "7s", destroyAfterStopped: "7s", notice: "3s", reminder: "1s", grace: "1s" };
  const bounds = { stopAfterIdle: { min: "1s" }, destroyAfterStopped: { min: "1s" } };
  cli = await testCli();
  folder = path.join(cli.home, "told");
  mkdirSync(folder);
  await cli.writeConfig({
    ...{ image: await testImage(), engine: { namespace }, limits, lifecycle: { ...spans, bounds } },
    notify: [{ type: "command", argv: ["/bin/sh", "-c", `cat >"$(mktemp "${folder}/XXXXXXXX")"`] }],
  });
});

afterAll(async () => {
  session.kill();
  await removeTestObjects();
  await cli.remove();
});

let made = 0;

/** Boxes that nobody uses: running, created only, stopped, and without their container by turns. */
async function doomed(): Promise<string> {
  made += 1;
  const name = `doomed-${String(made)}`;
  const kind = made % 4;
  await ok("create", name, "--yes", ...(kind === 1 ? ["--no-start"] : []));
  if (kind !== 1) await exec(name, `echo ${name} >kept`);
  if (kind === 2) await ok("stop", name);
  if (kind === 3) await podmanOk(["rm", "--force", "--time", "0", `${namespace}-${name}`]);
  return name;
}

it(
  "is killed a hundred times, and loses nothing [X-06] [X-02] [FR-035] [FR-036]",
  async () => {
    await ok("create", "used", "--yes");
    await ok("create", "held", "--yes");
    await ok("hold", "held", "--for", "1h");
    await exec("used", "echo used >kept");
    await exec("held", "echo held >kept");
    session = started("exec", "used", "--", "sleep", "1000");
    const starts = () =>
      podmanOk([
        "inspect",
        "--format",
        "{{.State.StartedAt}}",
        ...["used", "held"].map((name) => `${namespace}-${name}`),
      ]);
    const before = await starts();

    const random = seeded(20_261_122);
    const all: string[] = [];
    let killed = 0;
    for (let runs = 0; killed < KILLS && runs < 3 * KILLS; runs += 1) {
      const there = rows();
      if (all.filter((name) => there.has(name)).length < AT_ONCE) all.push(await doomed());
      // Now and then two at once, of which one lives.
      const second = runs % 10 === 9 ? cli.run(["reap"]) : undefined;
      if (await reapKilled(150 + random() * LATEST)) killed += 1;
      const ran = await second;
      if (ran !== undefined) expect(ran, ran.stdout + ran.stderr).toMatchObject({ exitCode: 0 });
    }
    expect(killed).toBe(KILLS);

    // From here on in peace: the next runs carry on, two at a time.
    const end = Date.now() + 90_000;
    for (let there = rows(); all.some((name) => there.has(name)); there = rows()) {
      if (Date.now() > end) throw new Error(`not destroyed:\n${await ok("reap", "--dry-run")}`);
      passPauses();
      for (const ran of await Promise.all([cli.run(["reap"]), cli.run(["reap"])])) {
        expect(ran, ran.stdout + ran.stderr).toMatchObject({ exitCode: 0 });
      }
    }
    process.stdout.write(`       ${String(all.length)} boxes destroyed under ${String(KILLS)} kills\n`);
    expect(all.length).toBeGreaterThan(5);

    const notices = told();
    const archives = (JSON.parse(await ok("archive", "list", "--json")) as { archives: { box: string; id: string }[] })
      .archives;
    for (const name of all) {
      const kinds = notices.filter(({ box }) => box === name).map(({ kind }) => kind);
      expect(kinds, name).toContain("destroy");
      expect(
        archives.filter(({ box }) => box === name),
        name,
      ).toHaveLength(1);
    }
    await ok("archive", "verify", "--all");
    for (const name of all.slice(0, 3)) {
      await ok("restore", name);
      expect(await exec(name, "cat kept 2>/dev/null || echo none")).toMatch(new RegExp(`^(${name}|none)$`));
      await ok("destroy", name, "--yes");
    }

    // Whoever is in use or held has noticed nothing, and nothing else is left.
    expect(await starts()).toBe(before);
    expect(notices.filter(({ box }) => box === "used" || box === "held")).toEqual([]);
    for (const name of ["used", "held"]) expect(await exec(name, "cat kept")).toBe(name);
    const left = await world();
    expect(left.rows.map(({ name }) => name).sort()).toEqual(["held", "used"]);
    expect(left.containers).toHaveLength(2);
    expect(left.volumes).toHaveLength(4);
    expect({ operations: left.operations, leases: left.leases }).toEqual({ operations: [], leases: [] });
  },
  12 * MINUTE,
);
