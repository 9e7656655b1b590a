import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { distinctPoints, seeded, type Verb } from "../fixtures/kill/job.ts";
import { type Prepared, Rig } from "../fixtures/kill/rig.ts";
import { ordinaryCommands, type Outcome, round } from "../fixtures/kill/round.ts";
import { testImage } from "../support/image.ts";

// Commands are killed with SIGKILL, and nothing may be lost. docs/bench/kills.ts does the same with all commands.

/** Milliseconds into an engine call: podman has just begun, and podman is at work. */
const INTO = [5, 60];
const MINUTE = 60_000;

/** Two cores, two rounds at a time; each with a namespace of its own. */
let rigs: Rig[];
let witnesses: string[];

beforeAll(async () => {
  const image = await testImage();
  rigs = await Promise.all([Rig.open(image), Rig.open(image)]);
  witnesses = await Promise.all(rigs.map((rig) => rig.witness()));
});

afterAll(() => Promise.all(rigs.map((rig) => rig[Symbol.asyncDispose]())));

interface Kill {
  readonly verb: Verb;
  readonly where: string;
  readonly strike: (rig: Rig, prepared: Prepared) => Promise<{ killed: boolean }>;
}

/** Kills one after the other on every rig, with the doctor and an ordinary command after it by turns. */
async function failuresOf(kills: readonly Kill[], random: () => number): Promise<(Outcome & { where: string })[]> {
  const queue = [...kills.entries()];
  const failures: (Outcome & { where: string })[] = [];
  const work = async (rig: Rig): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [i, { verb, where, strike }] = next;
      const prepared = await rig.prepare(verb);
      const commands = ordinaryCommands(prepared);
      const command = i % 2 === 0 ? undefined : commands[Math.floor(random() * commands.length)];
      const outcome = await round(rig, prepared, () => strike(rig, prepared), command);
      if (outcome.problems.length > 0) failures.push({ where: `${verb} at ${where}`, ...outcome });
    }
  };
  await Promise.all(rigs.map(work));
  return failures;
}

const firstRig = (): Rig => {
  const [rig] = rigs;
  if (rig === undefined) throw new Error("no rig");
  return rig;
};

describe("a command that is killed", () => {
  it.each(["create", "destroy", "restart", "rebuild"] as const)(
    "loses nothing, at whatever point of %s [X-06] [P-06]",
    async (verb) => {
      const points = distinctPoints(await firstRig().callsOf(verb), INTO);
      expect(points.length).toBeGreaterThan(15);
      const kills = points.map((at) => ({
        verb,
        where: at,
        strike: async (rig: Rig, { name, home }: Prepared) => ({
          killed: (await rig.child({ verb, name, home, at })).exitCode === -1,
        }),
      }));
      expect(await failuresOf(kills, seeded(kills.length))).toEqual([]);
    },
    5 * MINUTE,
  );

  it(
    "loses nothing, at whatever moment of the real program [X-06] [P-06]",
    async () => {
      const seed = 20_261_121;
      const random = seeded(seed);
      const verbs = [
        "create",
        "destroy",
        "restart",
        "destroy --keep-volume",
        "create --volume",
        "recreate",
        "rebuild",
      ] as const;
      const kills = [...verbs, ...verbs].map((verb) => {
        // A command takes half a second to two on most machines; the first 150 ms are Node's own.
        const after = Math.round(150 + random() * 1200);
        const group = random() < 0.5;
        const where = `${String(after)} ms${group ? ", with its group" : ""}, seed ${String(seed)}`;
        return { verb, where, strike: (rig: Rig, { args }: Prepared) => rig.kill(args, after, group) };
      });
      expect(await failuresOf(kills, random)).toEqual([]);
    },
    3 * MINUTE,
  );

  it("leaves other boxes alone [X-06]", async () => {
    for (const [i, rig] of rigs.entries()) expect(rig.isWhole(await rig.world(), witnesses[i] ?? "")).toBe(true);
  });
});
