import { execFileSync } from "node:child_process";
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { PassThrough, Writable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createLocalFiles } from "../../src/adapters/files/files.ts";
import { TEMPORARY } from "../../src/adapters/files/file-target.ts";
import type { Incoming } from "../../src/ports/local-files.ts";

const files = createLocalFiles();
const never = new AbortController().signal;
let folder: string;
const run = (command: string, ...args: string[]) => execFileSync(command, args);
const at = (...names: string[]) => path.join(folder, ...names);

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "dbxtest-files-"));
});

afterEach(async () => {
  // Whatever a test did, nothing of an unfinished copy may be left.
  const rubbish = execFileSync("find", [folder, "-name", `${TEMPORARY}*`], { encoding: "utf8" });
  await rm(folder, { recursive: true, force: true });
  expect(rubbish).toBe("");
});

async function* chunks(...parts: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  await Promise.resolve();
  for (const part of parts) yield Buffer.from(part);
}

const aFile: Incoming = { kind: "file", mode: 0o640, name: "a" };
const aTree: Incoming = { kind: "directory", mode: 0o755, name: "tree" };

/** Puts content where `cp` would, as the use case does. */
async function put(target: string, incoming: Incoming, content: AsyncIterable<Uint8Array>): Promise<void> {
  const local = await files.target(target, incoming);
  try {
    await local.take(content, never);
    await local.commit();
  } finally {
    await local.discard();
  }
}

/** One entry of a tar archive, written by hand so that it may be anything. */
function entry(name: string, type: string, { content = "", link = "", mode = 0o644 } = {}): Buffer {
  const header = Buffer.alloc(512);
  const octal = (value: number, length: number) => value.toString(8).padStart(length - 1, "0");
  header.write(name, 0, 100);
  header.write(octal(mode, 8), 100);
  header.write(octal(0, 8), 108);
  header.write(octal(0, 8), 116);
  header.write(octal(content.length, 12), 124);
  header.write(octal(1_700_000_000, 12), 136);
  header.write("        ", 148);
  header.write(type, 156);
  header.write(link, 157, 100);
  header.write("ustar  \0", 257);
  header.write(octal(1, 8), 329);
  header.write(octal(3, 8), 337);
  header.write(
    `${octal(
      header.reduce((a, b) => a + b, 0),
      7,
    )}\0 `,
    148,
  );
  const body = Buffer.alloc(Math.ceil(content.length / 512) * 512);
  body.write(content);
  return Buffer.concat([header, body]);
}

const archive = (...entries: Buffer[]) => chunks(entry("./", "5", { mode: 0o755 }), ...entries, Buffer.alloc(1024));

it("puts a file under its name only when it is complete, with its permissions", async () => {
  const target = await files.target(at("x"), aFile);
  expect(await target.take(chunks("he", "llo"), never)).toEqual({ bytes: 5, wanted: true });
  expect(await readdir(folder)).toHaveLength(1);
  await expect(stat(at("x"))).rejects.toThrow("ENOENT");
  await target.commit();
  await target.discard();
  expect(await readFile(at("x"), "utf8")).toBe("hello");
  expect((await stat(at("x"))).mode & 0o7777).toBe(0o640);
});

it("leaves a file as it was when the stream breaks", async () => {
  await writeFile(at("x"), "before");
  const broken = async function* () {
    yield* chunks("half");
    throw new Error("gone");
  };
  await expect(put(at("x"), aFile, broken())).rejects.toThrow("gone");
  await expect(put(at("new"), aFile, broken())).rejects.toThrow("gone");
  expect(await readdir(folder)).toEqual(["x"]);
  expect(await readFile(at("x"), "utf8")).toBe("before");
});

