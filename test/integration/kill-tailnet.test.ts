import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Prepared, Rig } from "../fixtures/kill/rig.ts";
import { type Outcome, round } from "../fixtures/kill/round.ts";
import { type RigTailnet, rigTailnet } from "../fixtures/kill/tailnet.ts";
import { tailnetImage } from "../support/image.ts";

// Commands are killed on the way in and out of the tailnet, at the points after which the ledger, the box and the control
// plane know different things. docs/bench/kills.ts --tailnet does the same at all points.

const MINUTE = 60_000;

/** Two cores, two rounds at a time; each with a control plane of its own. */
const rigs: Rig[] = [];
const tailnets: RigTailnet[] = [];

beforeAll(async () => {
  const image = await tailnetImage();
  for (let i = 0; i < 2; i += 1) {
    // Others' devices; one has the name of a box to come.
    const tailnet = await rigTailnet(["laptop", "box-2"]);
    tailnets.push(tailnet);
    rigs.push(await Rig.open(image, { tailnet }));
  }
}, 10 * MINUTE);

afterAll(async () => {
  for (const each of [...rigs, ...tailnets]) await each[Symbol.asyncDispose]();
}, MINUTE);

const KILLS = [
  ["create", "engine.runProgram#2:60"],
  ["create", "engine.runProgram#2:after"],
  ["create", "ledger.recordDevice#1:after"],
  ["start - forgotten", "engine.runProgram#2:after"],
  ["start - forgotten", "ledger.recordDevice#1:after"],
  ["rotate-key", "engine.runProgram#2:400"],
  ["rotate-key", "engine.runProgram#2:after"],
  ["rotate-key", "engine.runProgram#3:after"],
  ["destroy", "engine.runProgram#2:60"],
  ["destroy", "engine.removeBox#1:after"],
  ["destroy - stopped", "tailnet.remove#1:before"],
  ["destroy - stopped", "tailnet.remove#1:after"],
] as const;

/** Asks the program for what it says to do about devices, or goes on at once with the doctor. */
const COMMANDS = [undefined, ["tailnet", "cleanup"], undefined, ["list"]];

describe("a command that is killed on a tailnet", () => {
  it(
    "leaves no device behind, none unjoined and none of others touched [FR-028] [SC-005] [X-06]",
    async () => {
      const queue = [...KILLS.entries()];
      const failures: (Outcome & { where: string })[] = [];
      const work = async (rig: Rig): Promise<void> => {
        for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
          const [i, [verb, at]] = next;
          const prepared: Prepared = await rig.prepare(verb);
          const kill = async () => ({ killed: (await rig.child({ ...prepared, at })).exitCode === -1 });
          const outcome = await round(rig, prepared, kill, COMMANDS[i % COMMANDS.length]);
          if (!outcome.killed || outcome.problems.length > 0) failures.push({ where: `${verb} at ${at}`, ...outcome });
        }
      };
      await Promise.all(rigs.map(work));
      expect(failures).toEqual([]);
    },
    5 * MINUTE,
  );
});
