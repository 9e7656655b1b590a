import { randomBytes } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import type { ArchiveRecord } from "../../src/core/lifecycle/records.ts";
import { DAY } from "../../src/core/time.ts";
import { expireArchives } from "../../src/usecases/archives/expire.ts";
import { listArchives } from "../../src/usecases/archives/list.ts";
import { removeArchive } from "../../src/usecases/archives/remove.ts";
import { restore } from "../../src/usecases/archives/restore.ts";
import { verifyArchives } from "../../src/usecases/archives/verify.ts";
import { create } from "../../src/usecases/create.ts";
import type { Deps } from "../../src/usecases/deps.ts";
import { destroy } from "../../src/usecases/destroy.ts";
import { why } from "../../src/usecases/lifecycle/why.ts";
import { start } from "../../src/usecases/start.ts";
import { Homes } from "../fakes/homes.ts";
import { codeOf, createInput, World } from "../fakes/world.ts";
import { tarOf } from "../support/tar.ts";

const HOME = tarOf([
  ["./", ""],
  ["./random", randomBytes(60_000)],
  ["./even", "a".repeat(40_000)],
]);
const RESTORE = { from: undefined, as: undefined, cpus: undefined, memory: undefined, image: undefined, start: true };
const ARCHIVE = { keepVolume: false, archive: { reason: "reaped" } };

async function withBox(world: World, name = "web") {
  const homes = new Homes(world);
  const deps = world.process();
  const { box } = await create(deps, createInput(name));
  homes.content.set(box.spec.home, HOME);
  return { homes, deps, box };
}

function withArchive(world: World, archive: Partial<World["config"]["lifecycle"]["archive"]>): void {
  const { lifecycle } = world.config;
  world.config = { ...world.config, lifecycle: { ...lifecycle, archive: { ...lifecycle.archive, ...archive } } };
}

/** What nobody must find: rows and files of what is neither whole nor being written. */
async function leftIn(deps: Deps): Promise<unknown[]> {
  const store = await deps.archives();
  const rows = deps.ledger.archives().filter(({ state }) => state !== "complete");
  return [...rows, ...store.stored().filter(({ id, whole }) => !whole || deps.ledger.archiveById(id) === undefined)];
}

describe("a destroy with an archive", () => {
  it("puts the home away first, and restore makes the box again [X-04]", async () => {
    using world = new World();
    const { homes, deps, box } = await withBox(world);
    const { archive } = await destroy(deps, { name: "web", ...ARCHIVE });
    expect(archive).toMatchObject({ boxName: "web", owner: "alice", state: "complete", reason: "reaped", entries: 3 });
    expect(archive?.keptUntil).toBe(world.now + 30 * DAY);
    expect([deps.ledger.boxes(), [...world.engine.homes.keys()]]).toEqual([[], []]);
    homes.content.clear();

    const restored = await restore(deps, { ...RESTORE, name: "web" });
    expect(restored.box).toMatchObject({ name: "web", owner: "alice", phase: "ready", desired: "running" });
    const { home, private: own, ...rest } = restored.box.spec;
    expect({ ...rest, home: box.spec.home, private: box.spec.private }).toEqual(box.spec);
    expect(own).not.toBe(box.spec.private);
    expect(homes.content.get(home)?.equals(HOME)).toBe(true);
    expect(await listArchives(deps)).toHaveLength(1);
  });

  it("is named to its owner, and to nobody else, when they ask for the box that was [X-04]", async () => {
    using world = new World();
    const { deps } = await withBox(world);
    await destroy(deps, { name: "web", ...ARCHIVE });
    const archived = "Its home is archived: devbox-ctl restore web";
    const nextFor = async (user: string, name: string, admin = false) => {
      const other = world.process(user, 7);
      const asking = { ...other, caller: { ...other.caller, admin } };
      const errors = [why(asking, { name }), start(asking, { name, recreate: false })].map((act) =>
        act.then(
          () => [],
          (error: unknown) => (error as { next: readonly string[] }).next,
        ),
      );
      const [first, second] = await Promise.all(errors);
      expect(first).toEqual(second);
      return first;
    };
    expect(await nextFor("alice", "web")).toContain(archived);
    expect(await nextFor("boss", "web", true)).toContain(archived);
    expect(await nextFor("bob", "web")).toEqual(await nextFor("bob", "nothing"));
    // What is being written, or removed, cannot be restored.
    const id = deps.ledger.archives()[0]?.id ?? "";
    deps.ledger.updateArchive(id, { state: "removing" });
    expect(await nextFor("alice", "web")).not.toContain(archived);
  });

  it.each([
    ["tar fails", (homes: Homes) => (homes.exit = { exitCode: 2, stderr: "Cannot read" }), "ENGINE_FAILED"],
    ["the home is over the quota", (_: Homes, world: World) => withArchive(world, { quota: 1000 }), "ARCHIVE_QUOTA"],
    [
      "it is more than it was thought to be",
      (homes: Homes, world: World) => {
        homes.measured = 10;
        withArchive(world, { perUser: 30_000 });
      },
      "ARCHIVE_QUOTA",
    ],
    ["the disk is nearly full", (_: Homes, world: World) => (world.disk = 1000), "HOST_DISK"],
  ])("does not happen when %s [X-04]", async (_what, breaks, code) => {
    using world = new World();
    const { homes } = await withBox(world);
    breaks(homes, world);
    const deps = world.process("alice", 2);
    expect(await codeOf(destroy(deps, { name: "web", ...ARCHIVE }))).toBe(code);
    expect(deps.ledger.boxByName("web")).toMatchObject({ phase: "ready" });
    expect([deps.ledger.operations(), world.engine.homes.size]).toEqual([[], 2]);
    if (code !== "ENGINE_FAILED") expect(await leftIn(deps)).toEqual([]);
    homes.exit = { exitCode: 0, stderr: "" };
    homes.measured = undefined;
    withArchive(world, { quota: null, perUser: null });
    world.disk = 500 * 1024 ** 3;
    const again = world.process("alice", 3);
    expect((await destroy(again, { name: "web", ...ARCHIVE })).archive).toMatchObject({ contentSize: HOME.length });
    expect(await leftIn(again)).toEqual([]);
  });

  it("is not taken for one that another destroy without it has begun", async () => {
    using world = new World();
    const { deps } = await withBox(world);
    world.engine.fault = (call) => {
      if (call === "removeBox") throw new Error("no");
    };
    expect(await codeOf(destroy(deps, { name: "web", keepVolume: false }))).toBe("PARTIAL");
    world.engine.fault = () => undefined;
    expect(await codeOf(destroy(deps, { name: "web", ...ARCHIVE }))).toBe("WRONG_STATE");
    expect(await codeOf(destroy(deps, { name: "web", keepVolume: true }))).toMatchObject({ succeeded: {} });
  });
});