it("finds the place where cp -r would put it", async () => {
  await mkdir(at("dir"));
  await writeFile(at("file"), "");
  await symlink("file", at("link"));
  await symlink("nowhere", at("dangling"));
  await put(at("dir"), aFile, chunks("in"));
  await put(`${at("dir")}/`, { ...aFile, name: "b" }, chunks("in"));
  expect(await readdir(at("dir"))).toEqual(["a", "b"]);
  // A link that the user names is followed, as cp does.
  await put(at("link"), aFile, chunks("through"));
  expect(await readFile(at("file"), "utf8")).toBe("through");
  expect((await lstat(at("link"))).isSymbolicLink()).toBe(true);
  await put(`${at("fresh")}/`, aTree, archive());
  await put(at("dir"), { ...aTree, name: undefined }, archive(entry("./c", "0")));
  expect(await readdir(at("dir"))).toEqual(["a", "b", "c"]);

  const refusals: readonly (readonly [string, Incoming, string])[] = [
    [at("dir"), { ...aFile, name: undefined }, "WRONG_STATE"],
    [`${at("file")}/`, aFile, "WRONG_STATE"],
    [`${at("none")}/`, aFile, "NO_SUCH_FILE"],
    [at("none/x"), aFile, "NO_SUCH_FILE"],
    [at("file/x"), aFile, "WRONG_STATE"],
    [at("dangling"), aFile, "WRONG_STATE"],
    ["/dev/null", aFile, "WRONG_STATE"],
    [at("file"), aTree, "WRONG_STATE"],
    [at("x".repeat(300)), aFile, "INVALID_PATH"],
    ["/proc/x", aFile, "NO_SUCH_FILE"],
  ];
  for (const [target, incoming, code] of refusals) {
    await expect(put(target, incoming, archive()), target).rejects.toMatchObject({ code });
  }
});

it("follows no link that an earlier copy may have left below the target [R-05]", async () => {
  await mkdir(at("outside"));
  await writeFile(at("outside/file"), "mine");
  await mkdir(at("dst/sub"), { recursive: true });
  await symlink(at("outside"), at("dst/tree"));
  await symlink(at("outside/file"), at("dst/a"));
  await symlink(at("outside"), at("dst/sub/dir"));
  await symlink(at("outside/file"), at("dst/sub/file"));
  await expect(put(at("dst"), aTree, archive())).rejects.toMatchObject({ code: "WRONG_STATE" });
  await put(at("dst"), aFile, chunks("new"));
  expect(await readFile(at("dst/a"), "utf8")).toBe("new");
  const contents: Incoming = { ...aTree, name: undefined };
  const deep = archive(entry("./file", "0", { content: "evil" }), entry("./dir/", "5"), entry("./dir/evil", "0"));
  await expect(put(at("dst/sub"), contents, deep)).rejects.toMatchObject({ code: "WRONG_STATE" });
  expect((await lstat(at("dst/sub/file"))).isSymbolicLink()).toBe(true);
  await put(at("dst/sub"), contents, archive(entry("./file", "0", { content: "evil" })));
  expect(await readFile(at("dst/sub/file"), "utf8")).toBe("evil");
  expect(await readdir(at("outside"))).toEqual(["file"]);
  expect(await readFile(at("outside/file"), "utf8")).toBe("mine");
});

