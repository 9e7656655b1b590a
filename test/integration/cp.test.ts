import { createHash, randomBytes } from "node:crypto";
import { chmod, mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { testCli, type TestCli } from "../support/cli.ts";
import { testImage } from "../support/image.ts";
import { benchEnv, removeTestObjects } from "../support/podman.ts";
import { runClean, type Ran } from "../support/rootless.ts";
import { expectValid } from "../support/schema.ts";

let cli: TestCli;
let folder: string;
const at = (...names: string[]) => path.join(folder, ...names);
const cp = (...args: string[]): Promise<Ran> => cli.run(["cp", ...args], { cwd: folder });
const script = async (text: string): Promise<string> => (await cli.run(["exec", "api", "--", "sh", "-c", text])).stdout;
const sha = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
/** Runs a program of this machine that must succeed. */
const tool = async (...argv: string[]): Promise<string> => {
  const ran = await runClean(argv, benchEnv());
  expect(ran, argv.join(" ")).toMatchObject({ exitCode: 0 });
  return ran.stdout;
};
/** What no copy may leave, on either side. */
const rubbish = async (): Promise<string> =>
  (await script("find /home/dev -name '.devbox-*'")) + (await tool("find", folder, "-name", ".devbox-*"));

/** Starts the program with streams of one's own. */
const start = (args: readonly string[]) =>
  execa(cli.argv[0] ?? "", [...cli.argv.slice(1), ...args], {
    ...{ env: cli.env, extendEnv: false, cwd: folder, reject: false, encoding: "buffer" },
    ...{ stdin: "pipe", maxBuffer: 20_000_000 },
  } as const);

beforeAll(async () => {
  const image = await testImage();
  cli = await testCli({ config: { image, limits: { memory: "512MiB", reserve: { memory: "64MiB", disk: "64MiB" } } } });
  expect(await cli.run(["create", "api"])).toMatchObject({ exitCode: 0 });
});

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "dbxtest-cp-"));
  await script("cd ~ && find . -mindepth 1 -delete; mkdir workspace");
  return async () => {
    await rm(folder, { recursive: true, force: true });
  };
});

afterAll(async () => {
  await removeTestObjects();
  await cli.remove();
});

it("carries five random megabytes through standard input and output, byte by byte [FR-025]", async () => {
  const bytes = randomBytes(5_000_000);
  const sending = start(["cp", "-", "api:workspace/data"]);
  sending.stdin.end(bytes);
  expect(await sending).toMatchObject({ exitCode: 0 });
  expect(await script("sha256sum <data")).toContain(sha(bytes));
  const { stdout, exitCode } = await start(["cp", "api:workspace/data", "-"]);
  expect(exitCode).toBe(0);
  expect(sha(stdout)).toBe(sha(bytes));
  expect((await cp("api:workspace/data", "-", "--json")).exitCode).toBe(2);
});

it("carries files with any name, and their permissions, without set-user-id [FR-025]", async () => {
  const names = ["with space", "new\nline", "-rf", "--checkpoint-action=exec=sh", "ümläut", "trailing\n"];
  for (const name of names) {
    await writeFile(at(name), name, { mode: 0o640 });
    expect(await cp("--", name, "api:workspace"), name).toMatchObject({ exitCode: 0 });
    expect(await cp(`api:workspace/${name}`, `./back-${name}`), name).toMatchObject({ exitCode: 0 });
    expect(await readFile(at(`back-${name}`), "utf8")).toBe(name);
    expect((await stat(at(`back-${name}`))).mode & 0o7777).toBe(0o640);
  }
  await script("echo x > suid && chmod 6755 suid");
  await cp("api:workspace/suid", "suid");
  expect((await stat(at("suid"))).mode & 0o7777).toBe(0o755);
  const json: unknown = JSON.parse((await cp("api:workspace/suid", "suid", "--json")).stdout);
  expect(expectValid("copy", json)).toEqual({
    from: "api:workspace/suid",
    to: "suid",
    kind: "file",
    bytes: 2,
    remarks: [],
  });
  expect(await cp("suid", "api:suid", "--quiet")).toMatchObject({ exitCode: 0, stdout: "", stderr: "" });
});

it("carries directories both ways as they are [FR-025]", async () => {
  await mkdir(at("src/sub dir/empty"), { recursive: true });
  await writeFile(at("src/sub dir/new\nline"), randomBytes(100_000));
  await writeFile(at("src/-rf"), "x", { mode: 0o755 });
  await symlink("/etc/passwd", at("src/link"));
  await symlink("-rf", at("src/inner"));
  await chmod(at("src/sub dir"), 0o700);
  expect(await cp("src", "api:workspace/new")).toMatchObject({ exitCode: 0 });
  expect(await cp("src/", "api:workspace/")).toMatchObject({ exitCode: 0 });
  expect(await script("diff -r --no-dereference new src && ls -ld 'src/sub dir' | cut -c1-10")).toBe("drwx------");
  expect(await cp("api:workspace/src", "back")).toMatchObject({ exitCode: 0 });
  expect(await cp("api:workspace/src", "back")).toMatchObject({ exitCode: 0 });
  await tool("diff", "-r", "--no-dereference", at("src"), at("back/src"));
  await rm(at("back/src"), { recursive: true });
  await tool("diff", "-r", "--no-dereference", at("src"), at("back"));
  expect(await readlink(at("back/link"))).toBe("/etc/passwd");
  expect(await cp("api:workspace/src/.", "back")).toMatchObject({ exitCode: 0 });
  expect(await readdir(at("back"))).not.toContain("src");
});

