/**
 * What a box with all services costs: until its shell and its services answer, stopped and started, idle.
 * Usage: node docs/bench/services.ts [--runs N] [--idle SECONDS] [--out FILE]
 */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { testCli, type TestCli } from "../../test/support/cli.ts";
import { testName } from "../../test/support/ids.ts";
import { fullImage } from "../../test/support/image.ts";
import { podmanOk } from "../../test/support/podman.ts";
import { onBench, say } from "./lib/bed.ts";
import { machineTable } from "./lib/machine.ts";
import { medianOf, runQuietly } from "./lib/measure.ts";
import { markdownTable, publish } from "./lib/table.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "7" },
    idle: { type: "string", default: "60" },
    out: { type: "string" },
  },
});

const BOX = "bench";

/** Seconds that an act takes. */
async function seconds(act: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await act();
  return (performance.now() - began) / 1000;
}

/** The cgroup directory of a container's first process, by controller; the empty name is the unified hierarchy. */
function cgroups(pid: string): Map<string, string> {
  const lines = readFileSync(`/proc/${pid}/cgroup`, "utf8").trim().split("\n");
  return new Map(
    lines.flatMap((line) => {
      const [, controllers = "", dir = ""] = line.split(":");
      return controllers.split(",").map((controller) => [controller, dir] as const);
    }),
  );
}

/** CPU seconds of all processes of a box, and the bytes that its control group holds. */
function usage(pid: string): { readonly cpu: number; readonly memory: number } {
  const dirs = cgroups(pid);
  const read = (file: string): string => readFileSync(`/sys/fs/cgroup${file}`, "utf8");
  const unified = dirs.get("");
  if (dirs.has("cpuacct")) {
    const cpu = Number(read(`/cpuacct${dirs.get("cpuacct") ?? ""}/cpuacct.usage`)) / 1e9;
    return { cpu, memory: Number(read(`/memory${dirs.get("memory") ?? ""}/memory.usage_in_bytes`)) };
  }
  const cpu = Number(/^usage_usec (\d+)$/m.exec(read(`${unified ?? ""}/cpu.stat`))?.[1]) / 1e6;
  return { cpu, memory: Number(read(`${unified ?? ""}/memory.current`)) };
}

interface Figures {
  readonly create: number[];
  readonly restart: number[];
}

async function lives(cli: TestCli, interrupt: AbortSignal): Promise<Figures> {
  const run = (...args: string[]): Promise<void> => runQuietly({ argv: [...cli.argv, ...args], env: cli.env });
  const figures: Figures = { create: [], restart: [] };
  for (let round = 0; round <= Number(values.runs); round++) {
    interrupt.throwIfAborted();
    say(`round ${String(round)} of ${values.runs}`);
    const create = await seconds(() => run("create", BOX, "--with-syncthing", "--yes"));
    const restart = await seconds(async () => {
      await run("stop", BOX);
      await run("start", BOX);
    });
    await run("destroy", BOX, "--yes");
    // The first round warms up.
    if (round === 0) continue;
    figures.create.push(create);
    figures.restart.push(restart);
  }
  return figures;
}

/** A box that nobody uses: CPU in per cent of a core, and megabytes. */
async function idle(cli: TestCli, namespace: string, services: readonly string[]): Promise<[string, string]> {
  await runQuietly({ argv: [...cli.argv, "create", BOX, ...services, "--yes"], env: cli.env });
  // Services do things of their own after they are ready; a minute of rest is what an idle box begins with.
  await sleep(20_000);
  const pid = (await podmanOk(["inspect", "--format", "{{.State.Pid}}", `${namespace}-${BOX}`])).trim();
  const before = usage(pid);
  const span = Number(values.idle);
  await sleep(span * 1000);
  const after = usage(pid);
  await runQuietly({ argv: [...cli.argv, "destroy", BOX, "--yes"], env: cli.env });
  return [`${(((after.cpu - before.cpu) / span) * 100).toFixed(2)} %`, `${(after.memory / 1e6).toFixed(0)} MB`];
}

await onBench(async (interrupt) => {
  const image = await fullImage();
  const namespace = testName("services");
  const reserve = { memory: "64MiB", disk: "64MiB" };
  const cli = await testCli({ config: { image, engine: { namespace }, limits: { reserve } } });
  const { create, restart } = await lives(cli, interrupt);
  const s = (times: readonly number[]): string => `${medianOf(times).toFixed(2)} s`;
  const [cpu, memory] = await idle(cli, namespace, []);
  const [cpuSync, memorySync] = await idle(cli, namespace, ["--with-syncthing"]);
  const rows = [
    ["create, until tailscaled, code-server and Syncthing answer", s(create), "8 s"],
    ["stop, then start, until all of them answer", s(restart), "5 s"],
    ["idle: CPU, tailscaled and code-server, no page open", cpu, "1 % of a core"],
    ["idle: memory of its control group, the same", memory, "250 MB"],
    ["idle: CPU, Syncthing too", cpuSync, "-"],
    ["idle: memory, Syncthing too", memorySync, "-"],
  ];
  const table = markdownTable(["what", "measured", "target"], rows);
  const notes = `Medians of ${values.runs} runs after one that warms up, by the program from outside; idle over ${values.idle} s, 20 s after create.`;
  const title = ["# Services", "Made by `node docs/bench/services.ts`; do not edit."];
  await publish(`${[...title, await machineTable(), table, notes].join("\n\n")}\n`, "services", values.out);
  await cli.remove();
});
