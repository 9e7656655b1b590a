import { describe, expect, it } from "vitest";
import { presentAudit } from "../../src/cli/present/audit.ts";
import { styleFor } from "../../src/cli/style.ts";
import type { Caller } from "../../src/core/caller.ts";
import { DevboxError } from "../../src/core/errors.ts";
import type { JournalEnd, JournalEntry } from "../../src/ports/system-journal.ts";
import { audit, type AuditInput } from "../../src/usecases/audit/audit.ts";
import { type Audited, beginAudit, recorded } from "../../src/usecases/audit/record.ts";
import { create } from "../../src/usecases/create.ts";
import type { Deps } from "../../src/usecases/deps.ts";
import { destroy } from "../../src/usecases/destroy.ts";
import { handOver } from "../../src/usecases/hand-over.ts";
import { createInput, World } from "../fakes/world.ts";

const NOTHING: AuditInput = { since: undefined, user: undefined, box: undefined, limit: 100 };

/** The ports as a process of a user on an orchestrator. */
function as(world: World, user: string, more: Partial<Caller> = {}, pid = 1): Deps {
  const deps = world.process(user, pid);
  return { ...deps, caller: { ...deps.caller, via: "sudo", ...more } };
}

const did = (command: string, box?: string, more: Partial<Audited> = {}): Audited => ({
  ...{ command, box, makesBox: false, what: undefined },
  ...more,
});

async function record(deps: Deps, audited: Audited, exitCode = 0, error?: string): Promise<void> {
  await beginAudit({ ...deps, journal: undefined }, audited).end({ exitCode, error });
}

const seen = (deps: Deps, input: Partial<AuditInput> = {}) => audit(deps, { ...NOTHING, ...input });
const brief = (deps: Deps, input: Partial<AuditInput> = {}) =>
  seen(deps, input).map(({ user, command, box }) => [user, command, box?.name, box?.owner].join(" ").trim());

