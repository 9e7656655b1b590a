import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createArchiveStore } from "../../src/adapters/archive/store.ts";
import { TarCheck } from "../../src/adapters/archive/tar-check.ts";
import { DevboxError } from "../../src/core/errors.ts";
import type { ArchiveRecord } from "../../src/core/lifecycle/records.ts";
import type { ArchiveContent, ArchiveStore } from "../../src/ports/archive-store.ts";
import { codeOf } from "../fakes/world.ts";
import { inPieces, tarData, tarOf, tarRecord } from "../support/tar.ts";

const FRAME = 20_000;
const ID = "a1b2c3d4";
const nothing = { check: () => undefined };

let dir: string;
let store: ArchiveStore;
beforeEach(() => {
  dir = path.join(mkdtempSync(path.join(tmpdir(), "dbxtest-archive-")), "archives");
  store = createArchiveStore(dir, FRAME);
});
afterEach(() => {
  rmSync(path.dirname(dir), { recursive: true, force: true });
});

/** Some 200 kB, half of which can be packed. */
const HOME = tarOf([
  ["./", ""],
  ["./random", randomBytes(90_000)],
  ["./even", "a".repeat(90_000)],
  ...Array.from({ length: 20 }, (_, i) => [`./small-${String(i)}`, randomBytes(100)] as const),
]);

function recordOf({ size, contentSize, entries, sha256 }: ArchiveContent): ArchiveRecord {
  return {
    ...{ id: ID, boxId: "b1", boxName: "web", owner: "alice", spec: "{}", state: "complete", reason: "reaped" },
    ...{ createdAt: 1000, expiresAt: undefined, size, contentSize, entries, sha256, unpushed: ["site/: 3 commits"] },
  };
}

async function sealed(content = HOME): Promise<ArchiveRecord> {
  const written = await store.write(ID, inPieces(content), nothing);
  const record = recordOf(written!);
  store.seal(record, written!);
  return record;
}

async function readAll(): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of store.read(ID)) pieces.push(piece);
  return Buffer.concat(pieces);
}

const file = (end: string) => path.join(dir, `${ID}${end}`);