/** Kills a process at its nth call or piece; afterwards it does nothing any more. @returns whether it came that far */
function killAt(world: World, homes: Homes, pid: number, nth: number): () => boolean {
  let points = 0;
  const point = (): void => {
    points += 1;
    if (points < nth) return;
    if (points === nth) world.kill(pid);
    throw new Error("killed");
  };
  world.engine.fault = point;
  homes.onPiece = point;
  return () => {
    world.engine.fault = () => undefined;
    homes.onPiece = () => undefined;
    return points >= nth;
  };
}

describe("a process that is killed", () => {
  it("anywhere in a destroy with an archive loses nothing, and the next goes on [X-04]", async () => {
    let rounds = 0;
    for (let nth = 1, isKilled = true; isKilled; nth += nth < 12 ? 1 : 5) {
      rounds += 1;
      using world = new World();
      const { homes, box } = await withBox(world);
      const killed = killAt(world, homes, 2, nth);
      await destroy(world.process("alice", 2), { name: "web", ...ARCHIVE }).catch(() => undefined);
      isKilled = killed();
      const next = world.process("alice", 3);
      const stored = (await next.archives()).stored().filter(({ whole, record }) => whole && record !== undefined);
      expect(world.engine.homes.has(box.spec.home) || stored.length === 1).toBe(true);
      await destroy(next, { name: "web", ...ARCHIVE }).catch((error: unknown) => {
        expect(error).toMatchObject({ code: "BOX_NOT_FOUND" });
      });
      expect([next.ledger.boxes(), world.engine.homes.size, next.ledger.operations()]).toEqual([[], 0, []]);
      expect(await verifyArchives(next, { id: undefined })).toMatchObject([{ problem: undefined }]);
      expect(await leftIn(next)).toEqual([]);
      homes.content.clear();
      const { box: again } = await restore(next, { ...RESTORE, name: "web", start: false });
      expect(homes.content.get(again.spec.home)?.equals(HOME)).toBe(true);
    }
    expect(rounds).toBeGreaterThan(30);
  });

  it("anywhere in a restore leaves nothing but the archive [X-04]", async () => {
    let rounds = 0;
    for (let nth = 1; ; nth += 1) {
      rounds += 1;
      using world = new World();
      const { homes, deps } = await withBox(world);
      await destroy(deps, { name: "web", ...ARCHIVE });
      homes.content.clear();
      const killed = killAt(world, homes, 2, nth);
      await restore(world.process("alice", 2), { ...RESTORE, name: "web" }).catch(() => undefined);
      if (!killed()) break;
      const next = world.process("alice", 3);
      const as = next.ledger.boxByName("web")?.phase === "ready" ? "again" : undefined;
      const { box } = await restore(next, { ...RESTORE, name: "web", as });
      expect(homes.content.get(box.spec.home)?.equals(HOME)).toBe(true);
      const boxes = next.ledger.boxes();
      // Of a restore that was through but for its last words the box is there.
      expect(world.engine.homes.size).toBe(2 * boxes.length);
      expect(next.ledger.operations()).toEqual([]);
    }
    expect(rounds).toBeGreaterThan(10);
  });
});

