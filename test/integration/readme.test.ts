import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testCli, type TestCli } from "../support/cli.ts";
import { testName } from "../support/ids.ts";
import { podman, podmanOk } from "../support/podman.ts";
import { runClean } from "../support/rootless.ts";

// The commands that the README shows, run as they stand there, one after the other in one shell.

/** A command of a console block, and what is shown below it. */
interface Shown {
  readonly command: string;
  readonly output: string[];
}

const readme = readFileSync(path.resolve(import.meta.dirname, "../../README.md"), "utf8");

/** The `$ ` lines of all console blocks. */
function shownCommands(): Shown[] {
  const shown: Shown[] = [];
  for (const [, block = ""] of readme.matchAll(/^```console\n([^]*?)^```$/gm)) {
    for (const line of block.trimEnd().split("\n")) {
      if (line.startsWith("$ ")) shown.push({ command: line.slice(2), output: [] });
      else shown.at(-1)?.output.push(line);
    }
  }
  return shown;
}

const shown = shownCommands();
const image = `localhost/${testName("readme")}:latest`;
let cli: TestCli;
let before: Set<string>;
let ran: { output: string[]; exitCode: number }[];

const imageNames = async () => (await podmanOk(["images", "--format", "{{.Repository}}:{{.Tag}}"])).split("\n");

beforeAll(async () => {
  before = new Set(await imageNames());
  // The root file system of the image is kept between runs; minutes of building are not what is tested here.
  const cache = process.env.XDG_CACHE_HOME ?? path.join(homedir(), ".cache");
  cli = await testCli({ config: { image }, env: { XDG_CACHE_HOME: cache } });
  ran = await runAll(shown.map(({ command }) => command));
});

afterAll(async () => {
  await cli.run(["destroy", "my-project", "--yes"]);
  // All names of the image that was built, but for those it had before.
  const names = await podman(["image", "inspect", "--format", "{{range .RepoTags}}{{.}}\n{{end}}", image]);
  const made = names.stdout.split("\n").filter((name) => name !== "" && !before.has(name));
  for (const name of made) await podman(["rmi", name]);
  await cli.remove();
});

/** Runs commands in one shell, as a person would; what they say on both streams is one output. */
async function runAll(commands: readonly string[]): Promise<typeof ran> {
  const folder = path.join(cli.home, "work");
  await mkdir(folder);
  const script = path.join(cli.home, "session.sh");
  const quoted = commands.map((command) => `run '${command.replaceAll("'", String.raw`'\''`)}'`);
  const run = String.raw`run() { eval "$1"; set -- $?; printf '\001%s\002' "$1"; return "$1"; }`;
  await writeFile(script, ["exec 2>&1 </dev/null", run, ...quoted, ""].join("\n"));
  const env = { ...cli.env, PATH: `${path.dirname(cli.argv.at(-1)!)}:${cli.env.PATH ?? ""}` };
  const { stdout } = await runClean(["bash", script], env, { cwd: folder, timeout: 570_000 });
  return stdout
    .split("\u0002")
    .slice(0, -1)
    .map((part) => part.split("\u0001"))
    .map(([output = "", exitCode = ""]) => ({ output: output.split("\n"), exitCode: Number(exitCode) }));
}

/** Lines without what differs from one run and one machine to the next: times, ids, sizes in use, cores. */
function fixedParts(lines: readonly string[]): string[] {
  const namespace = (JSON.parse(readFileSync(cli.configFile, "utf8")) as { engine: { namespace: string } }).engine
    .namespace;
  return (
    lines
      .map((line) =>
        line
          .replaceAll(image, "localhost/devbox:latest")
          .replaceAll(namespace, "devbox")
          .replaceAll(/\b[a-z0-9]{8}-home\b/g, "ID-home")
          .replaceAll(/\b\d+\.\d s\b/g, "TIME")
          .replaceAll(/ +TIME$/g, "")
          .replaceAll(/\b(just now|\d+ (s|min) ago)\b/g, "AGO")
          .replaceAll(/\b[\d.]+ [KM]iB\b/g, "SIZE")
          .replaceAll(/\b\d+ % of /g, "")
          .replaceAll(/\b\d+ cores?\b/g, "CORES")
          .replaceAll(/\s+/g, " ")
          .trim(),
      )
      // Parts of a step come in whatever order they are done.
      .filter((line) => !line.startsWith("…"))
      .filter((line) => line !== "" && !line.includes("limits are not enforced on this host"))
  );
}

describe("the session in the README", () => {
  it("has commands, and all of them were run", () => {
    expect(shown.length).toBeGreaterThan(5);
    expect(ran).toHaveLength(shown.length);
  });

  it.each(shown.map((each, index) => [each.command, index] as const))("goes as shown: %s", (command, index) => {
    const { output, exitCode } = ran[index]!;
    const isError = shown[index]!.output.some((line) => line.startsWith("  Error:"));
    expect(exitCode === 0, output.join("\n")).toBe(!isError);
    // Whether the image has to be built depends on what this machine has already.
    if (command.startsWith("devbox-ctl image build")) expect(output.join("\n")).toMatch(/is (ready|here already)\.\n$/);
    else expect(fixedParts(output)).toEqual(fixedParts(shown[index]!.output));
  });
});
