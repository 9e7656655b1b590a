import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { testCli, type TestCli } from "../support/cli.ts";
import { testName } from "../support/ids.ts";
import { testImage } from "../support/image.ts";
import { runClean } from "../support/rootless.ts";
import { openTerminal } from "../support/tmux.ts";

// The scripts in the shells they are for. Names carry this run's prefix, up to which a shell completes.

let cli: TestCli;
const box = testName("one");
const other = testName("two");

beforeAll(async () => {
  cli = await testCli({ config: { image: await testImage() } });
  for (const name of [box, other]) await cli.json(["create", name, "--no-start", "--yes", "--memory", "64MiB"]);
  await writeFile(path.join(cli.home, "archive.tar"), "");
});
afterAll(async () => {
  for (const name of [box, other]) await cli.run(["destroy", name, "--yes"]);
  await cli.remove();
});

const env = () => ({ ...cli.env, PATH: `${path.dirname(cli.argv.at(-1)!)}:${cli.env.PATH ?? ""}` });

const hasShell = async (shell: string) => (await runClean([shell, "--version"], env())).exitCode === 0;

/** What is typed, and what stands there after one Tab. */
const CASES = (): [typed: string, completed: string][] => [
  ["destr", "destroy "],
  ["volume rem", "volume remove "],
  ["create new --addit", "create new --additional "],
  [`start ${box.slice(0, -4)}`, `start ${box} `],
  [`destroy --keep-volume ${other.slice(0, -4)}`, `destroy --keep-volume ${other} `],
  ["completion fi", "completion fish "],
  ["help exit-", "help exit-codes "],
  ["image load arch", "image load archive.tar "],
  ["list --config arch", "list --config archive.tar "],
  [`cp ${box.slice(0, -4)}`, `cp ${box}:`],
  ["cp arch", "cp archive.tar "],
];

const SHELLS = {
  bash: { argv: ["bash", "--norc", "--noprofile", "-i"], setUp: "PS1='> '; source" },
  zsh: { argv: ["zsh", "-f", "-i"], setUp: "PS1='> '; autoload -U compinit; compinit -u -D; source" },
  fish: { argv: ["fish", "--no-config", "-i"], setUp: "function fish_prompt; echo '> '; end; source" },
};

describe.each(Object.entries(SHELLS))("in %s", (shell, { argv, setUp }) => {
  beforeEach(async (ctx) => {
    ctx.skip(!(await hasShell(shell)), `no ${shell} here`);
  });

  it("completes commands, flags, names and files [X-11]", async () => {
    const { script } = (await cli.json(["completion", shell])) as { script: string };
    const file = path.join(cli.home, `completion.${shell}`);
    await writeFile(file, script);
    await using terminal = await openTerminal(argv, { env: env(), cwd: cli.home, cols: 160 });
    await terminal.type(`${setUp} ${file}; echo ready''now`);
    await terminal.press("Enter");
    await terminal.waitFor("readynow");
    for (const [typed, completed] of CASES()) {
      await terminal.press("C-l");
      await terminal.type(`devbox-ctl ${typed}`);
      await terminal.waitFor(`devbox-ctl ${typed}`);
      await terminal.press("Tab");
      // A letter behind shows whether a blank was added.
      await terminal.waitFor(`devbox-ctl ${completed.trimEnd()}`);
      await terminal.type("@");
      await terminal.waitFor(`> devbox-ctl ${completed}@`);
      await terminal.press("C-c");
      // What is typed before the prompt is back would be put behind what stands there.
      await terminal.waitFor(/(^|\n)>$/);
    }
  });
});

it("prints the same script with and without --json", async () => {
  const { script } = (await cli.json(["completion", "bash"])) as { script: string };
  expect((await cli.run(["completion", "bash"])).stdout.trimEnd()).toBe(script.trimEnd());
});

it("names boxes without asking Podman, and says nothing when it cannot", async () => {
  const withoutPodman = { DEVBOX_CONFIG: path.join(cli.home, "no-podman.yaml") };
  const config = JSON.parse(await readFile(cli.configFile, "utf8")) as { engine: Record<string, string> };
  await writeFile(
    withoutPodman.DEVBOX_CONFIG,
    JSON.stringify({ ...config, engine: { ...config.engine, path: "/nowhere/podman" } }),
  );
  const { stdout } = await cli.run(["complete", "boxes"], { env: withoutPodman });
  expect(stdout.split("\n")).toEqual(expect.arrayContaining([box, other]));
});

it("refuses another shell, and names those it knows", async () => {
  const { stderr, exitCode } = await cli.run(["completion", "tcsh"]);
  expect(exitCode).toBe(2);
  expect(stderr).toContain("bash, zsh, fish");
});