describe("what a user sees of the audit log [X-09]", () => {
  it("is what they did, and what administrators did to boxes of theirs; an administrator sees all", async () => {
    using world = new World();
    await create(as(world, "alice"), createInput("api"));
    await record(as(world, "alice"), did("start", "api"));
    await record(as(world, "carol", { admin: true }), did("stop", "api"));
    await record(as(world, "bob"), did("exec", "api"), 3, "BOX_NOT_FOUND");
    await record(as(world, "carol", { admin: true }), did("image load"));
    expect(brief(as(world, "alice"))).toEqual(["alice start api alice", "carol stop api alice"]);
    expect(brief(as(world, "bob"))).toEqual(["bob exec api"]);
    expect(brief(as(world, "dave"))).toEqual([]);
    expect(brief(as(world, "carol", { admin: true }))).toEqual([
      "alice start api alice",
      "carol stop api alice",
      "bob exec api alice",
      "carol image load",
    ]);
    expect(seen(as(world, "alice")).map(({ forOther }) => forOther)).toEqual([false, true]);
    expect(brief(as(world, "carol", { admin: true }), { user: "bob" })).toEqual(["bob exec api alice"]);
  });

  it("tells nothing of whether somebody else has a box: the same with it and without it [FR-026] [SC-007]", async () => {
    const views = await Promise.all(
      [true, false].map(async (isThere) => {
        using world = new World();
        if (isThere) await create(as(world, "alice"), createInput("api"));
        for (const command of ["exec", "status", "destroy"]) {
          await record(as(world, "bob"), did(command, "api"), 3, "BOX_NOT_FOUND");
        }
        await record(as(world, "bob"), did("create", "api", { makesBox: true }), 5, "NAME_TAKEN");
        const bob = as(world, "bob");
        return [{}, { box: "api" }, { user: "alice" }, { user: "bob" }].map((input) =>
          seen(bob, input).map((line) => ({ ...line, id: 0 })),
        );
      }),
    );
    expect(views[0]).toEqual(views[1]);
    expect(views[0]?.[1]).toHaveLength(4);
  });

  it("is told by the box's id: a name that was another's before shows nothing of then [FR-026]", async () => {
    using world = new World();
    await create(as(world, "alice"), createInput("api"));
    await record(as(world, "alice"), did("start", "api"));
    await destroy(as(world, "alice"), { name: "api", keepVolume: false });
    await create(as(world, "bob"), createInput("api"));
    await record(as(world, "bob"), did("create", "api", { makesBox: true }));
    const admin = as(world, "carol", { admin: true });
    expect(brief(as(world, "bob"), { box: "api" })).toEqual(["bob create api bob"]);
    expect(brief(as(world, "alice"), { box: "api" })).toEqual(["alice start api alice"]);
    expect(brief(admin, { box: "api" })).toEqual(["bob create api bob"]);
    expect(brief(admin, { box: seen(as(world, "alice"))[0]?.box?.id ?? "" })).toEqual(["alice start api alice"]);
    await destroy(as(world, "bob"), { name: "api", keepVolume: false });
    expect(brief(as(world, "bob"), { box: "api" })).toEqual(["bob create api bob"]);
  });

  it("is told by a name of the owner's earlier boxes, too, marked by their ids, and of nobody else's [FR-026]", async () => {
    using world = new World();
    const account = as(world, "dev", { admin: true, via: "account" });
    for (const owner of ["alice", "bob", "alice"]) {
      const own = as(world, owner);
      await create(own, createInput("api"));
      await record(own, did("create", "api", { makesBox: true }));
      await recorded(account, { command: "destroy", box: "api", what: "stopped-long" }, () =>
        destroy(account, { name: "api", keepVolume: false }),
      );
    }
    await create(as(world, "alice"), createInput("api"));
    await record(as(world, "alice"), did("start", "api"));
    const twice = ["alice create api alice", "dev destroy api alice"];
    expect(brief(as(world, "alice"), { box: "api" })).toEqual([...twice, ...twice, "alice start api alice"]);
    expect(brief(as(world, "bob"), { box: "api" })).toEqual(["bob create api bob", "dev destroy api bob"]);
    expect(brief(account, { box: "api" })).toEqual([...twice, ...twice, "alice start api alice"]);
    const lines = seen(as(world, "alice"), { box: "api" });
    const id = lines[0]?.box?.id ?? "";
    expect(brief(as(world, "alice"), { box: id })).toEqual(twice);
    const shown = presentAudit(styleFor(process.stdout), lines).split("\n");
    expect(shown.filter((line) => line.includes(`api (earlier, ${id})`))).toHaveLength(2);
    expect(shown.at(-1)).not.toContain("earlier");
  });

  it("tells one that was killed from one at work, and is what was typed made printable", () => {
    using world = new World();
    beginAudit({ ...as(world, "alice", {}, 7), journal: undefined }, did("exec", "a\u001b[31m\nb"));
    beginAudit(
      { ...as(world, "alice", {}, 8), journal: undefined },
      did("cp", "api", { what: `x\n${"y".repeat(999)}` }),
    );
    world.kill(7);
    const [killed, running] = seen(as(world, "alice"));
    expect([killed?.state, running?.state]).toEqual(["killed", "running"]);
    expect(killed?.box?.name).toBe(String.raw`a\u{1b}[31m\nb`);
    expect(running?.what).toMatch(/^x\\ny{197}…$/);
  });

  it("is of a box that was handed over what both its owners are to know, and only after it was", async () => {
    using world = new World();
    world.config = { ...world.config, users: { alice: {}, bob: {} } };
    await create(as(world, "alice"), createInput("api"));
    const carol = as(world, "carol", { admin: true });
    const given = () => beginAudit({ ...carol, journal: undefined }, did("hand-over", "api", { handsOver: true }));
    await given().end({ exitCode: 75, error: "BUSY" });
    expect(brief(as(world, "bob"))).toEqual([]);
    const open = given();
    await handOver(carol, { box: "api", to: "bob" });
    // Not all went well, and it is theirs all the same.
    await open.end({ exitCode: 11, error: "SERVICE_NOT_READY" });
    await record(carol, did("stop", "api"));
    expect(brief(as(world, "alice"))).toEqual(["carol hand-over api alice", "carol hand-over api alice"]);
    expect(brief(as(world, "bob"), { box: "api" })).toEqual(["carol hand-over api alice", "carol stop api bob"]);
    expect(brief(carol, { box: "api" })).toHaveLength(3);
  });

  it("is of a command that names a box otherwise what it found it to be about", async () => {
    using world = new World();
    const open = beginAudit({ ...as(world, "carol", { admin: true }), journal: undefined }, did("volume remove"));
    expect(brief(as(world, "alice"))).toEqual([]);
    open.about({ name: "api", id: "k3f9x2ab", owner: "alice" });
    await open.end({ exitCode: 0, error: undefined });
    expect(brief(as(world, "alice"), { box: "api" })).toEqual(["carol volume remove api alice"]);
    expect(seen(as(world, "alice"))[0]?.forOther).toBe(true);
  });

  it("begins where --since says", async () => {
    using world = new World();
    await record(as(world, "alice"), did("start"));
    world.now += 3 * 60_000;
    await record(as(world, "alice"), did("stop"));
    expect(brief(as(world, "alice"), { since: "2m" })).toEqual(["alice stop"]);
    expect(() => seen(as(world, "alice"), { since: "soon" })).toThrow("neither a duration nor a time");
  });
});

