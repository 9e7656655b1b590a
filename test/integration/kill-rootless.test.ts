import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Rig } from "../fixtures/kill/rig.ts";
import { ordinaryCommands, round } from "../fixtures/kill/round.ts";
import { testImage } from "../support/image.ts";
import { removeRootlessUser, rootlessUser } from "../support/rootless.ts";

// Rootless Podman starts itself anew in a user namespace and leaves a pause process: the killed command's engine
// call has to be found among them, by an ordinary user.

let rig: Rig;
let orphans = 0;

beforeAll(async () => {
  const user = await rootlessUser();
  rig = await Rig.open(await testImage(user), { user });
});

afterAll(async () => {
  await rig[Symbol.asyncDispose]();
  await removeRootlessUser();
});

describe("a command of an ordinary user that is killed", () => {
  it.each([
    ["create", "engine.createBox#1:30"],
    ["create", "engine.createBox#1:200"],
    ["create", "engine.waitReady#1:30"],
    ["destroy", "engine.removeBox#1:30"],
    ["destroy", "engine.removeVolume#1:30"],
    ["restart", "engine.stopBox#1:30"],
    ["restart", "engine.startBox#1:100"],
    ["recreate", "engine.createBox#1:100"],
  ] as const)("loses nothing: %s at %s [X-06] [P-06]", async (verb, at) => {
    const prepared = await rig.prepare(verb);
    const command = ordinaryCommands(prepared).at(at.length % 5);
    const outcome = await round(
      rig,
      prepared,
      async () => {
        const { exitCode, stderr } = await rig.child({ verb, name: prepared.name, home: prepared.home, at });
        expect(exitCode, stderr).toBe(-1);
        return { killed: true };
      },
      command,
    );
    expect(outcome.problems, outcome.trail.join(" · ")).toEqual([]);
    if (outcome.orphan) orphans += 1;
  });

  it("leaves Podman at work, which whoever comes next has waited for [P-06]", () => {
    expect(orphans).toBeGreaterThan(0);
  });
});