it("refuses a file over a directory and a directory over a file, both ways", async () => {
  await mkdir(at("dir/f"), { recursive: true });
  await writeFile(at("file"), "");
  await script("mkdir -p dir/f; touch file");
  const refused: readonly (readonly [string, string, number])[] = [
    ["file", "api:workspace/file/", 5],
    ["dir", "api:workspace/file", 5],
    ["api:workspace/dir", "file", 5],
    ["api:workspace/file", "file/", 5],
    ["file", "api:workspace/none/", 2],
    ["file", "api:workspace/none/x", 2],
    ["api:workspace/file", "none/", 2],
    ["api:workspace/file", "none/x", 2],
    ["api:workspace/none", "x", 2],
    ["none", "api:", 2],
    ["api:workspace/dir", "-", 5],
    ["-", "api:workspace", 5],
  ];
  for (const [from, to, exitCode] of refused) expect(await cp(from, to), `${from} ${to}`).toMatchObject({ exitCode });
  await writeFile(at("f"), "");
  expect(await cp("f", "api:workspace/dir")).toMatchObject({ exitCode: 5 });
  expect(await rubbish()).toBe("");
});

it("does not leave the home, by dots or by links, in either direction [R-05]", async () => {
  await script("ln -s /etc etc; ln -s /etc/passwd users; ln -s /tmp/new fresh; ln -s ../../.. up");
  await writeFile(at("f"), "evil");
  await mkdir(at("d"));
  const outside = ["../../x", "/etc/passwd", "/", "/home/devil", "workspace/../../dev2"];
  const byLink = ["etc/passwd", "etc", "users", "fresh", "up/etc/passwd"].map((link) => `workspace/${link}`);
  for (const there of [...outside, ...byLink]) {
    for (const args of [
      [`api:${there}`, "stolen"],
      [`api:${there}`, "-"],
      ["f", `api:${there}`],
      ["d", `api:${there}`],
    ]) {
      const ran = await cp(...args);
      expect(ran, args.join(" ")).toMatchObject({ exitCode: 2, stdout: "" });
      expect(ran.stderr).toContain("is outside /home/dev");
    }
  }
  expect(await readdir(folder)).toEqual(["d", "f"]);
  expect(await script("ls /tmp/new /etc/f /etc/d 2>/dev/null")).toBe("");
});

it("takes from a box neither devices nor pipes, and what dev may not read [R-05]", async () => {
  await script("mkdir odd shut; mkfifo odd/pipe; touch shut/f; chmod 0 shut/f");
  for (const source of ["odd", "odd/pipe", "shut", "shut/f"]) {
    expect(await cp(`api:workspace/${source}`, "out"), source).toMatchObject({ exitCode: 4 });
  }
  expect(await readdir(folder)).toEqual([]);
});

it("a copy that breaks leaves the target as it was, and nothing beside it", async () => {
  await script("echo before > target; head -c 300000000 /dev/zero > big; mkdir tree; ln big tree/big");
  await writeFile(at("target"), "before\n");
  await tool("truncate", "-s", "300M", at("big"));
  await mkdir(at("tree"));
  await tool("ln", at("big"), at("tree/big"));
  const targets = async () => [
    await script("cat target; ls -A"),
    await readFile(at("target"), "utf8"),
    await readdir(folder),
  ];
  const before = await targets();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    for (const args of [
      ["big", "api:workspace/target"],
      ["tree", "api:workspace/fresh"],
      ["api:workspace/big", "target"],
      ["api:workspace/tree", "fresh"],
    ]) {
      const running = start(["cp", ...args]);
      await new Promise((resolve) => setTimeout(resolve, 900));
      running.kill(signal);
      const { exitCode, stderr } = await running;
      expect(exitCode, `${args.join(" ")}: ${Buffer.from(stderr).toString()}`).toBe(130);
      await expect.poll(rubbish, { timeout: 20_000 }).toBe("");
      expect(await targets(), args.join(" ")).toEqual(before);
    }
  }
  // Killed outright: the box sees its input end without the mark.
  const half = start(["cp", "-", "api:workspace/target"]);
  half.stdin.write("half");
  await new Promise((resolve) => setTimeout(resolve, 900));
  half.kill("SIGKILL");
  await half;
  await expect.poll(rubbish, { timeout: 20_000 }).toBe("");
  expect(await targets()).toEqual(before);
});

it("says that the box is stopped, before a copy and in the middle of one", async () => {
  await script("head -c 300000000 /dev/zero > big");
  const running = cp("api:workspace/big", "out");
  await new Promise((resolve) => setTimeout(resolve, 900));
  await cli.run(["stop", "api"]);
  const stopped = [await running, await cp("api:workspace/big", "out")];
  await writeFile(at("f"), "");
  stopped.push(await cp("f", "api:workspace"));
  await cli.run(["start", "api"]);
  for (const ran of stopped) {
    expect(ran).toMatchObject({ exitCode: 5 });
    expect(ran.stderr).toContain("devbox-ctl start api");
  }
  expect(await readdir(folder)).toEqual(["f"]);
  expect(await rubbish()).toBe("");
});