describe("a record [X-09]", () => {
  it("goes to the system's journal too, at both ends", async () => {
    using world = new World();
    const lines: (JournalEntry | JournalEnd)[] = [];
    const journal = {
      write: (line: JournalEntry | JournalEnd) => void lines.push(line),
      flush: () => Promise.resolve(),
    };
    const deps = { ...as(world, "alice", { via: "key", address: "10.0.0.7" }), journal };
    const open = beginAudit(deps, did("create", "api", { makesBox: true }));
    await create(deps, createInput("api"));
    world.now += 1500;
    await open.end({ exitCode: 0, error: undefined });
    const id = deps.ledger.boxByName("api")?.id;
    expect(lines).toMatchObject([
      { event: "begin", user: "alice", via: "key", address: "10.0.0.7", box: { name: "api", id: undefined } },
      { event: "end", record: lines[0]?.record, exitCode: 0, duration: 1500, box: { id, owner: "alice" } },
    ]);
  });

  it("of a part of a command says how that part ended, and what cannot be written of it stops nothing", async () => {
    using world = new World();
    await create(as(world, "alice"), createInput("api"));
    const deps = as(world, "carol", { admin: true });
    const part = { command: "destroy", box: "api", what: undefined };
    const failure = new DevboxError("BUSY", "it is held.");
    await expect(recorded(deps, part, () => Promise.reject(failure))).rejects.toBe(failure);
    await recorded(
      deps,
      part,
      () => Promise.resolve({ failure }),
      (result) => result.failure,
    );
    await expect(recorded(deps, part, () => Promise.reject(new Error("oh")))).rejects.toThrow("oh");
    expect(await recorded(deps, part, () => Promise.resolve(7))).toBe(7);
    expect(seen(deps).map(({ end }) => end?.error ?? end?.exitCode)).toEqual(["BUSY", "BUSY", "BUG", 0]);
    const endAudit = () => {
      throw failure;
    };
    expect(await recorded({ ...deps, ledger: { ...deps.ledger, endAudit } }, part, () => Promise.resolve(8))).toBe(8);
    expect(world.remarks.at(-1)).toContain("not in the audit log: it is held.");
  });
});
