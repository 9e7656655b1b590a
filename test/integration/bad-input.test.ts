import { execFileSync } from "node:child_process";
import { chmod, mkdir, readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { jsonRefusal, refusal } from "../fixtures/bad-podman/refusal.ts";
import { testCli, type TestCli } from "../support/cli.ts";
import { runClean } from "../support/rootless.ts";

// What is refused before anything is made: names, values, configurations, surroundings.

let cli: TestCli;

beforeAll(async () => {
  cli = await testCli();
});
afterAll(() => cli.remove());

const LONG = "x".repeat(10_000);

describe("a name that breaks a rule is refused with the rule [FR-030] [FR-031]", () => {
  it.each([
    ["ab", "at least 3 characters"],
    ["a".repeat(64), "at most 63 characters", "a".repeat(63)],
    [LONG, "at most 63 characters", "x".repeat(63)],
    ["MyBox", "in lower case", "mybox"],
    ["my_box", "only letters a to z, digits and hyphens", "my-box"],
    ["../../etc/passwd", "only letters a to z, digits and hyphens", "etc-passwd"],
    ["/root", "only letters a to z, digits and hyphens", "root"],
    ["api\nweb", "only letters a to z, digits and hyphens", "api-web"],
    ["\u001b[31mred\u001b[0m", "only letters a to z, digits and hyphens", "mred-0m"],
    ["\u202egnp", "only letters a to z, digits and hyphens", "gnp"],
    ["bücher", "only letters a to z, digits and hyphens", "b-cher"],
    ["api;reboot", "only letters a to z, digits and hyphens", "api-reboot"],
    ["1api", "starts with a letter", "api"],
    ["123", "starts with a letter", "api or my-project"],
    ["a--b", "no double hyphen", "a-b"],
    ["api-", "does not end with a hyphen", "api"],
  ])("%j", async (name, rule, suggestion = "") => {
    const { what, why, next } = refusal(await cli.run(["create", name]), 2);
    expect(what).toContain(rule);
    expect(why).toContain("host names");
    expect(next.join()).toContain(suggestion);
  });

  it("the empty one, and one that looks like a flag", async () => {
    expect(refusal(await cli.run(["create", ""]), 2).what).toMatch(/empty|missing/);
    refusal(await cli.run(["create", "--", "-x"]), 2);
    refusal(await cli.run(["create", "-x"]), 2);
  });
});

describe("names that are no names find nothing, whatever is to be done to them [FR-031]", () => {
  const commands: Readonly<Record<string, (name: string) => string[]>> = {
    status: (name) => ["status", name],
    start: (name) => ["start", name],
    stop: (name) => ["stop", name],
    restart: (name) => ["restart", name],
    destroy: (name) => ["destroy", name, "--yes"],
    ssh: (name) => ["ssh", name],
    exec: (name) => ["exec", name, "--", "true"],
    logs: (name) => ["logs", name],
    "volume remove": (name) => ["volume", "remove", name, "--yes"],
    "create --volume": (name) => ["create", "api", "--volume", name],
  };
  const NAMES = [
    "../../etc/passwd",
    "api\nweb\r",
    "\u001b]0;owned\u0007\u001b[2J",
    "\u009b31m\u202e",
    LONG,
    "$(reboot)",
    "constructor",
  ];

  it.each(Object.keys(commands))("%s", async (command) => {
    for (const name of NAMES) {
      const { what, next } = refusal(await cli.run(commands[command]!(name)), 3);
      expect(what).toMatch(/^you have no (box|home volume) named "/);
      expect(what.length).toBeLessThan(1000);
      expect(next.join()).toContain("list");
    }
  });

  it("an exec without a command does not repeat them", async () => {
    for (const name of NAMES) expect(refusal(await cli.run(["exec", name]), 2).what).toBe("exec needs a command.");
  });
});

describe("CPU and memory that no box can have [FR-029] [X-08]", () => {
  it.each([
    ["--cpus=0", 2, "is zero"],
    ["--cpus=-1", 2, "is negative"],
    ["--cpus=0.01", 2, "too little"],
    ["--cpus=many", 2, "not a number of cores"],
    ["--cpus=1e9", 2, "not a number of cores"],
    ["--cpus=NaN", 2, "not a number of cores"],
    ["--cpus=", 2, "not a number of cores"],
    ["--cpus=9", 6, "at most 8 CPU cores"],
    [`--cpus=${"9".repeat(400)}`, 6, "at most 8 CPU cores"],
    ["--memory=0", 2, "is zero"],
    ["--memory=-4GiB", 2, "is negative"],
    ["--memory=4096", 2, "has no unit"],
    ["--memory=4XiB", 2, "unknown unit"],
    ["--memory=much\u001b[31m", 2, "is not a size"],
    ["--memory=1KiB", 2, "too little"],
    ["--memory=99999999TiB", 2, "absurdly large"],
    ["--memory=17GiB", 6, "at most 16 GiB"],
  ])("%s: exit %d", async (flag, exitCode, says) => {
    const { what, next } = refusal(await cli.run(["create", "api", flag]), exitCode);
    expect(what).toContain(says);
    expect(next.join()).toMatch(/--(cpus|memory) \d/);
  });

  it("more than the host has: exit 10, with what it has and what must be left", async () => {
    await using poor = await testCli({
      config: { limits: { maxCpus: 4096, maxMemory: "900TiB", reserve: { disk: "1MiB" } } },
    });
    expect(refusal(await poor.run(["create", "api", "--cpus", "4096"]), 10).what).toMatch(
      /this host has \d+ CPU cores/,
    );
    const memory = refusal(await poor.run(["create", "api", "--memory", "900TiB"]), 10);
    expect(memory.what).toContain("too little memory");
    expect(memory.why).toContain("must be left to the host");
    await poor.writeConfig({ limits: { reserve: { memory: "1MiB", disk: "8000TiB" } } });
    expect(refusal(await poor.run(["create", "api"]), 10).what).toContain("too little disk");
  });
});

describe("a configuration that is none", () => {
  const config = (name: string) => path.join(cli.home, name);

  it.each<readonly [string, string | Buffer, RegExp, RegExp]>([
    ["not YAML", "limits: [1, 2\nimage: }", /is not YAML/, /line \d/],
    ["bytes", Buffer.from([0, 1, 2, 0xff, 0xfe, 27, 91, 51, 49, 109]), /is not/, /^/],
    ["empty", "", /is empty/, /^$/],
    ["only a comment", "# nothing\n", /is empty/, /^$/],
    ["a list", "- limits\n", /not a mapping/, /^$/],
    ["a word", "devbox\n", /not a mapping/, /^$/],
    ["two documents", "image: a\n---\nimage: b\n", /is not YAML/, /document/],
    ["a key twice", "image: a\nimage: b\n", /is not YAML/, /unique/],
    ["an alias to nowhere", "image: *gone\n", /is not YAML/, /[Aa]lias/],
    [
      "a bomb of aliases",
      `a: &a [1]\n${"bcdefghij"
        .split("")
        .map((k, i) => `${k}: &${k} [${Array(9).fill(`*${"abcdefghi"[i]!}`).join()}]`)
        .join("\n")}`,
      /is not/,
      /[Aa]lias|unknown key/,
    ],
    ["nested without end", "[".repeat(50_000), /is not YAML/, /^/],
    [
      "unknown keys",
      "limts: {}\nlimits: {perUsr: 3}\n",
      /not a valid/,
      /^(?=[^]*limts: unknown key; did you mean limits\?)(?=[^]*limits\.perUsr: .*perUser\?)/,
    ],
    [
      "wrong types",
      "limits: {perUser: many, memory: 4}\nusers: []\n",
      /not a valid/,
      /limits\.perUser: [^]*limits\.memory: [^]*users: /,
    ],
    ["escapes in a key", '"\\e[31m": 1\n', /not a valid/, /\\u\{1b\}\[31m: unknown key/],
  ])("%s", async (name, text, what, why) => {
    await writeFile(config("bad.yaml"), text);
    for (const args of [
      ["list", "--config", config("bad.yaml")],
      ["config", "check", config("bad.yaml")],
    ]) {
      const error = refusal(await cli.run(args), 2);
      expect(error.what, name).toMatch(what);
      expect(error.why, name).toMatch(why);
    }
  });

  it("that is not there, a directory, below a file, or has an escape in its name", async () => {
    expect(refusal(await cli.run(["list", "--config", "none.yaml"]), 2)).toMatchObject({ why: "--config names it." });
    const byVariable = await cli.run(["list"], { env: { DEVBOX_CONFIG: "/none/at/all.yaml" } });
    expect(refusal(byVariable, 2)).toMatchObject({ why: "DEVBOX_CONFIG names it." });
    const folder = path.join(cli.home, "dir\u001b[31m");
    await mkdir(folder);
    for (const file of [folder, path.join(cli.configFile, "x"), `\u001b[31m${LONG}`])
      refusal(await cli.run(["list", "--config", file]), 2);
  });

  it("that this user cannot read", async () => {
    const file = config("secret.yaml");
    await writeFile(file, "{}");
    await chmod(file, 0);
    // Root reads everything, so it gives that up.
    const without =
      process.getuid?.() === 0 ? ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"] : [];
    const error = refusal(await runClean([...without, ...cli.argv, "list", "--config", file], cli.env), 2);
    expect(error.what).toContain("cannot be read");
    expect(error.why).toContain("EACCES");
  });
});

describe("surroundings that are not as usual", () => {
  it("no home, an empty one, relative XDG directories: the state is never below the working directory", async () => {
    const empty = path.join(cli.home, "empty");
    await mkdir(empty);
    const odd = ["-u", "XDG_STATE_HOME", "XDG_CONFIG_HOME=config", "XDG_CACHE_HOME=cache"];
    for (const words of [["-u", "HOME"], ["HOME="], ["HOME=relative"]]) {
      const argv = [
        "env",
        ...odd.slice(0, 2),
        ...(words[0] === "-u" ? words : []),
        ...odd.slice(2),
        ...words.filter((w) => w.includes("=")),
        ...cli.argv,
      ];
      const ran = await runClean([...argv, "config", "show", "--json"], cli.env, { cwd: empty });
      expect(ran.exitCode, ran.stdout).toBe(0);
      expect(JSON.parse(ran.stdout)).toMatchObject({
        stateDir: expect.stringMatching(/^\/.+\/\.local\/state\/devbox$/) as unknown,
      });
    }
    const relative = await cli.run(["config", "show", "--json"], { env: { XDG_STATE_HOME: "state" } });
    expect(JSON.parse(relative.stdout)).toMatchObject({ stateDir: `${cli.home}/.local/state/devbox` });
    expect(await readdir(empty)).toEqual([]);
  });

  it("a reader that goes away, and streams that are closed", async () => {
    const shell = (script: string) => runClean(["bash", "-c", script, ...cli.argv], cli.env);
    expect(await shell('"$0" config schema | head -1; exit ${PIPESTATUS[0]}')).toMatchObject({
      exitCode: 0,
      stdout: "{",
      stderr: "",
    });
    expect(await shell('"$0" list <&-')).toMatchObject({ exitCode: 0 });
    expect(await shell('"$0" list </dev/null >/dev/null')).toMatchObject({ exitCode: 0, stderr: "" });
    expect(await shell('"$0" status nope 2>&-')).toMatchObject({ exitCode: 3, stdout: "" });
    expect(await shell('"$0" list >&-')).toMatchObject({ exitCode: 0 });
  });

  it("nothing is asked where there is nothing to destroy", async () => {
    const { what } = refusal(await cli.run(["volume", "remove", "some\u001b[31m-home"]), 3);
    expect(what).toContain('you have no home volume named "some\\u{1b}[31m-home"');
  });
});

describe("under --json an error is the result", () => {
  it.each<readonly [string, readonly string[], number, string]>([
    ["unknown flag", ["list", "--colour"], 2, "USAGE"],
    ["missing argument", ["status"], 2, "USAGE"],
    ["bad name", ["create", "Api\u001b[31m"], 2, "INVALID_NAME"],
    ["bad size", ["create", "api", "--memory", "4"], 2, "INVALID_SPEC"],
    ["bad configuration", ["list", "--config", "/none"], 2, "INVALID_CONFIG"],
    ["no such file", ["image", "load", "/none\u001b[31m.tar"], 2, "NO_SUCH_FILE"],
    ["no such box", ["status", LONG], 3, "BOX_NOT_FOUND"],
    ["no such volume", ["volume", "remove", "none", "--yes"], 3, "VOLUME_NOT_FOUND"],
    ["no right", ["list"], 4, "STATE_UNWRITABLE"],
    ["no slot", ["create", "api"], 6, "LIMIT_PER_USER"],
    ["over a limit", ["create", "api", "--cpus", "9"], 6, "LIMIT_CPUS"],
    ["no engine", ["list"], 7, "ENGINE_MISSING"],
    ["no memory", ["create", "api"], 10, "HOST_MEMORY"],
  ])("%s", async (_, args, exitCode, code) => {
    const configs: Readonly<Record<string, Record<string, unknown>>> = {
      STATE_UNWRITABLE: { state: { dir: "/proc/devbox" } },
      LIMIT_PER_USER: { limits: { perUser: 0 } },
      ENGINE_MISSING: { engine: { path: "/none/podman" } },
      HOST_MEMORY: { limits: { reserve: { memory: "8000TiB" } } },
    };
    await cli.writeConfig(configs[code] ?? {});
    try {
      jsonRefusal(await cli.run([...args, "--json"]), exitCode, code);
    } finally {
      await cli.writeConfig({});
    }
  });
});

it("leaves nothing in Podman after all that", () => {
  const namespace = JSON.parse(execFileSync("cat", [cli.configFile], { encoding: "utf8" })) as {
    engine: { namespace: string };
  };
  const names = execFileSync("podman", ["volume", "ls", "--format", "{{.Name}}"], { encoding: "utf8" });
  expect(names).not.toContain(namespace.engine.namespace);
});
