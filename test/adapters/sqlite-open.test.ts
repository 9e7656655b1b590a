import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openLedger } from "../../src/adapters/sqlite/ledger.ts";
import { MIGRATIONS } from "../../src/adapters/sqlite/migrations.ts";
import { setAside } from "../../src/adapters/sqlite/open.ts";
import { DEFAULTS } from "../../src/core/config/defaults.ts";
import { DevboxError } from "../../src/core/errors.ts";
import type { Ledger } from "../../src/ports/ledger.ts";
import { SPEC_VERSION } from "../../src/core/spec-text.ts";

let dir: string;
let file: string;

beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), "dbxtest-ledger-"));
  file = path.join(dir, "ledger.db");
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

const open = (stateDir = dir): Ledger => openLedger({ stateDir, config: DEFAULTS, isAlive: () => true });

/** Opens and uses a ledger, and tells how it was refused. */
function refusal(stateDir = dir): DevboxError {
  let ledger: Ledger | undefined;
  try {
    ledger = open(stateDir);
    ledger.check();
    ledger.boxes();
    ledger.operations();
  } catch (error) {
    if (error instanceof DevboxError) return error;
    throw error;
  } finally {
    ledger?.close();
  }
  throw new Error("it was taken");
}

function raw(sql: string, name = file): void {
  const db = new DatabaseSync(name);
  db.exec(sql);
  db.close();
}

const box = (n: number) => ({
  id: `id${n}`,
  name: `box${n}`,
  owner: "alice",
  desired: "stopped" as const,
  createdAt: 1,
  containerId: "c",
  lastUsedAt: undefined,
  spec: {
    ...{ version: SPEC_VERSION, image: "i".repeat(2000), cpus: 1, memory: 1, pids: 1, home: "h", private: "p" },
    ...{ idmap: null, services: [], readOnly: false },
  },
});

function fill(boxes: number): void {
  const ledger = open();
  for (let n = 0; n < boxes; n += 1) ledger.adopt(box(n));
  ledger.close();
}

describe("a ledger", () => {
  it("is made with its directory, for its owner alone", () => {
    const deep = path.join(dir, "a/b/c");
    open(deep).close();
    expect(statSync(deep).mode & 0o777).toBe(0o700);
    expect(readdirSync(deep)).toEqual(["ledger.db"]);
  });

  it("comes from an empty file as well", () => {
    writeFileSync(file, "");
    const ledger = open();
    ledger.setFact("a", "1");
    expect([ledger.fact("a"), ledger.fact("b"), ledger.boxes()]).toEqual(["1", undefined, []]);
    ledger.close();
    const db = new DatabaseSync(file, { readOnly: true });
    expect(db.prepare("PRAGMA user_version").get()).toEqual({ user_version: MIGRATIONS.length });
    db.close();
  });

  it("keeps what was in it when it is opened again", () => {
    fill(3);
    const ledger = open();
    expect(ledger.boxes().map(({ name, phase }) => [name, phase])).toEqual([
      ["box0", "ready"],
      ["box1", "ready"],
      ["box2", "ready"],
    ]);
    ledger.close();
  });
});

describe("a ledger of a newer version", () => {
  it.each(["DELETE", "WAL"])("is refused and not changed (journal mode %s)", (mode) => {
    raw(`PRAGMA journal_mode = ${mode}; CREATE TABLE boxes (new TEXT); PRAGMA user_version = ${MIGRATIONS.length + 1}`);
    const before = readFileSync(file);
    const error = refusal();
    expect(error).toMatchObject({ code: "LEDGER_NEWER", exitCode: 5, next: ["Upgrade devbox-ctl on this host"] });
    expect(error.why).toContain(`version ${MIGRATIONS.length + 1}`);
    expect(readFileSync(file).equals(before)).toBe(true);
  });
});

describe("a damaged ledger is named, and the way to mend it", () => {
  const damage: Record<string, () => void> = {
    "garbage bytes": () => writeFileSync(file, Buffer.alloc(8192, "\u001b[31mgarbage")),
    "a text": () => writeFileSync(file, "boxes: none\n"),
    "cut in half": () => {
      fill(40);
      truncateSync(file, Math.floor(statSync(file).size / 2));
    },
    "cut to a page": () => {
      fill(40);
      truncateSync(file, 4096);
    },
    "overwritten in the middle": () => {
      fill(40);
      const bytes = readFileSync(file);
      bytes.fill(0xff, 4096);
      writeFileSync(file, bytes);
    },
    "somebody else's database": () => raw("CREATE TABLE boxes (id TEXT)"),
    "of our version, without our tables": () => raw(`PRAGMA user_version = ${MIGRATIONS.length}`),
    "of a version below zero": () => raw("PRAGMA user_version = -1"),
    "a spec that is none": () => {
      fill(1);
      raw("UPDATE boxes SET spec = '{'");
    },
    "an operation whose input is none": () => {
      fill(1);
      raw("INSERT INTO operations (id, box_id, kind, input, started_at) VALUES ('o', 'id0', 'stop', '{', 1)");
    },
  };

  it.each(Object.keys(damage))("%s", (kind) => {
    damage[kind]!();
    const error = refusal();
    expect(error).toMatchObject({ code: "LEDGER_CORRUPT", exitCode: 5 });
    expect(error.next.join()).toContain("devbox-ctl doctor");
    expect([error.message, error.why].join("\n")).not.toContain("\u001b");
  });

  it("is set aside as it is, and a new one can be made", () => {
    writeFileSync(file, "garbage garbage");
    writeFileSync(`${file}-wal`, "more");
    const kept = setAside(dir, "123");
    expect(readFileSync(kept, "utf8")).toBe("garbage garbage");
    expect(existsSync(`${kept}-wal`)).toBe(true);
    open().close();
  });
});

