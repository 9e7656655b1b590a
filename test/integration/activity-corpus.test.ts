import { writeFile } from "node:fs/promises";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPodmanEngine } from "../../src/adapters/podman/engine.ts";
import { openLedger } from "../../src/adapters/sqlite/ledger.ts";
import { systemClock } from "../../src/adapters/system/clock.ts";
import { DEFAULTS } from "../../src/core/config/defaults.ts";
import type { Seen } from "../../src/core/lifecycle/activity.ts";
import { readSample } from "../../src/core/lifecycle/sample.ts";
import { MINUTE, SECOND } from "../../src/core/time.ts";
import { observe, type RunningBox } from "../../src/usecases/lifecycle/observe.ts";
import { findUnpushed } from "../../src/usecases/lifecycle/unpushed.ts";
import { openBrowser } from "../support/browser.ts";
import { testCli, type TestCli } from "../support/cli.ts";
import { startForwarding } from "../support/forward.ts";
import { testName } from "../support/ids.ts";
import { fullImage, testImage } from "../support/image.ts";
import { podman, podmanOk, removeTestObjects } from "../support/podman.ts";
import { sshClient, type SshClient } from "../support/ssh-client.ts";
import { openTerminal, type Terminal } from "../support/tmux.ts";
import { CORPUS } from "../support/workloads.ts";

// Real work in real boxes, and what two looks a minute apart say of it. Spans are shortened, so that a minute shows what
// a day does: an open connection counts for 20 s instead of 12 h, a silent agent for 45 s. With
// DEVBOX_ACTIVITY_TABLE=FILE the table of docs/activity.md is written there.

const WINDOW = 62 * SECOND;
const SETTLED = 20 * SECOND;
const config = {
  ...DEFAULTS,
  lifecycle: {
    ...DEFAULTS.lifecycle,
    activity: { ...DEFAULTS.lifecycle.activity, connection: 20 * SECOND, agent: 45 * SECOND },
  },
};
const namespace = testName("corpus");
let cli: TestCli;
let client: SshClient;
let running: RunningBox[];
let seen: ReadonlyMap<string, Seen>;
let lookedAt = 0;
let tookMs = 0;
const cleanUp: (() => Promise<unknown>)[] = [];

const idOf = (name: string): string => running.find(({ box }) => box.name === name)?.box.id ?? "";
const containerOf = (name: string): string => running.find(({ box }) => box.name === name)?.containerId ?? "";
const ledgerOf = () => openLedger({ stateDir: cli.stateDir, config, isAlive: () => true });
const ledger = () => (opened ??= ledgerOf());
let opened: ReturnType<typeof ledgerOf> | undefined;
const hook = { dir: "/nowhere", program: "/bin/true", blocked: [] };
const deps = () => ({
  ...{ config, clock: systemClock, ledger: ledger(), interrupt: new AbortController().signal },
  engine: createPodmanEngine({ path: "podman", timeout: MINUTE }, { namespace, runtime: null, hook }),
});

/** Does something for each, some at a time: two cores make no more of it. */
async function each<T>(items: readonly T[], act: (item: T) => Promise<unknown>): Promise<void> {
  const queue = [...items];
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) await act(next);
  };
  await Promise.all([work(), work(), work()]);
}

async function look(): Promise<void> {
  const begun = performance.now();
  seen = await observe(deps(), running, { write: true });
  tookMs = performance.now() - begun;
  lookedAt = Date.now();
}

/** A shell by SSH; nothing is typed in it. */
async function openShell(box: string): Promise<Terminal> {
  const terminal = await openTerminal(client.ssh("-tt", `${box}.devbox`), { env: client.env });
  cleanUp.push(() => terminal.kill());
  await terminal.waitFor("workspace");
  return terminal;
}

async function openEditor(): Promise<void> {
  const forwarding = await startForwarding(cli, ["open", "editor", "--print", "--port", "0"]);
  const browser = await openBrowser();
  cleanUp.push(async () => {
    await browser[Symbol.asyncDispose]();
    forwarding.signal("SIGINT");
    await forwarding.exitCode;
  });
  await browser.page.goto(`http://127.0.0.1:${String(forwarding.ports[0])}/`);
  await browser.page.locator(".explorer-folders-view").first().waitFor();
}

/** Syncthing with a folder of a thousand files, and a request to scan it again and again. */
async function scan(): Promise<void> {
  expect(await cli.run(["syncthing", "enable", "syncthing"])).toMatchObject({ exitCode: 0 });
  const script = `cd ~/sync && for i in $(seq 1000); do echo $i >f$i; done
config=$(ls ~/.local/state/syncthing/config.xml ~/.config/syncthing/config.xml 2>/dev/null | head -n 1)
key=$(sed -n 's/.*<apikey>\\(.*\\)<.*/\\1/p' "$config")
while :; do curl -fsS -m 5 -X POST -H "X-API-Key: $key" 'http://127.0.0.1:8384/rest/db/scan?folder=sync' && echo ok >>/tmp/scans; sleep 3; done`;
  await start("syncthing", script);
}

