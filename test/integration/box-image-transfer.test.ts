import { createHash, randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readFile, readlink, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";
import manifest from "../../containers/box/image.json" with { type: "json" };
import { contractOptions, testImage } from "../support/image.ts";
import { testName } from "../support/ids.ts";
import { benchEnv, podman, podmanOk, removeTestObjects } from "../support/podman.ts";
import type { Ran } from "../support/rootless.ts";

// `send` and `receive` of the image, by the engine alone.

const { programs } = manifest;
const box = testName();
const names = ["with space", "new\nline", "-dash", ".hidden", "ümläut", 'quo"te\\', "trailing\n"];
let folder: string;

interface Result {
  readonly exitCode: number | undefined;
  readonly stdout: Buffer;
  readonly stderr: string;
}

const asDev = (...argv: string[]): Promise<Ran> => podman(["exec", "--user", "dev", box, ...argv]);

/** Runs a program of the box as dev with bytes on its standard streams. */
async function transfer(
  program: string,
  args: readonly string[],
  input: Uint8Array = Buffer.alloc(0),
): Promise<Result> {
  const result = await execa("podman", ["exec", "--interactive", "--user", "dev", box, program, ...args], {
    ...{ env: benchEnv(), extendEnv: false, reject: false, stripFinalNewline: false, input },
    encoding: "buffer",
  });
  const stderr = Buffer.from(result.stderr).toString();
  return { exitCode: result.exitCode, stdout: Buffer.from(result.stdout), stderr };
}

const send = (file: string): Promise<Result> => transfer(programs.send, ["--", file]);
const receive = (args: readonly string[], input?: Uint8Array): Promise<Result> =>
  transfer(programs.receive, args, input);

function parse(sent: Result): { header: Record<string, unknown>; body: Buffer } {
  const end = sent.stdout.indexOf("\n");
  const header = JSON.parse(sent.stdout.subarray(0, end).toString()) as Record<string, unknown>;
  return { header, body: sent.stdout.subarray(end + 1) };
}

const sha = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const leftovers = async (): Promise<string> => (await asDev("find", "/home/dev", "-name", ".devbox-receive*")).stdout;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "dbxtest-transfer-"));
  const options = [...contractOptions(), "--tmpfs=/home/dev:size=8m,mode=0755,notmpcopyup"];
  await podmanOk(["run", "--detach", "--name", box, ...options, await testImage()]);
  await podmanOk(["exec", box, programs.ready, "--wait", "20"]);
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await removeTestObjects();
});

it("carries a file of a megabyte there and back, with its mode", async () => {
  const bytes = randomBytes(1_000_000);
  const there = await receive(["--file", "--mode", "0750", "--size", "1000000", "--", "workspace/big"], bytes);
  expect(there).toMatchObject({ exitCode: 0, stderr: "" });
  const { header, body } = parse(await send("/home/dev/workspace/big"));
  expect(header).toMatchObject({ kind: "file", size: 1_000_000, mode: "0750", name: "big" });
  expect(header.mtime).toBeTypeOf("number");
  expect(sha(body)).toBe(sha(bytes));
  // A file that is there keeps its mode.
  await receive(["--file", "--", "workspace/big"], Buffer.from("small"));
  expect(parse(await send("workspace/big"))).toMatchObject({
    header: { mode: "0750", size: 5 },
    body: Buffer.from("small"),
  });
  expect(await receive(["--file", "--", "empty"])).toMatchObject({ exitCode: 0 });
  expect(parse(await send("empty"))).toMatchObject({ header: { size: 0, mode: "0644" }, body: Buffer.alloc(0) });
});

it.each(names)("carries a file whose name is %j", async (name) => {
  expect(await receive(["--file", "--name", name, "--", "workspace"], Buffer.from(name))).toMatchObject({
    exitCode: 0,
    stderr: "",
  });
  const { header, body } = parse(await send(`workspace/${name}`));
  expect(header.name).toBe(name);
  expect(body.toString()).toBe(name);
});

it("carries a directory with odd names, links and empty directories there and back", async () => {
  const source = path.join(folder, "source");
  await mkdir(path.join(source, "empty"), { recursive: true });
  await mkdir(path.join(source, "sub dir"));
  for (const name of names) await writeFile(path.join(source, "sub dir", name), name);
  await symlink("/etc/passwd", path.join(source, "link"));
  const { stdout: tar } = await execa("tar", ["-C", source, "-c", "."], { encoding: "buffer" });
  expect(await receive(["--tar", "--", "tree"], tar)).toMatchObject({ exitCode: 0, stderr: "" });
  // Into a directory that is there, as cp -r does; and once more, merged.
  for (let round = 0; round < 2; round++) {
    expect(await receive(["--tar", "--name", "in side", "--", "tree"], tar)).toMatchObject({ exitCode: 0, stderr: "" });
  }
  const { header, body } = parse(await send("tree/in side"));
  expect(header).toMatchObject({ kind: "directory", size: null, mode: "0755", name: "in side" });
  const back = path.join(folder, "back");
  await mkdir(back);
  await execa("tar", ["-C", back, "-x"], { input: body });
  for (const name of names) expect(await readFile(path.join(back, "sub dir", name), "utf8")).toBe(name);
  expect(await readlink(path.join(back, "link"))).toBe("/etc/passwd");
  await execa("diff", ["-r", "--no-dereference", source, back]);
});