it("writes nothing of a hostile archive outside of its own directory [R-05]", async () => {
  const outside = `/tmp/${path.basename(folder)}-outside`;
  const hostile: Record<string, Buffer[]> = {
    absolute: [entry(outside, "0", { content: "x" })],
    dots: [entry(`../${path.basename(outside)}`, "0", { content: "x" }), entry("./../../../evil", "0")],
    throughLink: [entry("./l", "2", { link: "/tmp" }), entry(`./l/${path.basename(outside)}`, "0", { content: "x" })],
    throughDots: [entry("./l", "2", { link: ".." }), entry("./l/evil", "0", { content: "x" })],
    chain: [entry("./a", "2", { link: "." }), entry("./a/b", "2", { link: "../.." }), entry("./a/b/evil", "0")],
    hardLink: [entry("./h", "1", { link: "/etc/passwd" })],
    hardLinkDots: [entry("./h", "1", { link: "../outside" })],
    hardThroughLink: [entry("./l", "2", { link: "/etc" }), entry("./h", "1", { link: "./l/passwd" })],
    twice: [entry("./t", "2", { link: outside }), entry("./t", "0", { content: "x" })],
    fifo: [entry("./pipe", "6")],
    character: [entry("./null", "3")],
    block: [entry("./disk", "4")],
  };
  await writeFile(at("outside"), "mine");
  await mkdir(at("in"));
  const before = (await stat("/etc/passwd")).nlink;
  for (const [what, entries] of Object.entries(hostile)) {
    await put(at("in", what), aTree, archive(...entries)).catch((error: unknown) => {
      expect(error, what).toMatchObject({ name: "DevboxError" });
    });
    await expect(stat(outside), what).rejects.toThrow("ENOENT");
    expect(await readdir(folder), what).toEqual(["in", "outside"]);
  }
  for (const what of ["fifo", "character", "block", "hardLink", "hardLinkDots", "hardThroughLink", "dots"]) {
    await expect(lstat(at("in", what)), what).rejects.toThrow("ENOENT");
  }
  expect(
    execFileSync("find", [at("in"), "-not", "-type", "d", "-not", "-type", "f", "-not", "-type", "l"]),
  ).toHaveLength(0);
  expect(await readFile(at("outside"), "utf8")).toBe("mine");
  expect((await stat("/etc/passwd")).nlink).toBe(before);
});

it("takes names that occur twice, closed directories and special bits, and hands over none of the latter", async () => {
  await put(
    at("out"),
    aTree,
    archive(
      entry("./twice", "0", { content: "first" }),
      entry("./twice", "0", { content: "second" }),
      entry("./suid", "0", { content: "x", mode: 0o6755 }),
      entry("./sticky/", "5", { mode: 0o1777 }),
      entry("./closed/", "5", { mode: 0o000 }),
      entry("./closed/f", "0", { content: "f", mode: 0o400 }),
    ),
  );
  expect(await readFile(at("out/twice"), "utf8")).toBe("second");
  expect((await lstat(at("out/twice"))).isFile()).toBe(true);
  expect((await stat(at("out/suid"))).mode & 0o7777).toBe(0o755);
  expect((await stat(at("out/sticky"))).mode & 0o7777).toBe(0o777);
  expect((await stat(at("out/closed"))).mode & 0o7777).toBe(0);
  await chmod(at("out/closed"), 0o700);
  expect(await readFile(at("out/closed/f"), "utf8")).toBe("f");
});

it("refuses what is no archive or ends in the middle, and keeps nothing of it", async () => {
  const whole = await buffer(archive(entry("./big", "0", { content: "x".repeat(50_000) })));
  const random = Buffer.alloc(20_000, "no archive at all ");
  for (const part of [random, whole.subarray(0, 30_000)]) {
    await expect(put(at("out"), aTree, chunks(part))).rejects.toMatchObject({ code: "ENGINE_GARBAGE" });
  }
  expect(await readdir(folder)).toEqual([]);
});

it("merges into a directory, all clashes found before anything moves", async () => {
  await mkdir(at("dst/both"), { recursive: true });
  await mkdir(at("dst/zdir"));
  await writeFile(at("dst/both/old"), "old");
  await chmod(at("dst/both"), 0o750);
  const contents: Incoming = { ...aTree, name: undefined };
  const both = [entry("./both/", "5", { mode: 0o700 }), entry("./both/new", "0", { content: "new" })];
  await expect(put(at("dst"), contents, archive(...both, entry("./zdir", "0")))).rejects.toMatchObject({
    code: "WRONG_STATE",
  });
  expect(await readdir(at("dst/both"))).toEqual(["old"]);
  await put(at("dst"), contents, archive(...both));
  expect(await readdir(at("dst/both"))).toEqual(["new", "old"]);
  expect((await stat(at("dst/both"))).mode & 0o777).toBe(0o750);
});

async function pour(source: string, into: Writable = new PassThrough()): Promise<Buffer> {
  const opened = await files.source(source);
  const collected = into instanceof PassThrough ? buffer(into) : Promise.resolve(Buffer.alloc(0));
  collected.catch(() => undefined);
  await opened.pour(into, { mark: "MARK", signal: never, onBytes: () => undefined });
  return await collected;
}

