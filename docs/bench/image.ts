/**
 * How long the box image takes to build and how big it is: each part, the whole cold and warm, the import into Podman.
 * Usage: node docs/bench/image.ts [--out FILE]
 * Takes some ten minutes and 6 GB of disk, in a cache of its own; Go modules and npm packages are downloaded again.
 */
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { execa } from "execa";
import { parseEvent } from "../../src/adapters/image/parse.ts";
import { importChanges } from "../../src/core/image-contract.ts";
import { testName } from "../../test/support/ids.ts";
import { BUILDER } from "../../test/support/image.ts";
import { benchEnv, podmanOk } from "../../test/support/podman.ts";
import { onBench } from "./lib/bed.ts";
import { machineTable } from "./lib/machine.ts";
import { markdownTable, publish } from "./lib/table.ts";

const { values } = parseArgs({ options: { out: { type: "string" } } });

const NOTES = `Seconds of wall time, one run each. *Cold* is with an empty cache, downloads included; the parts are made at the
same time, so their times overlap. *CPU* is what the build and all it started used: what it takes on one free core.
*Warm* is with every part in the cache: what a change of the overlay costs before the import. The size is that of the
root file system archive, the size of a part that of its own archive; \`debian\` is what all lists of packages make
together.
`;

interface Built {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly bytes: number;
  readonly parts: ReadonlyMap<string, number>;
}

/** Builds an image into `cache/out.tar`, and takes the time. */
async function build(cache: string, args: readonly string[]): Promise<Built> {
  const output = path.join(cache, "out.tar");
  const began = performance.now();
  // bash says on its own account what its children used, as their parent cannot ask for one child alone.
  const script = 'TIMEFORMAT="cpu %U %S"; time "$@"';
  const argv = ["-c", script, "bash", path.join(BUILDER, "build"), "--cache", cache, "--output", output, ...args];
  const { stderr } = await execa("bash", argv, { env: benchEnv(), extendEnv: false });
  const seconds = (performance.now() - began) / 1000;
  const [, user = "0", system = "0"] = /^cpu ([\d.]+) ([\d.]+)$/m.exec(stderr) ?? [];
  const events = stderr.split("\n").map(parseEvent);
  const parts = events.flatMap((event) =>
    event.kind === "part" && event.state === "made" ? [[event.part, event.seconds] as const] : [],
  );
  const { size: bytes } = await stat(output);
  return { seconds, cpuSeconds: Number(user) + Number(system), bytes, parts: new Map(parts) };
}

/** Sizes of the archives of the parts in a cache. */
async function archives(cache: string): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  for (const name of await readdir(cache)) {
    const part = /^([a-z-]+)-[0-9a-f]{64}\.tar$/.exec(name)?.[1];
    if (part !== undefined) sizes.set(part, (await stat(path.join(cache, name))).size);
  }
  return sizes;
}

async function importSeconds(cache: string): Promise<number> {
  const tag = `localhost/${testName("bench")}:latest`;
  const changes = importChanges().flatMap((change) => ["--change", change]);
  const began = performance.now();
  await podmanOk(["import", "--quiet", ...changes, path.join(cache, "out.tar"), tag], { timeout: 1_200_000 });
  const seconds = (performance.now() - began) / 1000;
  await podmanOk(["rmi", tag]);
  return seconds;
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;
const secondsOf = (time: number): string => `${time.toFixed(time < 10 ? 1 : 0)} s`;

const SLIM = ["--without", "code-server", "--without", "runtimes"];

await onBench(async () => {
  const machine = await machineTable();
  const cache = await mkdtemp(path.join(tmpdir(), "dbxtest-image-"));
  try {
    const rows: string[][] = [];
    const row = (name: string, built: Built, imported?: number): void => {
      const more = imported === undefined ? "" : secondsOf(imported);
      rows.push([name, secondsOf(built.seconds), secondsOf(built.cpuSeconds), megabytes(built.bytes), more]);
    };
    const cold = await build(cache, []);
    row("everything, cold", cold, await importSeconds(cache));
    const sizes = await archives(cache);
    row("everything, warm", await build(cache, []));
    row(
      "without code-server and runtimes, parts of the above kept",
      await build(cache, SLIM),
      await importSeconds(cache),
    );
    row("minimal, cold", await build(cache, ["--minimal"]), await importSeconds(cache));
    row("minimal, warm", await build(cache, ["--minimal"]));
    const whole = markdownTable(["image", "time", "CPU", "size", "import"], rows);
    const parts = [...cold.parts].map(([part, time]) => [part, secondsOf(time), megabytes(sizes.get(part) ?? 0)]);
    const each = markdownTable(["part, cold", "time", "size"], parts);
    const title = ["# The image", "Made by `node docs/bench/image.ts`; do not edit."];
    await publish([...title, machine, whole, each, NOTES].join("\n\n"), "image", values.out);
  } finally {
    await rm(cache, { recursive: true, force: true });
  }
});