describe("archives", () => {
  it("are known again when the ledger is lost [X-04]", async () => {
    using world = new World();
    const { deps } = await withBox(world);
    const { archive } = await destroy(deps, { name: "web", ...ARCHIVE });
    deps.ledger.removeArchive(archive?.id ?? "");
    expect(await listArchives(deps)).toMatchObject([{ id: archive?.id, boxName: "web", sha256: archive?.sha256 }]);
  });

  it("go when their time is over, and nothing else does, whatever the clock says [X-04]", async () => {
    using world = new World();
    const { deps } = await withBox(world);
    await destroy(deps, { name: "web", ...ARCHIVE });
    const gone = async (now: number): Promise<ArchiveRecord[]> => {
      world.now = now;
      return expireArchives(deps);
    };
    const made = world.now;
    expect(await gone(made - 400 * DAY)).toEqual([]);
    expect(await gone(made + 30 * DAY - 1)).toEqual([]);
    expect(await gone(made + 30 * DAY)).toHaveLength(1);
    expect([deps.ledger.archives(), (await deps.archives()).stored()]).toEqual([[], []]);
  });

  it("make room for others when their time is over, and not before", async () => {
    using world = new World();
    const first = await withBox(world);
    await destroy(first.deps, { name: "web", ...ARCHIVE });
    const { homes, box } = await withBox(world, "api");
    withArchive(world, { quota: HOME.length + 1000 });
    homes.content.set(box.spec.home, HOME);
    const deps = world.process("alice", 4);
    expect(await codeOf(destroy(deps, { name: "api", ...ARCHIVE }))).toBe("ARCHIVE_QUOTA");
    world.pass(31 * DAY);
    expect((await destroy(deps, { name: "api", ...ARCHIVE })).archive).toMatchObject({ boxName: "api" });
    expect(deps.ledger.archives()).toHaveLength(1);
  });

  it("that were begun and given up go after a day, those being written stay", async () => {
    using world = new World();
    const { homes } = await withBox(world);
    const killed = killAt(world, homes, 2, 60);
    await destroy(world.process("alice", 2), { name: "web", ...ARCHIVE }).catch(() => undefined);
    expect(killed()).toBe(true);
    const deps = world.process("alice", 3);
    await expireArchives(deps);
    expect(deps.ledger.archives()).toMatchObject([{ state: "writing" }]);
    world.now += DAY + 1;
    await expireArchives(deps);
    expect([deps.ledger.archives(), (await deps.archives()).stored()]).toEqual([[], []]);
  });

  it("stay listed when they are damaged, are not restored from, and can be removed [X-04]", async () => {
    using world = new World();
    const { deps } = await withBox(world);
    const { archive } = await destroy(deps, { name: "web", ...ARCHIVE });
    const id = archive?.id ?? "";
    const file = path.join((await deps.archives()).dir, `${id}.tar.zst`);
    writeFileSync(file, "nothing of it");
    expect(await verifyArchives(deps, { id })).toMatchObject([{ problem: expect.any(String) as string }]);
    expect(await codeOf(restore(deps, { ...RESTORE, name: "web" }))).toBe("ARCHIVE_DAMAGED");
    expect([deps.ledger.boxes(), world.engine.homes.size]).toEqual([[], 0]);
    expect(await listArchives(deps)).toHaveLength(1);
    await removeArchive(deps, { id });
    expect(existsSync(file)).toBe(false);
    expect(await codeOf(removeArchive(deps, { id }))).toBe("ARCHIVE_NOT_FOUND");
  });

  it("are not removed while a box is restored from them", async () => {
    using world = new World();
    const { homes, deps } = await withBox(world);
    const { archive } = await destroy(deps, { name: "web", ...ARCHIVE });
    const other = world.process("alice", 5);
    let code: unknown;
    world.engine.fault = (call) => {
      if (call !== "homeTask") return;
      void codeOf(removeArchive(other, { id: archive?.id ?? "" })).then((found) => (code = found));
    };
    await restore(deps, { ...RESTORE, name: "web" });
    expect([code, homes.content.size]).toEqual(["WRONG_STATE", 2]);
  });

  it("of others are as none, and a box made of one is its owner's [FR-026]", async () => {
    using world = new World();
    const { deps } = await withBox(world);
    world.config = { ...world.config, users: { alice: {} } };
    const { archive } = await destroy(deps, { name: "web", ...ARCHIVE });
    const bob = { ...world.process("bob", 6), caller: { user: "bob", uid: 1001, admin: false, via: "sudo" as const } };
    expect(await codeOf(restore(bob, { ...RESTORE, name: "web" }))).toBe("ARCHIVE_NOT_FOUND");
    expect(await codeOf(restore(bob, { ...RESTORE, name: "web", from: archive?.id }))).toBe("ARCHIVE_NOT_FOUND");
    expect(await listArchives(bob)).toEqual([]);
    const root = { ...world.process("root", 7), caller: { user: "root", uid: 0, admin: true, via: "sudo" as const } };
    expect((await restore(root, { ...RESTORE, name: "web", as: "web-two" })).box).toMatchObject({
      owner: "alice",
      name: "web-two",
    });
    expect(await codeOf(restore(root, { ...RESTORE, name: "web", as: "web-two" }))).toBe("NAME_TAKEN");
    expect(await codeOf(restore(root, { ...RESTORE, name: "api", from: archive?.id }))).toBe("USAGE");
  });
});
