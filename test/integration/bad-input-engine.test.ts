import { execFileSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { BAD_PODMAN, jsonRefusal, processesWith, refusal } from "../fixtures/bad-podman/refusal.ts";
import { testCli, type TestCli } from "../support/cli.ts";
import { testImage } from "../support/image.ts";
import { podmanOk } from "../support/podman.ts";
import { openTerminal } from "../support/tmux.ts";

// What Podman does to us, and what is done to us while Podman works.

const WELL = "none at-all";
const limits = { reserve: { memory: "1MiB", disk: "1MiB" }, memory: "128MiB", cpus: 0.5 };
let cli: TestCli;
let image: string;
let namespace: string;
let seen: string;

beforeAll(async () => {
  image = await testImage();
  cli = await testCli({ env: { BAD_PODMAN: WELL } });
  await settings(30);
  namespace = (JSON.parse(await readFile(cli.configFile, "utf8")) as { engine: { namespace: string } }).engine
    .namespace;
});
beforeEach(() => {
  seen = path.join(cli.home, `seen-${String(Math.random())}`);
});
afterAll(() => cli.remove());

const settings = (timeout: number) => cli.writeConfig({ image, limits, engine: { path: BAD_PODMAN, timeout } });
const run = (bad: string, ...args: string[]) => cli.run(args, { env: { BAD_PODMAN: bad, BAD_SEEN: seen } });

/** Everything of ours that Podman has, and how many slots the ledger counts. */
async function left(): Promise<{ containers: string; volumes: string; boxes: number }> {
  const filter = ["--filter", `label=devbox-ctl.namespace=${namespace}`, "--format", "{{.Names}}"];
  const { boxes } = (await cli.json(["list"])) as { boxes: unknown[] };
  return {
    containers: await podmanOk(["ps", "--all", ...filter]),
    volumes: await podmanOk(["volume", "ls", ...filter.slice(0, 2), "--format", "{{.Name}}"]),
    boxes: boxes.length,
  };
}
const NOTHING = { containers: "", volumes: "", boxes: 0 };

describe("a podman that is not there", () => {
  it("at its path, or in PATH: exit 7, where it was looked for and how to get it", async () => {
    await using bare = await testCli({ config: { engine: { path: "/none\u001b[31m/podman" } } });
    for (const args of [["list"], ["create", "api"], ["volume", "list"], ["image", "list"]]) {
      const { what, why, next } = refusal(await bare.run(args), 7);
      expect(what).toBe("Podman is not here.");
      expect(why).toContain("/none\\u{1b}[31m/podman cannot be started (ENOENT)");
      expect(next.join()).toMatch(/apt-get install podman.*engine\.path/);
    }
    await bare.writeConfig({});
    const { why } = refusal(await bare.run(["list"], { env: { PATH: path.dirname(process.execPath) } }), 7);
    expect(why).toContain("podman cannot be started");
  });
});

describe("a podman that hangs", () => {
  it.each([
    ["all hang", ["list"], "podman ps"],
    ["ps stubborn", ["list"], "podman ps"],
    ["ps leaves", ["list"], "podman ps"],
    ["info hang", ["create", "api"], "podman info"],
    ["volume-ls hang", ["volume", "list"], "podman volume ls"],
    ["images hang", ["image", "list"], "podman images"],
  ])("%s: given up in time, named, and no process is left", async (bad, args, spoken) => {
    await settings(1);
    try {
      const { what, why, next } = refusal(await run(bad, ...args), 7);
      expect(what).toBe(`${spoken} did not answer within 1 s.`);
      expect(why).toContain("hangs");
      expect(next.join()).toContain("engine.timeout");
      await vi.waitFor(() => expect(processesWith(`BAD_SEEN=${seen}`)).toEqual([]), { timeout: 3000 });
    } finally {
      await settings(30);
    }
  });
});

describe("a podman that answers badly", () => {
  it.each([
    ["ps fail", "podman ps failed.", "the \\u{1b}[31mred"],
    ["ps quiet", "podman ps failed.", "exit code 3"],
    ["ps lines", "podman ps failed.", "line 500 of many"],
    ["ps killed", "podman ps was ended from outside.", "SIGSEGV"],
    ["ps garbage", "podman ps printed something", "this is not JSON"],
    ["ps nothing", "podman ps printed something", '""'],
    ["ps shape", "podman ps printed something", "42"],
    ["ps big", "podman ps printed something", "52428800 characters"],
    ["ps endless", "podman ps printed more than", "64 MiB"],
  ])("%s: %s", async (bad, says, words) => {
    const { what, why } = refusal(await run(bad, "list"), 7);
    expect(what).toContain(says);
    expect(why).toContain(words);
  });
});

describe("a create that Podman does not carry out is taken back, and its slot is free", () => {
  it.each([
    ["volume-create fail", 7, "podman volume create failed."],
    ["run fail", 7, "podman run failed."],
    ["run garbage", 7, "podman did not say which container it made."],
    ["run killed", 7, "podman run was ended from outside."],
    ["run nospace", 10, "the disk is full."],
    ["volume-create nospace", 10, "the disk is full."],
    ["exec fail", 7, "api did not become ready."],
  ])("%s: exit %d", async (bad, exitCode, says) => {
    const { what, why } = refusal(await run(bad, "create", "api", "--yes"), exitCode);
    expect(what).toBe(says);
    expect(why).not.toBe("");
    expect(await left()).toEqual(NOTHING);
  });

  it("an image that is not here is named, and how to make one", async () => {
    const { what, next } = refusal(await run(WELL, "create", "api", "--image", "localhost/none:1"), 7);
    expect(what).toContain('"localhost/none:1" is not on this host');
    expect(next.join()).toContain("image build");
    expect(await left()).toEqual(NOTHING);
  });

  it("one volume fails at once, the other comes late: neither stays", async () => {
    const wrap =
      '#!/bin/sh\ncase "$1 $2 $*" in "volume create "*-private) exit 9 ;; "volume create "*) sleep 2 ;; esac\nexec podman "$@"\n';
    await writeFile(path.join(cli.home, "late"), wrap, { mode: 0o755 });
    await cli.writeConfig({ image, limits, engine: { path: path.join(cli.home, "late"), timeout: 30 } });
    try {
      refusal(await run(WELL, "create", "api"), 7);
    } finally {
      await settings(30);
    }
    expect(await left()).toEqual(NOTHING);
  });

  it("what cannot be taken back is said, kept in mind and done by the next command", async () => {
    await writeFile(
      path.join(cli.home, "wrap"),
      `#!/bin/sh\ncase " $* " in *" run "*) BAD_PODMAN="run fail" ;; " rm "*) BAD_PODMAN="rm fail" ;; esac\nexport BAD_PODMAN\nexec ${BAD_PODMAN} "$@"\n`,
      { mode: 0o755 },
    );
    await cli.writeConfig({ image, limits, engine: { path: path.join(cli.home, "wrap"), timeout: 30 } });
    const { what, why, next } = refusal(await run(WELL, "create", "api"), 11);
    expect(what).toContain("not all of it could be taken back");
    expect(why).toMatch(/podman run failed[^]*podman rm failed/);
    expect(next.join()).toContain("doctor --fix");
    await settings(30);
    expect(await run(WELL, "create", "api", "--no-start")).toMatchObject({ exitCode: 0 });
    expect(await run(WELL, "destroy", "api", "--yes")).toMatchObject({ exitCode: 0 });
    expect(await left()).toEqual(NOTHING);
  });
});

/** Waits until the bad podman has got to a verb. */
const reached = (verb: string) =>
  vi.waitFor(async () => expect(await readFile(seen, "utf8")).toContain(verb), { timeout: 20_000, interval: 20 });

describe("a create that is interrupted leaves nothing, and its slot is free", () => {
  it.each([
    ["SIGINT", "info", "info"],
    ["SIGINT", "volume-create", "volume"],
    ["SIGTERM", "run", "run"],
    ["SIGHUP", "run", "run"],
    ["SIGINT", "exec", "exec"],
  ] as const)("%s during podman %s", async (signal, verb, word) => {
    // What Podman can do is asked anew, as on a first run.
    if (verb === "info") execFileSync("touch", [BAD_PODMAN]);
    const env = { ...cli.env, BAD_PODMAN: `${verb} slow`, BAD_SEEN: seen, BAD_SECONDS: "2" };
    const child = execa(cli.argv[0]!, [...cli.argv.slice(1), "create", "api"], {
      env,
      extendEnv: false,
      reject: false,
      stdin: "ignore",
    });
    await reached(word);
    child.kill(signal);
    const ran = await child;
    const { what, why } = refusal({ stdout: ran.stdout, stderr: ran.stderr, exitCode: ran.exitCode ?? -1 }, 130);
    expect(what).toMatch(/interrupted[.;]/);
    expect(why).toMatch(signal === "SIGINT" ? /Ctrl-C/ : new RegExp(signal));
    expect(ran.stderr).toContain("stopping; once more ends it at once");
    expect(await left()).toEqual(NOTHING);
  });

  it("Ctrl-C in a terminal: Podman's step is not halved", async () => {
    const env = { ...cli.env, BAD_PODMAN: "run slow", BAD_SEEN: seen, BAD_SECONDS: "2" };
    await using terminal = await openTerminal([...cli.argv, "create", "api"], { env });
    await reached("run");
    await terminal.press("C-c");
    await terminal.waitFor("was interrupted;");
    expect(await terminal.exitCode()).toBe(130);
    expect(await left()).toEqual(NOTHING);
  });
});

describe("two commands on one box", () => {
  it("the second is told who is at work, for what and since when; volumes in use and questions are named too", async () => {
    expect(await run(WELL, "create", "api", "--no-start")).toMatchObject({ exitCode: 0 });
    const env = { ...cli.env, BAD_PODMAN: "start slow", BAD_SEEN: seen, BAD_SECONDS: "6" };
    const first = execa(cli.argv[0]!, [...cli.argv.slice(1), "start", "api"], {
      env,
      extendEnv: false,
      reject: false,
      stdin: "ignore",
    });
    await reached("start");
    const others = [
      ["stop", "api"],
      ["restart", "api"],
      ["destroy", "api", "--yes"],
    ];
    for (const { what, why } of (await Promise.all(others.map((args) => run(WELL, ...args)))).map((ran) =>
      refusal(ran, 75),
    )) {
      expect(what).toBe("another command is working on api.");
      expect(why).toMatch(new RegExp(`^start api, by \\S+, process ${String(first.pid)}, since just now\\.$`));
    }
    jsonRefusal(await run(WELL, "stop", "api", "--json"), 75, "BUSY");
    expect(await first).toMatchObject({ exitCode: 0 });

    expect(refusal(await run(WELL, "create", "api"), 5).what).toBe('you have a box named "api" already.');
    expect(refusal(await run(WELL, "create", "web"), 5).next.join()).toContain("--additional");
    const unasked = refusal(await run(WELL, "destroy", "api"), 5);
    expect(unasked.what).toContain("needs a confirmation");
    expect(unasked.why).toContain("gone for good");
    expect(unasked.next.join()).toContain("--yes");
    jsonRefusal(await run(WELL, "destroy", "api", "--json"), 5, "NEEDS_CONFIRMATION");

    const home = (
      await podmanOk(["volume", "ls", "--format", "{{.Name}}", "--filter", `label=devbox-ctl.namespace=${namespace}`])
    )
      .split("\n")
      .find((name) => name.endsWith("-home"))!;
    expect(refusal(await run(WELL, "create", "web", "--additional", "--volume", home), 5).what).toBe(
      `"${home}" is the home of api.`,
    );
    expect(refusal(await run(WELL, "volume", "remove", home, "--yes"), 5).what).toContain("in use as the home of api");
    const secret = home.replace(/-home$/, "-private");
    const foreign = `${namespace}-foreign`;
    await podmanOk(["volume", "create", foreign]);
    for (const volume of [secret, foreign, "none"]) {
      expect(refusal(await run(WELL, "create", "web", "--additional", "--volume", volume), 3).what).toBe(
        `you have no home volume named "${volume}".`,
      );
    }

    const failed = refusal(await run("rm fail", "destroy", "api", "--yes"), 11);
    expect(failed.what).toContain("is not finished");
    expect(await run(WELL, "destroy", "api", "--yes")).toMatchObject({ exitCode: 0 });
    await podmanOk(["volume", "rm", foreign]);
    expect(await left()).toEqual(NOTHING);
  });
});