it("does not leave home, by dots or by links [R-05]", async () => {
  await asDev(
    "sh",
    "-c",
    "cd ~ && ln -s /etc etc && ln -s /etc/passwd users && ln -s /tmp/new fresh && ln -s ../.. up",
  );
  const outside = [
    "/etc/passwd",
    "/",
    "..",
    "workspace/../../x",
    "etc/passwd",
    "users",
    "up/etc/passwd",
    "/home/devil",
    "fresh",
  ];
  for (const file of outside) {
    const sent = await send(file);
    expect(sent).toMatchObject({ exitCode: 3, stderr: `send: ${file}: outside /home/dev\n` });
    expect(sent.stdout).toHaveLength(0);
    expect(await receive(["--file", "--", file])).toMatchObject({
      exitCode: 3,
      stderr: `receive: ${file}: outside /home/dev\n`,
    });
    expect(await receive(["--tar", "--", file])).toMatchObject({ exitCode: 3 });
  }
  expect(await receive(["--file", "--name", "users", "--", "/home/dev"])).toMatchObject({ exitCode: 3 });
  for (const name of ["..", ".", "a/b", ""]) {
    expect(await receive(["--file", "--name", name, "--", "workspace"])).toMatchObject({ exitCode: 2 });
  }
  expect((await asDev("ls", "/tmp/new")).exitCode).not.toBe(0);
  // A link that stays inside is followed.
  await asDev("sh", "-c", "cd ~ && echo hi >inside && ln -s inside alias");
  expect(parse(await send("alias"))).toMatchObject({
    header: { kind: "file", name: "alias" },
    body: Buffer.from("hi\n"),
  });
});

it("says by its exit code what is wrong", async () => {
  await asDev("sh", "-c", "cd ~ && mkfifo pipe && mkdir shut dir && touch secret dir/f && chmod 0 shut secret");
  const cases: readonly (readonly [Promise<Result>, number])[] = [
    [send("nothing"), 4],
    [send("no/thing"), 4],
    [send("pipe"), 5],
    [send("shut"), 5],
    [send("shut/in"), 5],
    [send("secret"), 5],
    [send(""), 2],
    [receive(["--file", "--", "no/parent"]), 4],
    [receive(["--file", "--", "slash/"]), 4],
    [receive(["--file", "--", "shut/in"]), 5],
    [receive(["--file", "--", "dir"]), 7],
    [receive(["--file", "--", "pipe"]), 7],
    [receive(["--tar", "--", "dir/f"]), 7],
    [receive(["--file", "--mode", "4755", "--", "x"]), 2],
    [receive(["--", "x"]), 2],
  ];
  for (const [result, exitCode] of cases) {
    const { stderr, ...rest } = await result;
    expect({ ...rest, stderr }).toMatchObject({ exitCode });
    expect(stderr.trim().split("\n"), stderr).toHaveLength(1);
  }
  // A directory that can be read in part: the rest arrives.
  const partial = await send("/home/dev");
  expect(partial.exitCode).toBe(5);
  expect(partial.stdout.length).toBeGreaterThan(10_000);
});

it("leaves the target as it was when the input ends early", async () => {
  await receive(["--file", "--", "target"], Buffer.from("before"));
  expect(await receive(["--file", "--size", "10", "--", "target"], Buffer.from("after"))).toMatchObject({
    exitCode: 8,
  });
  expect(parse(await send("target")).body.toString()).toBe("before");
  await writeFile(path.join(folder, "payload"), randomBytes(20_000));
  const { stdout: tar } = await execa("tar", ["-C", folder, "-c", "./payload"], { encoding: "buffer" });
  // Nothing, in the middle of a file, and exactly before the end mark.
  for (const length of [0, 5000, 512 + 20_480]) {
    expect(await receive(["--tar", "--", "half"], tar.subarray(0, length))).toMatchObject({ exitCode: 8 });
    expect((await send("half")).exitCode).toBe(4);
  }
  expect(await receive(["--tar", "--", "half"], tar)).toMatchObject({ exitCode: 0 });
  expect(await leftovers()).toBe("");
});

it("leaves the target as it was when the disk is full", async () => {
  await receive(["--file", "--", "kept"], Buffer.from("before"));
  const tooMuch = Buffer.alloc(12_000_000);
  expect(await receive(["--file", "--", "kept"], tooMuch)).toMatchObject({
    exitCode: 6,
    stderr: "receive: kept: no space left\n",
  });
  expect(parse(await send("kept")).body.toString()).toBe("before");
  await writeFile(path.join(folder, "payload"), tooMuch);
  const { stdout: tar } = await execa("tar", ["-C", folder, "-c", "./payload"], { encoding: "buffer", maxBuffer: 2e7 });
  expect(await receive(["--tar", "--", "much"], tar)).toMatchObject({ exitCode: 6 });
  expect((await send("much")).exitCode).toBe(4);
  expect(await leftovers()).toBe("");
});