describe("a state directory that cannot be used", () => {
  it.each<readonly [string, () => string]>([
    ["a file is in its place", () => (writeFileSync(path.join(dir, "f"), ""), path.join(dir, "f"))],
    ["a file is above it", () => (writeFileSync(path.join(dir, "f"), ""), path.join(dir, "f/state"))],
    ["a link to nowhere", () => (symlinkSync(path.join(dir, "none/at/all"), path.join(dir, "l")), path.join(dir, "l"))],
    ["a link to itself", () => (symlinkSync(path.join(dir, "l"), path.join(dir, "l")), path.join(dir, "l/state"))],
    ["a name that is too long", () => path.join(dir, "x".repeat(300))],
    ["the kernel's own", () => "/proc/devbox/state"],
    ["a directory where the ledger should be", () => (mkdirSync(file), dir)],
  ])("%s: exit 4 with the reason and what to do", (_, make) => {
    const error = refusal(make());
    expect(error).toMatchObject({ code: "STATE_UNWRITABLE", exitCode: 4 });
    expect(error.why).toBeTruthy();
    expect(error.next.join()).toContain("state.dir");
  });

  const canMount = process.getuid?.() === 0 && tryMount();

  function tryMount(): boolean {
    const place = mkdtempSync(path.join(tmpdir(), "dbxtest-mount-"));
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "none", place], { stdio: "ignore" });
      execFileSync("umount", [place]);
      return true;
    } catch {
      return false;
    } finally {
      rmSync(place, { recursive: true, force: true });
    }
  }

  async function onTmpfs(options: string, act: () => void | Promise<void>): Promise<void> {
    execFileSync("mount", ["-t", "tmpfs", "-o", options, "none", dir]);
    try {
      await act();
    } finally {
      execFileSync("umount", ["--lazy", dir]);
    }
  }

  it("read-only, with and without a ledger in it", async (ctx) => {
    ctx.skip(!canMount, "file systems cannot be mounted here");
    await onTmpfs("size=4m", () => {
      execFileSync("mount", ["-o", "remount,ro", dir]);
      expect(refusal()).toMatchObject({ code: "STATE_UNWRITABLE", exitCode: 4 });
      execFileSync("mount", ["-o", "remount,rw", dir]);
      fill(2);
      execFileSync("mount", ["-o", "remount,ro", dir]);
      expect(refusal()).toMatchObject({
        code: "STATE_UNWRITABLE",
        exitCode: 4,
        message: expect.stringContaining("cannot be written") as unknown,
      });
    });
  });

  it.each([0, 4, 8, 16, 24, 32, 48, 64, 80, 100])(
    "with %d KiB left: the disk is full, or it just fits",
    async (kib) => {
      if (!canMount) return;
      await onTmpfs("size=256k", () => {
        writeFileSync(path.join(dir, "filler"), Buffer.alloc((256 - kib) * 1024));
        let ledger: Ledger | undefined;
        try {
          ledger = open();
          for (let n = 0; n < 200; n += 1) ledger.adopt(box(n));
          throw new Error("it never filled up");
        } catch (error) {
          expect(error).toMatchObject({ code: "HOST_DISK", exitCode: 10 });
          expect((error as DevboxError).next.join()).toContain("Free some space");
        } finally {
          ledger?.close();
        }
        // With room again, everything that was said to be in it is.
        rmSync(path.join(dir, "filler"));
        const again = open();
        again.check();
        expect(again.boxes().every((b) => b.phase === "ready")).toBe(true);
        again.close();
      });
    },
  );

  it("of someone else: an ordinary user is told", (ctx) => {
    ctx.skip(process.getuid?.() === 0, "root may write everywhere");
    chmodSync(dir, 0o500);
    expect(refusal()).toMatchObject({ code: "STATE_UNWRITABLE", exitCode: 4 });
    chmodSync(dir, 0o700);
  });
});
