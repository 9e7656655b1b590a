import { execa } from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";
import { testHost, type TestHost } from "../support/host.ts";
import type { SshSession } from "../support/host-ssh.ts";
import { waitFor } from "../support/wait.ts";

const FLOOD = 200;

let host: TestHost;
let alice: SshSession;
let aliceByKey: SshSession;
let bob: SshSession;

beforeAll(async () => {
  host = await testHost();
  [alice, bob] = [await host.addUser("alice"), await host.addUser("bob")];
  const carol = await host.addUser("carol", { groups: ["wheel"] });
  await host.install({
    config: { host: { name: "o", serviceUser: "devbox", adminGroups: ["wheel"], commands: 3, sessions: 2 } },
  });
  const key = await host.keyFor("alice-laptop");
  await carol.run("devbox-ctl user add-key alice --file -", { input: `${key.publicKey}\n` });
  aliceByKey = host.session(key, "devbox");
  await host.image();
  expect(await alice.run("devbox-ctl create api --quiet")).toMatchObject({ exitCode: 0 });
}, 300_000);

afterAll(() => host.stop());

async function timed(who: SshSession, command: string): Promise<{ ms: number; exitCode: number }> {
  const begun = performance.now();
  const { exitCode } = await who.run(command);
  return { ms: Math.round(performance.now() - begun), exitCode };
}

const median = (figures: readonly number[]) => figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)] ?? 0;

it("of 200 commands of one user at once a few run at a time, and another's list goes on", async () => {
  const quiet = [];
  for (let i = 0; i < 5; i += 1) quiet.push((await timed(bob, "devbox-ctl list")).ms);
  // One connection, or this machine's clients and sshd's own limits are what is measured.
  const script = `for i in $(seq ${String(FLOOD)}); do (devbox-ctl list >/dev/null 2>&1; echo $?) & done; wait`;
  const flood = alice.run(script, { timeout: 300_000 });
  const most = { nodes: 0 };
  const state = { isOver: false };
  const watching = (async () => {
    while (!state.isOver) {
      const { stdout } = await host.root("pgrep -u devbox -fc 'node .*main.cjs list' || true");
      most.nodes = Math.max(most.nodes, Number(stdout));
    }
  })();
  const during = [];
  void flood.then(() => (state.isOver = true));
  while (!state.isOver) during.push(await timed(bob, "devbox-ctl list"));
  await watching;
  const codes = (await flood).stdout.split("\n").map(Number);
  const count = (code: number) => codes.filter((one) => one === code).length;
  console.log(
    `alice: ${String(count(0))} done, ${String(count(75))} busy of ${String(codes.length)}; at most ${String(most.nodes)} of all at once; ` +
      `bob: ${String(median(quiet))} ms before, ${String(median(during.map(({ ms }) => ms)))} ms (most ${String(Math.max(...during.map(({ ms }) => ms)))}) during, ${String(during.length)} times`,
  );
  expect(count(0) + count(75)).toBe(FLOOD);
  expect(count(0)).toBeGreaterThan(3);
  expect(during.map(({ exitCode }) => exitCode)).toEqual(during.map(() => 0));
  // Three of alice's, and bob's one.
  expect(most.nodes).toBeLessThanOrEqual(4);
}, 300_000);

it("a user's sessions have a number of their own, by both ways together, and are told when it is reached", async () => {
  const long = [alice.ssh("devbox-ctl exec api -- sleep 300"), aliceByKey.ssh("exec api -- sleep 300")].map(
    ([program = "", ...words]) =>
      execa(program, words, { extendEnv: false, env: host.env, reject: false, stdin: "ignore" }),
  );
  await waitFor(async () =>
    expect((await host.rootOk("pgrep -u devbox -fc 'node .*main.cjs' || true")).trim()).toBe("2"),
  );
  const third = await alice.run("devbox-ctl exec api -- true");
  expect([third.exitCode, third.stderr]).toEqual([75, expect.stringContaining("Run it again in a moment")]);
  const json = await aliceByKey.run("logs api --json");
  expect([json.exitCode, JSON.parse(json.stdout)]).toMatchObject([75, { error: { code: "BUSY" } }]);
  const copied = await alice.run("echo x | devbox-ctl cp - api:x");
  expect([copied.exitCode, copied.stderr]).toEqual([75, expect.stringContaining("too much at work")]);
  expect(await alice.run("devbox-ctl list")).toMatchObject({ exitCode: 0 });
  expect(await bob.run("devbox-ctl list")).toMatchObject({ exitCode: 0 });
  // However a process ends, its place is free again.
  await host.rootOk("pkill -KILL -u devbox -f 'node .*main.cjs'");
  for (const one of long) one.kill();
  await Promise.all(long);
  expect(await alice.run("devbox-ctl exec api -- true")).toMatchObject({ exitCode: 0 });
}, 120_000);
