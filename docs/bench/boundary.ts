/**
 * What it costs to cross an orchestrator's boundary: `list` by the service account itself, through sudo, and through a
 * forced command, in turns on one test host. Needs root.
 * Usage: node docs/bench/boundary.ts [--runs 31] [--out FILE]
 */
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { testHost, type TestHost } from "../../test/support/host.ts";
import { onBench } from "./lib/bed.ts";
import { machineTable } from "./lib/machine.ts";
import { medianOf } from "./lib/measure.ts";
import { markdownTable, ms, publish } from "./lib/table.ts";

const { values } = parseArgs({ options: { runs: { type: "string", default: "31" }, out: { type: "string" } } });

/** Milliseconds that a way may add; from the requirements. */
const TARGETS: Readonly<Record<string, number>> = { sudo: 60, "forced command, connection open": 80 };
const DIRECT = "the service account itself";

const NOTES = `Milliseconds of wall time on the host itself, medians; the lines take turns in one run. Nobody has a box. Every line starts
with \`setpriv\`, which makes root's shell somebody else's for one command. The service account's own line runs the same
program through the same shell script. A fresh connection makes keys anew, which is SSH's own work and not the gate's; with a
connection that is open (\`ControlMaster\`) what is left is the forced command.
`;

/** Prints `NAME<tab>MILLISECONDS` for each call; all of them go through one function, so that each is timed alike. */
const SCRIPT = `
cd /
chown alice: /run/bench.key
become() { who=$1; shift; setpriv --reuid="$who" --regid="$who" --init-groups env -i HOME="$(getent passwd "$who" | cut -d: -f6)" USER="$who" PATH="$PATH" "$@"; }
options="-F /dev/null -o IdentityFile=/run/bench.key -o IdentitiesOnly=yes -o StrictHostKeyChecking=accept-new -o LogLevel=ERROR"
timed() {
  name=$1; shift
  begun=\${EPOCHREALTIME/./}
  "$@" >/dev/null </dev/null
  ended=\${EPOCHREALTIME/./}
  printf '%s\\t%s\\n' "$name" "$(((ended - begun) / 10))"
}
round() {
  timed '${DIRECT}' become devbox devbox-ctl list
  timed 'sudo' become alice devbox-ctl list
  timed 'forced command, connection open' become alice ssh $options -o ControlPath=/home/alice/master devbox@127.0.0.1 list
  timed 'forced command, fresh connection' become alice ssh $options -o ControlPath=none devbox@127.0.0.1 list
  timed 'ssh alone, fresh connection' become alice ssh $options -o ControlPath=none alice@127.0.0.1 true
}
become alice ssh $options -o ControlPath=/home/alice/master -o ControlMaster=yes -fN devbox@127.0.0.1
for warm in 1 2 3; do round >/dev/null; done
for run in $(seq "$0"); do round; done
become alice ssh -o ControlPath=/home/alice/master -O exit devbox@127.0.0.1
`;

async function measured(host: TestHost): Promise<ReadonlyMap<string, readonly number[]>> {
  const alice = await host.addUser("alice");
  const carol = await host.addUser("carol", { groups: ["wheel"] });
  await host.install();
  const added = await carol.run("devbox-ctl user add-key alice --file -", { input: `${alice.key.publicKey}\n` });
  if (added.exitCode !== 0) throw new Error(added.stderr);
  const key = await readFile(alice.key.file, "utf8");
  await host.rootOk(["sh", "-c", "umask 077; cat >/run/bench.key"], { input: key });
  const lines = (await host.rootOk(["bash", "-euc", SCRIPT, values.runs], { timeout: 1_200_000 })).split("\n");
  const figures = Map.groupBy(lines, (line) => line.split("\t")[0] ?? "");
  return new Map([...figures].map(([name, all]) => [name, all.map((line) => Number(line.split("\t")[1]) / 100)]));
}

await onBench(async () => {
  const machine = await machineTable();
  await using host = await testHost();
  const figures = await measured(host);
  const base = medianOf(figures.get(DIRECT) ?? []);
  const rows = [...figures].map(([name, all]) => {
    const added = medianOf(all) - base;
    const target = TARGETS[name];
    const verdict = target === undefined ? "" : `${added < target ? "under" : "**over**"} ${String(target)}`;
    return [
      name,
      ms(medianOf(all)),
      ms(Math.min(...all)),
      ms(Math.max(...all)),
      name === DIRECT ? "" : ms(added),
      verdict,
    ];
  });
  const table = markdownTable(["`devbox-ctl list` by", "median", "min", "max", "adds", "target"], rows);
  const made = "Made by `node docs/bench/boundary.ts`; do not edit.";
  await publish(["# Crossing the boundary", made, machine, table, NOTES].join("\n\n"), "boundary", values.out);
});
