import { describe, expect, it } from "vitest";
import { DevboxError } from "../../src/core/errors.ts";
import { styleFor } from "../../src/cli/style.ts";
import { presentStatus } from "../../src/cli/present/status.ts";
import type { ProgramRun } from "../../src/ports/engine.ts";
import { create } from "../../src/usecases/create.ts";
import { doctor } from "../../src/usecases/doctor/doctor.ts";
import { serviceLog } from "../../src/usecases/services.ts";
import { switchService } from "../../src/usecases/service-switch.ts";
import { stop } from "../../src/usecases/start.ts";
import { status } from "../../src/usecases/status.ts";
import { codeOf, createInput, World } from "../fakes/world.ts";

const FAILING = {
  ...{ name: "code-server", state: "failing", upSeconds: 0, restarts: 7, lastExit: "exit 1" },
  lines: ["cannot\u001b[2J read"],
};
const READY = { name: "tailscaled", state: "ready", upSeconds: 5, restarts: 0, lastExit: null, lines: [] };

async function boxWith(services: readonly object[]): Promise<World> {
  const world = new World();
  world.engine.program = ({ argv }: ProgramRun) => ({
    exitCode: argv[1] === "list" ? 0 : 4,
    stdout: argv[1] === "list" ? JSON.stringify({ services }) : "",
    stderr: "services: no such service",
  });
  await create(world.process(), createInput("api"));
  return world;
}

describe("the services of a box", () => {
  it("that keep failing are shown by status with what they said, made harmless [FR-009]", async () => {
    using world = await boxWith([READY, FAILING]);
    const result = await status(world.process(), { name: "api" });
    const shown = presentStatus(styleFor(process.stdout), result, { now: world.now, zone: "UTC" });
    expect(shown).toContain("✓ tailscaled: ready");
    expect(shown).toContain("✗ code-server: keeps failing, 7 restarts, last ended with exit 1");
    expect(shown).toContain("cannot\\u{1b}[2J read");
    expect(shown).toContain("devbox-ctl logs api --service code-server");
  });

  it("are not asked of a box that is stopped, and a box that says nonsense has none to show", async () => {
    using world = await boxWith([READY]);
    world.engine.program = () => ({ exitCode: 0, stdout: "nonsense", stderr: "" });
    const result = await status(world.process(), { name: "api" });
    expect(result.services).toBeUndefined();
    expect(presentStatus(styleFor(process.stdout), result, { now: world.now, zone: "UTC" })).toContain(
      "the box does not say how they are",
    );
    world.engine.program = () => {
      throw new DevboxError("ENGINE_GARBAGE", "podman exec printed more than devbox-ctl reads.");
    };
    expect((await status(world.process(), { name: "api" })).services).toBeUndefined();
    await stop(world.process(), { name: "api" });
    const calls = world.engine.calls.length;
    expect((await status(world.process(), { name: "api" })).services).toBeUndefined();
    expect(world.engine.calls.slice(calls)).not.toContain("runProgram");
  });

  it("that keep failing are a problem for the doctor, only for their owner [FR-026]", async () => {
    using world = await boxWith([READY, FAILING]);
    const findingsOf = async (user: string) => {
      const deps = world.process(user, 5);
      const { findings } = await doctor(
        { ...deps, openLedger: () => deps.ledger, setAsideLedger: () => "" },
        { fix: false },
      );
      return findings.filter(({ check }) => check === "services");
    };
    expect(await findingsOf("alice")).toMatchObject([
      {
        status: "problem",
        text: "code-server in api keeps failing (7 times, last with exit 1)\ncannot\\u{1b}[2J read",
      },
    ]);
    expect(await findingsOf("bob")).toEqual([]);
  });

  it("that are not there are neither switched nor read, and nobody else's are [FR-026]", async () => {
    using world = await boxWith([READY]);
    const input = { name: "api", service: "nonsense" };
    expect(await codeOf(switchService(world.process(), { ...input, on: false }))).toBe("SERVICE_NOT_FOUND");
    expect(await codeOf(serviceLog(world.process(), { ...input, tail: undefined }))).toBe("SERVICE_NOT_FOUND");
    expect(await codeOf(switchService(world.process("bob", 3), { ...input, on: false }))).toBe("BOX_NOT_FOUND");
    expect(await codeOf(serviceLog(world.process("bob", 3), { ...input, tail: undefined }))).toBe("BOX_NOT_FOUND");
  });

  it("are switched as root, and only in a box that runs", async () => {
    using world = await boxWith([READY]);
    const runs: ProgramRun[] = [];
    world.engine.program = (run) => {
      runs.push(run);
      return { exitCode: 0, stdout: "", stderr: "" };
    };
    await switchService(world.process(), { name: "api", service: "syncthing", on: true });
    expect(runs).toEqual([{ argv: ["/usr/libexec/devbox/services", "enable", "syncthing"], user: "root" }]);
    await stop(world.process(), { name: "api" });
    world.engine.program = () => ({ exitCode: 255, stdout: "", stderr: "not running" });
    expect(await codeOf(switchService(world.process(), { name: "api", service: "syncthing", on: true }))).toBe(
      "WRONG_STATE",
    );
  });

  it("that do not answer leave a new box in place, with exit code 11 [FR-009]", async () => {
    using world = new World();
    world.engine.problems = ["service code-server: not ready, died 4 times"];
    expect(await codeOf(create(world.process(), createInput("api")))).toBe("SERVICE_NOT_READY");
    const { ledger } = world.process();
    expect(ledger.boxByName("api")).toMatchObject({ phase: "ready", desired: "running" });
    expect(ledger.operations()).toEqual([]);
    expect(ledger.leases()).toEqual([]);
  });
});
