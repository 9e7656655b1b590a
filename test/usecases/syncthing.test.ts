import { describe, expect, it } from "vitest";
import { IMAGE } from "../../src/core/image-contract.ts";
import type { ProgramResult, ProgramRun } from "../../src/ports/engine.ts";
import { create } from "../../src/usecases/create.ts";
import { stop } from "../../src/usecases/start.ts";
import {
  pairSyncthing,
  resetSyncthingPassword,
  syncthingStatus,
  unpairSyncthing,
} from "../../src/usecases/syncthing/pair.ts";
import { disableSyncthing, enableSyncthing } from "../../src/usecases/syncthing/switch.ts";
import type { DevboxError } from "../../src/core/errors.ts";
import { codeOf, createInput, World } from "../fakes/world.ts";

const ID = "F4MD7E2-GZT25R5-TU2RXJP-TK6RSVW-TQ25YWX-KRVCRSU-YIRSOBE-SOFAQQA";
const OTHER = "ZTCZPXY-BEVAQAD-WWDCYN3-FZS2YX7-R6JJR7A-HZ7HIRZ-P6GOLCT-COSB4A7";
const name = "api";

const says = (stdout: unknown): ProgramResult => ({ exitCode: 0, stdout: JSON.stringify(stdout), stderr: "" });
const fails = (exitCode: number, stderr = ""): ProgramResult => ({ exitCode, stdout: "", stderr });

/** A world with one box, whose programs answer as told; what was run is written down. */
async function withBox(
  answer: (run: ProgramRun) => ProgramResult,
): Promise<Disposable & { world: World; runs: ProgramRun[] }> {
  const world = new World();
  await create(world.process(), createInput(name));
  const runs: ProgramRun[] = [];
  world.engine.program = (run) => {
    runs.push(run);
    return answer(run);
  };
  const dispose = () => {
    world[Symbol.dispose]();
  };
  return { world, runs, [Symbol.dispose]: dispose };
}

const errorOf = (act: Promise<unknown>) =>
  act.then(
    () => undefined,
    (error: unknown) => error as DevboxError,
  );

describe("turning Syncthing on and off", () => {
  it("turns the service on as root and sets it up as dev [FR-037]", async () => {
    using bed = await withBox(({ user }) => (user === "root" ? says({}) : says({ deviceId: ID, password: "secret" })));
    const { world, runs } = bed;
    expect(await enableSyncthing(world.process(), { name })).toEqual({ name, deviceId: ID, password: "secret" });
    expect(runs.map(({ user, argv }) => [user, ...argv.slice(0, 2)])).toEqual([
      ["root", IMAGE.programs.services, "enable"],
      ["dev", IMAGE.programs.syncthing, "setup"],
    ]);
    await disableSyncthing(world.process(), { name });
    expect(runs.at(-1)).toMatchObject({ user: "root", argv: [IMAGE.programs.services, "disable", "syncthing"] });
  });

  it("says with its last lines why it did not come up [FR-037]", async () => {
    using bed = await withBox(({ argv }) =>
      argv[1] === "log"
        ? { exitCode: 0, stdout: "the disk is\u001b full\n", stderr: "" }
        : argv[1] === "setup"
          ? fails(4, "no")
          : says({}),
    );
    const { world } = bed;
    expect(await errorOf(enableSyncthing(world.process(), { name }))).toMatchObject({
      code: "NOT_READY",
      why: "the disk is\\u{1b} full",
    });
  });

  it.each([4, 126, 127])("says of an image without it that it has none (exit code %i) [FR-037]", async (code) => {
    using bed = await withBox(() => fails(code));
    const { world } = bed;
    expect(await errorOf(enableSyncthing(world.process(), { name }))).toMatchObject({
      code: "WRONG_STATE",
      message: "the image of api has no Syncthing.",
    });
  });

  it("lets one command at a time change a box [P-06]", async () => {
    let second: Promise<unknown> | undefined;
    using bed = await withBox(() => {
      second ??= codeOf(disableSyncthing(world.process("alice", 2), { name }));
      return says({ deviceId: ID, password: null });
    });
    const { world } = bed;
    await enableSyncthing(world.process("alice", 1), { name });
    expect(await second).toBe("BUSY");
  });
});

describe("pairing", () => {
  it("checks what it is given before it asks the box [FR-041]", async () => {
    using bed = await withBox(() => says({}));
    const { world, runs } = bed;
    const none = { device: undefined, label: undefined, address: undefined };
    for (const input of [
      { ...none, device: `${ID.slice(0, -1)}B` },
      { ...none, label: "x" },
      { ...none, address: "tcp://a:1" },
      { ...none, device: ID, label: "" },
      { ...none, device: ID, label: "a\nb" },
      { ...none, device: ID, label: "é".repeat(101) },
      { ...none, device: ID, address: "http://a:1" },
      { ...none, device: ID, address: "tcp://a" },
      { ...none, device: ID, address: "tcp://a:1/x" },
    ]) {
      expect(await codeOf(pairSyncthing(world.process(), { name, ...input })), JSON.stringify(input)).toBe("USAGE");
    }
    expect(await codeOf(unpairSyncthing(world.process(), { name, device: "x" }))).toBe("USAGE");
    expect(runs).toEqual([]);
  });

  it("hands the id on in full, with the name and address [FR-041]", async () => {
    using bed = await withBox(() => says({ deviceId: ID, added: true }));
    const { world, runs } = bed;
    const input = { name, device: OTHER.toLowerCase(), label: "a b", address: "tcp://[::1]:22000" };
    expect(await pairSyncthing(world.process(), input)).toMatchObject({
      deviceId: ID,
      paired: { device: OTHER, added: true },
    });
    expect(runs[0]?.argv.slice(1)).toEqual(["pair", OTHER, "--name", "a b", "--address", "tcp://[::1]:22000"]);
  });

  it.each([
    [2, "USAGE"],
    [4, "WRONG_STATE"],
    [5, "NOT_READY"],
    [1, "ENGINE_FAILED"],
  ])("tells why the box refuses (exit code %i) [FR-041]", async (exitCode, code) => {
    using bed = await withBox(() => fails(exitCode, "syncthing: because"));
    const { world } = bed;
    const error = await errorOf(unpairSyncthing(world.process(), { name, device: OTHER }));
    expect(error).toMatchObject({ code, why: expect.stringContaining("because") as unknown });
  });
});

it("needs a box that runs, and is the caller's own [FR-026]", async () => {
  using bed = await withBox(() => fails(255, "container state improper"));
  const { world, runs } = bed;
  expect(await codeOf(syncthingStatus(world.process("bob"), { name }))).toBe("BOX_NOT_FOUND");
  await stop(world.process(), { name });
  expect(await codeOf(syncthingStatus(world.process(), { name }))).toBe("WRONG_STATE");
  expect(await codeOf(enableSyncthing(world.process(), { name }))).toBe("WRONG_STATE");
  expect(runs).toEqual([]);
  // Meant to run, and stopped by other hands.
  world.process().ledger.update(world.process().ledger.boxByName(name)?.id ?? "", { desired: "running" });
  expect(await codeOf(resetSyncthingPassword(world.process(), { name }))).toBe("WRONG_STATE");
  expect(runs).toHaveLength(1);
});