it("reads a file and ends it with the mark, and refuses what is none", async () => {
  await writeFile(at("-rf"), "content");
  expect((await pour(at("-rf"))).toString()).toBe("contentMARK");
  await expect(files.source(at("none"))).rejects.toMatchObject({ code: "NO_SUCH_FILE" });
  await expect(files.source("/dev/zero")).rejects.toMatchObject({ code: "NOT_PERMITTED" });
  await expect(files.source(at("-rf/x"))).rejects.toMatchObject({ code: "WRONG_STATE" });
  await expect(files.source("nul\0")).rejects.toMatchObject({ code: "INVALID_PATH" });
});

it("carries a directory with any names there and back, links as links", async () => {
  const names = ["with space", "new\nline", "--checkpoint-action=exec=sh", "-rf", "ümläut", "trailing\n", 'quo"te\\'];
  await mkdir(at("src/sub dir/empty"), { recursive: true });
  for (const name of names) await writeFile(at("src/sub dir", name), name);
  await writeFile(Buffer.concat([Buffer.from(at("src/latin-")), Buffer.from([0xe9])]), "no UTF-8");
  await symlink("/etc/passwd", at("src/link"));
  await writeFile(at("src/suid"), "x");
  await chmod(at("src/suid"), 0o4750);
  for (const target of ["dst", "dst/.", "dst/."]) {
    await put(at(target), { ...aTree, name: undefined }, chunks(await pour(at("src"))));
  }
  run("diff", "-r", "--no-dereference", at("src"), at("dst"));
  expect(await readlink(at("dst/link"))).toBe("/etc/passwd");
  expect((await stat(at("dst/suid"))).mode & 0o7777).toBe(0o750);
});

it("ignores TAR_OPTIONS", async () => {
  await mkdir(at("src"));
  await writeFile(at("src/a"), "a");
  process.env.TAR_OPTIONS = `--checkpoint=1 --checkpoint-action=exec='touch ${at("evil")}' --exclude=a`;
  try {
    await put(at("dst"), aTree, chunks(await pour(at("src"))));
  } finally {
    delete process.env.TAR_OPTIONS;
  }
  expect(await readdir(folder)).toEqual(["dst", "src"]);
  expect(await readdir(at("dst"))).toEqual(["a"]);
});

it("never lets an archive that is not whole have its end mark", async () => {
  await mkdir(at("src"));
  await writeFile(at("src/a"), "a");
  // A tar that says at its end that something could not be read: the real one cannot be made to, for root.
  await mkdir(at("bin"));
  await writeFile(
    at("bin/tar"),
    '#!/bin/sh\n/usr/bin/env PATH=/usr/bin:/bin tar "$@"; echo "tar: ./a: Permission denied" >&2; exit 2\n',
    {
      mode: 0o755,
    },
  );
  const PATH = process.env.PATH;
  const sent: Buffer[] = [];
  const into = new Writable({
    write(chunk: Buffer, _encoding, done) {
      sent.push(chunk);
      done();
    },
  });
  process.env.PATH = `${at("bin")}:${PATH ?? ""}`;
  try {
    await expect(pour(at("src"), into)).rejects.toMatchObject({ code: "NOT_PERMITTED", why: "./a: Permission denied" });
  } finally {
    process.env.PATH = PATH;
  }
  expect(into.destroyed).toBe(true);
  expect(Buffer.concat(sent)).toHaveLength(0);
});

it("stops when it is told to", async () => {
  const stop = new AbortController();
  const endless = async function* () {
    for (;;) {
      yield Buffer.alloc(1000);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  };
  const target = await files.target(at("x"), aFile);
  setTimeout(() => {
    stop.abort();
  }, 50);
  await expect(target.take(endless(), stop.signal)).rejects.toMatchObject({ name: "AbortError" });
  await target.discard();
  expect(await readdir(folder)).toEqual([]);
});
