/**
 * Takes the start-up path apart: what Node, the command framework, the configuration and Podman cost.
 * Usage: node docs/bench/startup.ts [--runs 21] [--out FILE]
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { testCli } from "../../test/support/cli.ts";
import { benchEnv } from "../../test/support/podman.ts";
import { onBench } from "./lib/bed.ts";
import { machineTable } from "./lib/machine.ts";
import { compare, runQuietly, type Side } from "./lib/measure.ts";
import { markdownTable, ms, publish } from "./lib/table.ts";

const { values } = parseArgs({ options: { runs: { type: "string", default: "21" }, out: { type: "string" } } });

const MODULES = path.resolve(import.meta.dirname, "../../node_modules");

const OCLIF = `import(${JSON.stringify(path.join(MODULES, "@oclif/core/lib/index.js"))})`;
const SPAWN = `require("node:child_process").spawnSync("podman", ["ps", "-a", "--format", "json"])`;

const NOTES = `Milliseconds of wall time, medians; the lines take turns in one run. \`node + podman ps\` is the least that a program
on Node which asks Podman once can take. There are no boxes. \`NODE_DISABLE_COMPILE_CACHE\` takes away the cache of
compiled code that devbox-ctl keeps, if it keeps one; \`NODE_COMPILE_CACHE\` gives it one from outside.
`;

await onBench(async (interrupt) => {
  const machine = await machineTable();
  await using cli = await testCli();
  const cache = await mkdtemp(path.join(tmpdir(), "dbxtest-code-"));
  const empty = path.join(cache, "empty.mjs");
  await writeFile(empty, "");
  const side = (name: string, argv: readonly string[], env: Readonly<Record<string, string>> = benchEnv()): Side => ({
    name,
    run: () => runQuietly({ argv, env }),
  });
  const node = process.execPath;
  const noConfig = { ...cli.env, DEVBOX_CONFIG: "", XDG_CONFIG_HOME: cli.home };
  const list = [...cli.argv, "list", "--json"];
  const sides = [
    side("node, an empty file", [node, empty]),
    side("podman ps -a --format json", ["podman", "ps", "-a", "--format", "json"]),
    side("node + podman ps", [node, "-e", SPAWN]),
    side("node + oclif from node_modules", [node, "-e", OCLIF]),
    side("devbox-ctl --version", [...cli.argv, "--version"], cli.env),
    side("devbox-ctl list --json", list, noConfig),
    side("… with a configuration file", list, cli.env),
    side("… and NODE_DISABLE_COMPILE_CACHE=1", list, { ...cli.env, NODE_DISABLE_COMPILE_CACHE: "1" }),
    side("… and NODE_COMPILE_CACHE=DIR", list, { ...cli.env, NODE_COMPILE_CACHE: cache }),
  ];
  try {
    const timings = await compare(sides, Number(values.runs), interrupt);
    const rows = [...timings].map(([name, { median, min, max }]) => [name, ms(median), ms(min), ms(max)]);
    const table = markdownTable(["what is started", "median", "min", "max"], rows);
    const page = ["# Starting up", "Made by `node docs/bench/startup.ts`; do not edit.", machine, table, NOTES].join(
      "\n\n",
    );
    await publish(page, "startup", values.out);
  } finally {
    await rm(cache, { recursive: true, force: true });
  }
});
