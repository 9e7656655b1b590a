import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { PassThrough, Readable } from "node:stream";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createLocalFiles } from "../../src/adapters/files/files.ts";
import type { BoxPipe, ContainerEngine } from "../../src/ports/engine.ts";
import { copy, type CopyDeps } from "../../src/usecases/copy.ts";
import { HEADER_LIMIT } from "../../src/usecases/copy/announced.ts";
import { create } from "../../src/usecases/create.ts";
import { codeOf, createInput, World } from "../fakes/world.ts";

let world: World;
let folder: string;
let deps: CopyDeps;
let containerId: string;
let argv: readonly string[];
const at = (...names: string[]) => path.join(folder, ...names);

beforeEach(async () => {
  world = new World();
  folder = mkdtempSync(path.join(tmpdir(), "dbxtest-copy-"));
  deps = { ...world.process(), files: createLocalFiles() };
  await create(deps, createInput("api"));
  containerId = [...world.engine.containers.keys()][0] ?? "";
});

afterEach(() => {
  world[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
});

interface FakeBox {
  /** What `send` writes. */
  readonly stdout?: Readable;
  /** How the program ends once its stdout is read and, for `receive`, its stdin closed. */
  readonly exitCode?: number;
  readonly stderr?: string;
  /** Ends without waiting for its input. */
  readonly early?: boolean;
}

/** A box whose programs do as told. @returns what came to their standard input, and whether they were killed */
function fakeBox(box: FakeBox) {
  const stdin = new PassThrough();
  const seen = { input: "", killed: false };
  stdin.on("data", (chunk: Buffer) => (seen.input += chunk.toString()));
  stdin.on("error", () => undefined);
  const stdout = box.stdout ?? Readable.from([]);
  const { promise: closed, resolve } = Promise.withResolvers<undefined>();
  for (const stream of box.stdout ? [stdout] : [stdin]) {
    stream.on("close", () => {
      resolve(undefined);
    });
  }
  if (box.early) resolve(undefined);
  const ended = closed.then(() => ({ exitCode: seen.killed ? 137 : (box.exitCode ?? 0), stderr: box.stderr ?? "" }));
  const kill = () => {
    seen.killed = true;
    stdout.destroy();
    stdin.destroy();
    resolve(undefined);
  };
  const engine: ContainerEngine = world.engine;
  engine.pipe = (_id, args): BoxPipe => {
    argv = args;
    return { stdin, stdout, stderr: Readable.from([]), ended, kill };
  };
  return seen;
}

const header = (fields: object = {}) =>
  `${JSON.stringify({ kind: "file", size: 5, mode: "0644", mtime: 1, name: "f", ...fields })}\n`;
const sends = (...parts: (string | Buffer)[]) => ({ stdout: Readable.from(parts.map((part) => Buffer.from(part))) });
const fromBox = (source = "api:f") => copy(deps, { from: source, to: at("out") });

it("copies a file out of a box, wherever the pieces of the stream break", async () => {
  const whole = `${header()}hello`;
  for (let cut = 0; cut <= whole.length; cut++) {
    fakeBox(sends(whole.slice(0, cut), whole.slice(cut)));
    expect(await fromBox()).toMatchObject({ kind: "file", bytes: 5 });
    expect(readFileSync(at("out"), "utf8")).toBe("hello");
    rmSync(at("out"));
  }
  expect(argv).toEqual(["/usr/libexec/devbox/send", "--", "/home/dev/f"]);
  expect(deps.ledger.boxByName("api")).toMatchObject({ lastUsedBy: "cp" });
});

it.each([
  ["no JSON", "hello world\n"],
  ["not an object", "[]\n"],
  ["another kind", header({ kind: "device" })],
  ["a negative size", header({ size: -1 })],
  ["a huge size", header({ size: 1e300 })],
  ["no size", header({ size: null })],
  ["a size for a directory", header({ kind: "directory" })],
  ["a strange mode", header({ mode: "0o777" })],
  ["a mode that is a number", header({ mode: 644 })],
  ["no name", header({ name: undefined })],
  ["no end", "x".repeat(100_000)],
  ["an end too late", `${header({ name: "n", more: "x".repeat(HEADER_LIMIT) })}hello`],
  ["an end within it", '{"kind":'],
  ["more bytes than announced", `${header()}hello!`],
  ["fewer bytes than announced", `${header()}hell`],
  ["nothing at all", ""],
  ["no archive", `${header({ kind: "directory", size: null })}${"no archive ".repeat(2000)}`],
])("keeps nothing of a stream with %s", async (_what, stream) => {
  fakeBox(sends(stream));
  expect(await codeOf(fromBox())).toBe("ENGINE_GARBAGE");
  expect(readdirSync(folder)).toEqual([]);
});

it("names a copy as the user did, never as the box announces it [R-05]", async () => {
  for (const name of ["../evil", "/etc/evil", "..", "evil", ".bashrc"]) {
    fakeBox(sends(header({ name, mode: "6777" }), "hello"));
    await copy(deps, { from: "api:workspace/f", to: folder });
    expect(readdirSync(folder)).toContain("f");
    fakeBox({ ...sends(header({ name, kind: "directory", size: null }), execFileSync("tar", ["-cT", "/dev/null"])) });
    await copy(deps, { from: "api:", to: folder });
    expect(readdirSync(folder).sort()).toEqual(["dev", "f"]);
  }
});

it("leaves nothing when the box goes away in the middle", async () => {
  const tar = execFileSync("tar", ["-c", "-C", path.join(import.meta.dirname, ".."), "usecases"]);
  const directory = header({ kind: "directory", size: null });
  for (const stream of [
    sends(header(), "he"),
    sends(directory, tar.subarray(0, 5000)),
    sends(directory, tar.subarray(0, 512)),
  ]) {
    fakeBox({ ...stream, exitCode: 137 });
    world.engine.containers.get(containerId)!.state = "exited";
    expect(await codeOf(fromBox())).toBe("WRONG_STATE");
    world.engine.containers.get(containerId)!.state = "running";
    expect(readdirSync(folder)).toEqual([]);
  }
  // The archive is whole, yet send says that parts could not be read.
  fakeBox({ ...sends(directory, tar), exitCode: 5, stderr: "send: src: not permitted" });
  expect(await codeOf(fromBox())).toBe("NOT_PERMITTED");
  expect(readdirSync(folder)).toEqual([]);
});

it("says what the programs in the box said with their exit codes", async () => {
  const codes = { 2: "INVALID_PATH", 3: "INVALID_PATH", 4: "NO_SUCH_FILE", 5: "NOT_PERMITTED", 6: "HOST_DISK" };
  const all = { ...codes, 7: "WRONG_STATE", 8: "ENGINE_FAILED", 1: "ENGINE_FAILED", 126: "ENGINE_FAILED" };
  writeFileSync(at("in"), "content");
  for (const [exitCode, code] of Object.entries(all)) {
    fakeBox({ ...sends(), exitCode: Number(exitCode), stderr: "its words" });
    expect(await codeOf(fromBox()), `send ${exitCode}`).toBe(code);
    for (const early of [true, false]) {
      fakeBox({ exitCode: Number(exitCode), stderr: "its words", early });
      expect(await codeOf(copy(deps, { from: at("in"), to: "api:x" })), `receive ${exitCode}`).toBe(code);
    }
  }
});

it("sends a file with the mark at its end, and a directory without", async () => {
  writeFileSync(at("-in"), "content", { mode: 0o640 });
  const seen = fakeBox({});
  expect(await copy(deps, { from: at("-in"), to: "api:workspace/" })).toMatchObject({ kind: "file", bytes: 7 });
  const mark = argv[argv.indexOf("--end") + 1]!;
  expect(mark).toMatch(/^[a-z0-9]{32}$/);
  expect(seen.input).toBe(`content${mark}`);
  const expected = ["--file", "--end", mark, "--mode", "0640", "--name", "-in", "--", "/home/dev/workspace/"];
  expect(argv.slice(1)).toEqual(expected);

  mkdirSync(at("dir"));
  const tree = fakeBox({});
  expect(await copy(deps, { from: `${at("dir")}/.`, to: "api:~/x" })).toMatchObject({ kind: "directory" });
  expect(argv.slice(1)).toEqual(["--tar", "--", "/home/dev/x"]);
  expect(tree.input.endsWith("\0".repeat(1024))).toBe(true);
});

it("refuses before anything is started what cannot be", async () => {
  argv = [];
  writeFileSync(at("in"), "");
  const cases: readonly (readonly [string, string, string])[] = [
    ["a", "b", "USAGE"],
    ["-", "-", "USAGE"],
    ["api:a", "api:b", "USAGE"],
    ["nobody:a", "b", "BOX_NOT_FOUND"],
    ["api:../x", "b", "INVALID_PATH"],
    ["api:/etc/passwd", "b", "INVALID_PATH"],
    [at("in"), "api:workspace/../../x", "INVALID_PATH"],
    [at("none"), "api:x", "NO_SUCH_FILE"],
    ["/dev/null", "api:x", "NOT_PERMITTED"],
  ];
  for (const [from, to, code] of cases) expect(await codeOf(copy(deps, { from, to })), `${from} ${to}`).toBe(code);
  const bob = { ...world.process("bob", 2), files: deps.files };
  expect(await codeOf(copy(bob, { from: "api:x", to: at("out") }))).toBe("BOX_NOT_FOUND");
  expect(argv).toEqual([]);
  fakeBox(sends(header({ kind: "directory", size: null })));
  expect(await codeOf(copy(deps, { from: "api:dir", to: "-" }))).toBe("WRONG_STATE");
  fakeBox(sends(header(), "hello"));
  expect(await codeOf(fromBox("api:f/"))).toBe("WRONG_STATE");
});

it("stops at Ctrl-C and leaves nothing, in either direction and at every stage", async () => {
  writeFileSync(at("in"), "content");
  const stuck = (start: string) => {
    const stdout = new PassThrough();
    stdout.write(start);
    return { stdout };
  };
  const runs = [
    () => (fakeBox(stuck("")), fromBox),
    () => (fakeBox(stuck(`${header()}he`)), fromBox),
    () => (fakeBox(stuck(header({ kind: "directory", size: null }))), fromBox),
  ];
  for (const prepare of runs) {
    const stop = new AbortController();
    const before = deps;
    deps = { ...deps, interrupt: stop.signal };
    const running = codeOf(prepare()());
    setTimeout(() => {
      stop.abort("INT");
    }, 50);
    expect(await running).toBe("INTERRUPTED");
    expect(readdirSync(folder)).toEqual(["in"]);
    deps = before;
  }
});
