/**
 * What the tailnet costs: until a new box is on it, its login alone, a first SSH, start, rotate-key and destroy.
 * Usage: node docs/bench/tailnet.ts [--runs 5] [--ssh-runs 15] [--out FILE]
 */
import { parseArgs } from "node:util";
import { IMAGE } from "../../src/core/image-contract.ts";
import { testCli, type TestCli } from "../../test/support/cli.ts";
import { testName } from "../../test/support/ids.ts";
import { tailnetImage } from "../../test/support/image.ts";
import { benchEnv, podmanOk } from "../../test/support/podman.ts";
import { me, testTailnet, type TestTailnet } from "../../test/support/tailnet.ts";
import { startClient, type TailnetClient } from "../../test/support/tailnet-client.ts";
import { loginOptions, runTailnetBox } from "../../test/support/tailnet-box.ts";
import { onBench, say } from "./lib/bed.ts";
import { machineTable } from "./lib/machine.ts";
import { compare, medianOf, runQuietly } from "./lib/measure.ts";
import { markdownTable, publish } from "./lib/table.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "5" },
    "ssh-runs": { type: "string", default: "15" },
    out: { type: "string" },
  },
});

/** What is measured, by its name; milliseconds. */
type Times = Map<string, number[]>;

const WHAT = {
  create: "`create`, until it is on the tailnet",
  without: "`create` of the same image without a tailnet",
  login: "the login alone (`tailnet login` in the box)",
  up: "`tailscale up` by hand in the same box",
  start: "`start` of a box that was on it",
  rotate: "`rotate-key`, with the trial of the key",
  destroy: "`destroy`, until its device is proven gone",
  ssh: "Tailscale SSH: `ssh dev@box true`",
  exec: "`podman exec --user dev` of the same",
} as const;

async function timed(times: Times, name: string, act: () => Promise<unknown>): Promise<void> {
  const began = performance.now();
  await act();
  times.set(name, [...(times.get(name) ?? []), performance.now() - began]);
}

/** The life of a box on the tailnet, and its creation without one. */
async function life(times: Times, cli: TestCli, alone: TestCli): Promise<void> {
  const run = (of: TestCli, ...args: string[]): Promise<void> =>
    runQuietly({ argv: [...of.argv, ...args], env: of.env });
  await timed(times, WHAT.without, () => run(alone, "create", "bench", "--yes"));
  await run(alone, "destroy", "bench", "--yes");
  await timed(times, WHAT.create, () => run(cli, "create", "bench", "--yes"));
  await run(cli, "stop", "bench");
  await timed(times, WHAT.start, () => run(cli, "start", "bench"));
  await timed(times, WHAT.rotate, () => run(cli, "rotate-key", "bench"));
  await timed(times, WHAT.destroy, () => run(cli, "destroy", "bench", "--yes"));
}

/** Both ways to log in one container, from a key on standard input to an address. */
async function logins(times: Times, image: string, { headscale }: TestTailnet): Promise<void> {
  const { key } = await headscale.boxKey(me);
  const box = await runTailnetBox(image);
  const options = loginOptions(headscale, "login");
  const must = async (ran: Promise<{ exitCode: number; stderr: string }>): Promise<void> => {
    const { exitCode, stderr } = await ran;
    if (exitCode !== 0) throw new Error(stderr);
  };
  // The first one also sets tailscaled's environment, for which that starts anew.
  await must(box.tailnet(["login", ...options], key));
  await must(box.tailnet(["logout"]));
  await timed(times, WHAT.login, () => must(box.tailnet(["login", ...options], key)));
  await must(box.tailnet(["logout"]));
  const up = ["tailscale", "up", "--reset", "--ssh", "--hostname=login", `--login-server=${headscale.url}`];
  await timed(times, WHAT.up, () => podmanOk(["exec", box.name, ...up, `--auth-key=${key}`]));
  await must(box.tailnet(["logout"]));
  await podmanOk(["rm", "--force", "--time", "0", box.name]);
}

/** Both ways to run a command as the box's user. */
async function connects(
  cli: TestCli,
  client: TailnetClient,
  container: string,
  interrupt: AbortSignal,
): Promise<Times> {
  await cli.json(["create", "bench"]);
  const name = `${container}-bench`;
  const ssh = async (): Promise<void> => {
    const { exitCode, stderr } = await client.ssh("bench", ["true"]);
    if (exitCode !== 0) throw new Error(`ssh: ${stderr}`);
  };
  const exec = { argv: ["podman", "exec", "--user", IMAGE.user.name, name, "true"], env: benchEnv() };
  const both = [
    { name: WHAT.ssh, run: ssh },
    { name: WHAT.exec, run: () => runQuietly(exec) },
  ];
  const timings = await compare(both, Number(values["ssh-runs"]), interrupt);
  await cli.json(["destroy", "bench", "--yes"]);
  return new Map([...timings].map(([key, { median, min, max }]) => [key, [min, median, max]]));
}

const NOTES = `Seconds of wall time, medians with the least and the most, of ${values.runs} runs after one that warms up; the connects of ${values["ssh-runs"]}, in turns.
The control plane is a headscale on the same machine, so what is measured is what the program, tailscaled and Podman
take, not a network. The login and \`tailscale up\` begin in one container, at a tailscaled that is logged out. The SSH client is
a tailscaled of the user's on the same machine, each connect a process and a connection of its own. SC-003 allows 5 s.`;

const TARGETS: Readonly<Record<string, string>> = { [WHAT.ssh]: "1 s" };

await onBench(async (interrupt) => {
  const machine = await machineTable();
  const image = await tailnetImage();
  const namespace = testName("ns");
  const limits = { memory: "256MiB", reserve: { memory: "64MiB", disk: "64MiB" } };
  await using tailnet = await testTailnet();
  await using cli = await testCli({ config: { image, limits, engine: { namespace }, ...tailnet.config } });
  await using alone = await testCli({ config: { image, limits } });
  await using client = await startClient(tailnet.headscale, { user: me });
  const times: Times = new Map();
  for (let round = 0; round <= Number(values.runs); round++) {
    interrupt.throwIfAborted();
    say(`round ${String(round)} of ${values.runs}`);
    await life(times, cli, alone);
    await logins(times, image, tailnet);
    if (round === 0) times.clear();
  }
  for (const [name, all] of await connects(cli, client, namespace, interrupt)) times.set(name, all);
  const s = (time: number): string => (time / 1000).toFixed(2);
  const rows = Object.values(WHAT).map((name) => {
    const all = times.get(name) ?? [];
    return [name, s(medianOf(all)), s(Math.min(...all)), s(Math.max(...all)), TARGETS[name] ?? "-"];
  });
  const table = markdownTable(["what", "median", "min", "max", "target"], rows);
  const page = ["# The tailnet", "Made by `node docs/bench/tailnet.ts`; do not edit.", machine, table, `${NOTES}\n`];
  await publish(page.join("\n\n"), "tailnet", values.out);
});
