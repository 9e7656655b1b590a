import { beforeEach, afterEach, describe, expect, it } from "vitest";
import { DAY, HOUR } from "../../src/core/time.ts";
import type { Message } from "../../src/ports/notifier.ts";
import { beginAudit } from "../../src/usecases/audit/record.ts";
import { create } from "../../src/usecases/create.ts";
import { destroy } from "../../src/usecases/destroy.ts";
import { reap } from "../../src/usecases/reap/reap.ts";
import { stop } from "../../src/usecases/start.ts";
import { Homes } from "../fakes/homes.ts";
import { createInput, World } from "../fakes/world.ts";
import { tarOf } from "../support/tar.ts";

// A box that the reaper began to destroy when it was killed: its owner is told of it by whichever run comes next.

let world: World;
let told: Message[];

beforeEach(async () => {
  world = new World();
  const homes = new Homes(world);
  told = [];
  world.channels = [{ name: "webhook", deliver: (message) => Promise.resolve(void told.push(message)) }];
  const { box } = await create(world.process(), createInput("web"));
  homes.content.set(box.spec.home, tarOf([["./", ""]]));
  await stop(world.process(), { name: "web" });
  world.pass(12 * DAY + HOUR);
  await run();
  world.pass(2 * DAY);
});
afterEach(() => world[Symbol.dispose]());

const run = (pid = 9) => reap(world.process("alice", pid), { dryRun: false });
const news = () => told.filter(({ kind }) => kind === "destroyed");

/** The reaper is killed when everything is put away and the container is to go. */
async function killed(): Promise<void> {
  world.engine.fault = (call) => {
    if (call !== "removeBox") return;
    world.kill(5);
    throw new Error("killed");
  };
  await run(5).catch(() => undefined);
  world.engine.fault = () => undefined;
  expect(world.process().ledger.operations()).toMatchObject([{ kind: "destroy" }]);
}

describe("a destroy that the reaper began and did not finish", () => {
  it("is told of when it is finished by whoever comes by, once [X-05] [X-04]", async () => {
    await killed();
    expect(news()).toEqual([]);
    await create(world.process("bob", 6), createInput("other"));
    expect(world.process().ledger.boxByName("web")).toBeUndefined();
    expect(news()).toEqual([]);
    await Promise.all([run(7), run(8)]);
    expect(news()).toMatchObject([{ boxName: "web", owner: "alice" }]);
    expect(news()[0]?.body).toContain("devbox-ctl restore web");
    await run();
    world.pass(DAY);
    await run();
    expect(news()).toHaveLength(1);
  });

  it("is told of once when the reaper itself goes on with it [X-05]", async () => {
    await killed();
    await run();
    await run();
    expect(news()).toHaveLength(1);
  });

  it("is no news to an owner who destroyed the box that was spared then [X-05]", async () => {
    // Put away, and not begun to be destroyed: as a run leaves it that is killed in between.
    const deps = world.process();
    const { id, spec } = deps.ledger.boxByName("web")!;
    const archive = { id: "a0archiv", boxId: id, boxName: "web", owner: "alice", spec: JSON.stringify(spec) };
    const size = { size: 5, contentSize: 5, entries: 1, sha256: "", unpushed: [] };
    const state = { state: "complete", reason: "reaped", createdAt: world.now, expiresAt: undefined } as const;
    deps.ledger.addArchive({ ...archive, ...state, ...size });
    const audited = (what: string | undefined) =>
      beginAudit({ ...deps, journal: undefined }, { command: "destroy", box: "web", makesBox: false, what });
    audited("stopped-long");
    const own = audited(undefined);
    await destroy(deps, { name: "web", keepVolume: false });
    await own.end({ exitCode: 0, error: undefined });
    await run();
    expect(news()).toEqual([]);
  });
});
