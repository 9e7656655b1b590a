/**
 * Whether the time of an answer tells a stranger's box from none: `status NAME` and `destroy NAME` of the real program, by
 * turns, for a name that nobody has and for one that somebody else has.
 * Usage: node docs/bench/strangers.ts [--runs 200] [--out FILE]
 */
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { parseArgs } from "node:util";
import { testCli } from "../../test/support/cli.ts";
import { testImage } from "../../test/support/image.ts";
import { podman } from "../../test/support/podman.ts";
import { onBench } from "./lib/bed.ts";
import { machineTable } from "./lib/machine.ts";
import { compare, type Side } from "./lib/measure.ts";
import { markdownTable, ms, publish } from "./lib/table.ts";

const { values } = parseArgs({ options: { runs: { type: "string", default: "200" }, out: { type: "string" } } });

const NOTES = `Milliseconds of wall time; the lines take turns in one run. The stranger's box runs, and the caller is no
administrator. Every answer is exit code 3 with the same words (\`test/usecases/strangers.test.ts\`). A difference of the
medians that is small against what one and the same line varies by (the two lines of names that nobody has) tells nothing.
`;

await onBench(async (interrupt) => {
  const machine = await machineTable();
  await using cli = await testCli({ config: { image: await testImage() } });
  await cli.json(["create", "stranger", "--memory", "128MiB", "--yes"]);
  const ledger = new DatabaseSync(path.join(cli.stateDir, "ledger.db"));
  ledger.exec("UPDATE boxes SET owner = 'somebody-else'");
  const container = ledger.prepare("SELECT container_id AS id FROM boxes").get()?.id as string;
  ledger.close();

  const asked = (verb: readonly string[], name: string): Side => ({
    name: `${verb.join(" ")} NAME: ${name === "stranger" ? "somebody else's" : `nobody's (${name})`}`,
    run: async () => {
      const { exitCode, stderr } = await cli.run([verb[0] ?? "", name, ...verb.slice(1)]);
      if (exitCode !== 3) throw new Error(`exit ${String(exitCode)}: ${stderr}`);
    },
  });
  const sides = [["status"], ["destroy", "--yes"]].flatMap((verb) =>
    ["stranger", "strangex", "strangey"].map((name) => asked(verb, name)),
  );
  try {
    const timings = await compare(sides, Number(values.runs), interrupt);
    const rows = [...timings].map(([name, { median, min, max }]) => [name, ms(median), ms(min), ms(max)]);
    const table = markdownTable(["what is asked", "median", "min", "max"], rows);
    const title = "# A stranger's box and none";
    const page = [title, "Made by `node docs/bench/strangers.ts`; do not edit.", machine, table, NOTES].join("\n\n");
    await publish(page, "strangers", values.out);
  } finally {
    await podman(["rm", "--force", "--time", "0", container]);
  }
});