describe("an archive", () => {
  it("gives back what was put into it, and says what it is without the ledger [X-04]", async () => {
    const record = await sealed();
    expect((await readAll()).equals(HOME)).toBe(true);
    await store.verify(record);
    expect(record).toMatchObject({ contentSize: HOME.length, entries: 23 });
    expect(record.size).toBeLessThan(HOME.length * 0.7);
    expect(store.stored()).toEqual([
      { id: ID, record: JSON.parse(JSON.stringify(record)) as ArchiveRecord, whole: true, size: record.size },
    ]);
    expect([dir, file(".tar.zst"), file(".json")].map((at) => statSync(at).mode & 0o777)).toEqual([
      0o700, 0o600, 0o600,
    ]);
    expect(await store.holds(ID, inPieces(HOME), () => undefined)).toMatchObject({ sha256: record.sha256 });
    expect(await store.holds(ID, inPieces(tarOf([["./", ""]])), () => undefined)).toBeUndefined();
    store.remove(ID);
    expect(store.stored()).toEqual([]);
  });

  it("is gone on with where it was cut off, wherever that was [X-04]", async () => {
    for (let fail = 0; fail < HOME.length; fail += 7000) {
      await expect(store.write(ID, inPieces(HOME, { fail }), nothing)).rejects.toThrow("cut off");
      let resumed = 0;
      const written = await store.write(ID, inPieces(HOME, { piece: 777 }), {
        ...nothing,
        onResumed: (size) => (resumed = size),
      });
      // What is of whole frames is not written again.
      expect(resumed).toBe(Math.floor((Math.ceil(fail / 1000) * 1000) / FRAME) * FRAME);
      store.seal(recordOf(written!), written!);
      expect((await readAll()).equals(HOME)).toBe(true);
      store.remove(ID);
    }
  });

  it("is begun anew when the home is another one meanwhile, or what was written is not what it was", async () => {
    const changed = Buffer.from(HOME);
    changed[2000]! ^= 1;
    await expect(store.write(ID, inPieces(HOME, { fail: 100_000 }), nothing)).rejects.toThrow();
    expect(await store.write(ID, inPieces(changed), nothing)).toBeUndefined();
    await expect(store.write(ID, inPieces(changed, { fail: 100_000 }), nothing)).rejects.toThrow();
    const partial = readFileSync(file(".tar.zst.partial"));
    partial[50]! ^= 1;
    writeFileSync(file(".tar.zst.partial"), partial);
    const written = await store.write(ID, inPieces(changed), nothing);
    store.seal(recordOf(written!), written!);
    expect((await readAll()).equals(changed)).toBe(true);
  });

  it("is found damaged by whatever one byte of it is another, and when its end is gone [X-04]", async () => {
    const record = await sealed();
    const sound = readFileSync(file(".tar.zst"));
    for (let at = 0; at < sound.length; at += Math.ceil(sound.length / 40)) {
      const bytes = Buffer.from(sound);
      bytes[at]! ^= 0x40;
      writeFileSync(file(".tar.zst"), bytes);
      expect(await codeOf(store.verify(record))).toBe("ARCHIVE_DAMAGED");
      expect(await codeOf(readAll())).toBe("ARCHIVE_DAMAGED");
    }
    writeFileSync(file(".tar.zst"), sound);
    await store.verify(record);
    truncateSync(file(".tar.zst"), sound.length - 1);
    expect(await codeOf(store.verify(record))).toBe("ARCHIVE_DAMAGED");
    rmSync(file(".tar.zst"));
    expect(await codeOf(store.verify(record))).toBe("ARCHIVE_DAMAGED");
    writeFileSync(file(".json"), "{");
    expect(await codeOf(readAll())).toBe("ARCHIVE_DAMAGED");
  });

  it("that is damaged says how to save what is left to whoever can get at the file, and to nobody else [X-04]", async () => {
    await sealed();
    truncateSync(file(".tar.zst"), 100);
    const adviceOf = async (from: ArchiveStore) => {
      try {
        for await (const piece of from.read(ID)) expect(piece).toBeDefined();
      } catch (error) {
        return error instanceof DevboxError ? error.next : undefined;
      }
    };
    expect((await adviceOf(store))?.join()).not.toContain(dir);
    expect(await adviceOf(createArchiveStore(dir, FRAME, (path) => `tar -xf ${path}`))).toEqual([
      `What can be saved of it: tar -xf ${file(".tar.zst")}`,
      `When it is of no use: devbox-ctl archive remove ${ID}`,
    ]);
  });

  it("is none when what came from the home is no tar archive to its end", async () => {
    const cut = HOME.subarray(0, HOME.length - 10_240);
    expect(await codeOf(store.write(ID, inPieces(cut), nothing))).toBe("ARCHIVE_DAMAGED");
    store.remove(ID);
    expect(await codeOf(store.write(ID, inPieces(Buffer.alloc(0)), nothing))).toBe("ARCHIVE_DAMAGED");
  });

  it("lets go of the home when it may not go on", async () => {
    let isOver = false;
    const content = (async function* () {
      try {
        yield* inPieces(HOME);
      } finally {
        isOver = true;
      }
    })();
    const check = (size: number) => {
      if (size > 1000) throw new Error("too much");
    };
    await expect(store.write(ID, content, { check })).rejects.toThrow("too much");
    expect(isOver).toBe(true);
  });
});

describe("a tar archive that passes by", () => {
  const problemOf = (bytes: Buffer): string | undefined => {
    const check = new TarCheck();
    for (let at = 0; at < bytes.length; at += 333) check.add(bytes.subarray(at, at + 333));
    return check.problem();
  };
  const end = Buffer.alloc(1024);

  it("is followed past what extended headers say of the next entry", () => {
    const page = "12 size=700\n";
    const entry = [
      tarRecord("./x", Buffer.from(page).length, { type: "x" }),
      tarData(page),
      tarRecord("./a", 0),
      tarData("b".repeat(700)),
    ];
    expect(problemOf(Buffer.concat([...entry, end]))).toBeUndefined();
    const large = tarRecord("./a", 0);
    large.writeUInt8(0x80, 124);
    expect(problemOf(Buffer.concat([large, end]))).toContain("is none");
    const broken = [tarRecord("./x", 12, { type: "x" }), tarData("99 size=700\n"), tarRecord("./a", 0)];
    expect(problemOf(Buffer.concat([...broken, end]))).toContain("cannot be read");
  });

  it("has to have records that are some, and an end", () => {
    expect(problemOf(tarOf([["./a", "b"]]))).toBeUndefined();
    expect(problemOf(Buffer.concat([tarRecord("./a", 0)]))).toBe("it has no end");
    expect(problemOf(Buffer.concat([end, tarRecord("./a", 0), end]))).toContain("follows its end");
    expect(problemOf(Buffer.from("no tar".repeat(500)))).toContain("is none");
  });
});