/** As a session that was left: the engine's own client is gone. */
async function start(box: string, script: string): Promise<void> {
  const session = [
    "/usr/libexec/devbox/session",
    "--",
    "setsid",
    "sh",
    "-c",
    `(${script}) >/tmp/out 2>&1 </dev/null &`,
  ];
  await podmanOk(["exec", "--user", "dev", containerOf(box), ...session]);
}

beforeAll(async () => {
  const limits = { perUser: 20, global: 20, memory: "512MiB", reserve: { memory: "64MiB", disk: "64MiB" } };
  const [small, full] = [await testImage(), await fullImage()];
  cli = await testCli({ config: { image: small, limits, engine: { namespace } } });
  client = await sshClient(cli);
  await each(CORPUS, async ({ box, isFull = false }) => {
    const image = isFull ? ["--image", full, "--memory", "2GiB"] : [];
    expect(await cli.run(["create", box, "--additional", ...image]), box).toMatchObject({ exitCode: 0 });
  });
  running = ledger()
    .boxes()
    .map((box) => ({ box, containerId: box.containerId ?? "" }));
  await Promise.all([openEditor(), scan(), openShell("ssh")]);
  const loaded = Date.now();
  const typing = await openShell("typing");
  await each(CORPUS, ({ box, script = "" }) => (script === "" ? Promise.resolve() : start(box, script)));
  // An editor goes on loading behind what it shows.
  await sleep(Math.max(0, loaded + SETTLED - Date.now()));
  await look();
  const until = Date.now() + WINDOW;
  while (Date.now() < until) {
    await typing.press("a", "BSpace");
    await sleep(Math.min(4 * SECOND, Math.max(0, until - Date.now())));
  }
  await look();
}, 8 * MINUTE);

afterAll(async () => {
  for (const clean of cleanUp) await clean();
  opened?.close();
  await removeTestObjects();
  await cli.remove();
});

/** Per cent of a core between the two looks. */
function cpuOf(box: string): number {
  const record = ledger()
    .samples()
    .find(({ boxId }) => boxId === idOf(box));
  const [after, before] = readSample(record)?.looks ?? [];
  if (after === undefined || before === undefined) return Number.NaN;
  const used = Math.max(
    (after.cpu.engine ?? 0) - (before.cpu.engine ?? 0),
    (after.cpu.box ?? 0) - (before.cpu.box ?? 0),
  );
  return (100 * used) / (after.uptime - before.uptime);
}

/** Used now, or within the last half of the window. */
function verdictOf({ inUse, hold, last, observation }: Seen): string {
  if (hold !== undefined) return "held";
  if (inUse !== undefined || (last !== undefined && last.at > lookedAt - WINDOW / 2)) return "in use";
  return observation === "fresh" ? "idle" : observation;
}

describe("what goes on in a box", () => {
  it.each(CORPUS)("$box: $verdict [X-01]", ({ box, verdict, by }) => {
    const sight = seen.get(idOf(box));
    if (sight === undefined) throw new Error("not seen");
    expect({ box, verdict: verdictOf(sight), problem: sight.problem }, JSON.stringify(sight)).toEqual({
      ...{ box, verdict, problem: undefined },
    });
    const recent = sight.signals?.filter(({ at }) => at > lookedAt - WINDOW / 2).map((signal) => signal.by);
    if (by !== undefined) expect(recent, JSON.stringify(sight)).toContain(by);
  });

  it("is what the ledger has from then on [X-01]", async () => {
    const used = ledger().boxByName("compile");
    expect(used).toMatchObject({ lastUsedBy: "cpu" });
    expect(ledger().boxByName("agent")).toMatchObject({ lastUsedBy: "agent claude" });
    const rows = CORPUS.map(({ box, what, verdict }) => {
      const sight = seen.get(idOf(box));
      const why = sight?.inUse ?? sight?.last?.by ?? "no sign";
      return `| ${what} | ${verdict} | ${why} | ${cpuOf(box).toFixed(1)} % |`;
    });
    const file = process.env.DEVBOX_ACTIVITY_TABLE;
    const samples = JSON.stringify(
      ledger()
        .samples()
        .find(({ boxId }) => boxId === idOf("editor")),
    );
    if (file !== undefined) await writeFile(file, `${rows.join("\n")}\n\n${String(tookMs)} ms\n${samples}\n`);
    expect((await podman(["exec", containerOf("syncthing"), "cat", "/tmp/scans"])).stdout).toContain("ok");
  });
});

it("work that is nowhere else is found and named [X-04]", async () => {
  const script = `git init -q --bare /tmp/up.git && git clone -q /tmp/up.git site && cd site
git config user.email a@example.com && git config user.name A
echo 1 >a && git add a && git commit -qm one && git push -q origin HEAD && git checkout -qb redesign
for i in 1 2 3; do echo $i >>a; git commit -qam $i; done; echo 5 >>a; git stash -q; echo 6 >new`;
  const session = ["/usr/libexec/devbox/session", "--", "sh", "-c", script];
  await podmanOk(["exec", "--user", "dev", containerOf("untouched"), ...session]);
  const box = running.find((each) => each.box.name === "untouched");
  if (box === undefined) throw new Error("no box");
  expect(await findUnpushed(deps(), box)).toEqual([
    "site/: 3 commits never pushed (branch redesign)",
    "site/: 1 stash",
    "site/: 1 new file or folder not committed",
  ]);
});
