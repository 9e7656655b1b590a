import { describe, expect, it } from "vitest";
import { DevboxError } from "../../src/core/errors.ts";
import { create } from "../../src/usecases/create.ts";
import { destroy } from "../../src/usecases/destroy.ts";
import { list } from "../../src/usecases/list.ts";
import { session } from "../../src/usecases/session.ts";
import { restart, start, stop } from "../../src/usecases/start.ts";
import { status } from "../../src/usecases/status.ts";
import { listVolumes, removeVolume } from "../../src/usecases/volumes.ts";
import { codeOf, createInput, World } from "../fakes/world.ts";

async function withBox(): Promise<World> {
  const world = new World();
  await create(world.process(), createInput("api"));
  return world;
}

const only = (world: World) => {
  const [container] = world.engine.containers.values();
  if (container === undefined) throw new Error("there is no container");
  return container;
};

describe("the life of a box", () => {
  it("stops and starts, and says when it was so already [FR-025]", async () => {
    using world = await withBox();
    const name = "api";
    expect((await start(world.process(), { name, recreate: false })).changed).toBe(false);
    expect((await stop(world.process(), { name })).changed).toBe(true);
    expect((await stop(world.process(), { name })).changed).toBe(false);
    expect((await start(world.process(), { name, recreate: false })).changed).toBe(true);
    expect(world.process().ledger.boxByName(name)).toMatchObject({ desired: "running", stoppedAt: undefined });
  });

  it("starts a box that stopped by itself, and stops one that was started by other hands [FR-025]", async () => {
    using world = await withBox();
    only(world).state = "exited";
    expect((await start(world.process(), { name: "api", recreate: false })).changed).toBe(true);
    await stop(world.process(), { name: "api" });
    only(world).state = "running";
    expect((await stop(world.process(), { name: "api" })).changed).toBe(true);
    expect(only(world).state).toBe("exited");
  });

  it("writes down what is wanted before it acts [FR-027]", async () => {
    using world = await withBox();
    world.engine.fault = (call) => {
      if (call === "stopBox") throw new DevboxError("ENGINE_TIMEOUT", "podman stop did not answer.");
    };
    expect(await codeOf(stop(world.process(), { name: "api" }))).toBe("ENGINE_TIMEOUT");
    expect(world.process().ledger.boxByName("api")?.desired).toBe("stopped");
  });

  it("never reports success for a box whose container is gone, and makes it again on its home [P-07]", async () => {
    using world = await withBox();
    const { home } = (await status(world.process(), { name: "api" })).box.spec;
    world.engine.containers.clear();
    expect(await codeOf(start(world.process(), { name: "api", recreate: false }))).toBe("CONTAINER_GONE");
    expect(await codeOf(stop(world.process(), { name: "api" }))).toBe("CONTAINER_GONE");
    expect(await codeOf(restart(world.process(), { name: "api" }))).toBe("CONTAINER_GONE");
    expect((await list(world.process(), { usage: false })).boxes[0]?.state).toBe("gone");
    expect((await start(world.process(), { name: "api", recreate: true })).changed).toBe(true);
    expect(only(world).mounts).toContain(home);
  });

  it("does not make a box again on an empty home [P-07]", async () => {
    using world = await withBox();
    world.engine.containers.clear();
    world.engine.homes.clear();
    expect(await codeOf(start(world.process(), { name: "api", recreate: true }))).toBe("CONTAINER_GONE");
    expect(world.engine.homes.size).toBe(0);
  });

  it("destroys everything, or keeps the home for a later box [E-05] [FR-025]", async () => {
    using world = await withBox();
    const kept = await destroy(world.process(), { name: "api", keepVolume: true });
    expect([...world.engine.homes.keys()]).toEqual([kept.keptVolume]);
    expect(await listVolumes(world.process())).toMatchObject([
      { name: kept.keptVolume, box: undefined, madeFor: "api" },
    ]);
    expect(await codeOf(removeVolume(world.process("bob"), { name: String(kept.keptVolume) }))).toBe(
      "VOLUME_NOT_FOUND",
    );
    await removeVolume(world.process(), { name: String(kept.keptVolume) });
    expect(world.engine.homes.size + world.engine.containers.size).toBe(0);
  });

  it("keeps what could not be destroyed and goes on with it at the next command [E-05]", async () => {
    using world = await withBox();
    world.engine.fault = (call) => {
      if (call === "removeVolume") throw new DevboxError("ENGINE_FAILED", "podman failed.");
    };
    expect(await codeOf(destroy(world.process(), { name: "api", keepVolume: false }))).toBe("PARTIAL");
    expect(world.process().ledger.boxByName("api")?.phase).toBe("destroying");
    expect(await codeOf(start(world.process(), { name: "api", recreate: false }))).not.toBe("succeeded");
    world.engine.fault = () => undefined;
    await destroy(world.process(), { name: "api", keepVolume: false });
    expect(world.engine.homes.size).toBe(0);
    expect(world.process().ledger.boxes()).toEqual([]);
  });

  it("answers for another's box exactly as for none [FR-026]", async () => {
    using world = await withBox();
    const bob = world.process("bob");
    const said = async (act: Promise<unknown>) => {
      const error = (await act.catch((e: unknown) => e)) as DevboxError;
      return [error.code, error.message, error.why, error.next];
    };
    expect(await said(status(bob, { name: "api" }))).toEqual(
      (await said(status(bob, { name: "apx" }))).map((part) =>
        typeof part === "string" ? part.replace("apx", "api") : part,
      ),
    );
    for (const act of [stop(bob, { name: "api" }), destroy(bob, { name: "api", keepVolume: false })]) {
      expect((await said(act))[0]).toBe("BOX_NOT_FOUND");
    }
    expect((await list(bob, { usage: false })).boxes).toEqual([]);
    expect(only(world).state).toBe("running");
  });

  it("lets one command at a time change a box and says who is at work [P-06]", async () => {
    using world = await withBox();
    let second: Promise<DevboxError> | undefined;
    world.engine.fault = (call, when) => {
      if (call !== "stopBox" || when !== "before" || second !== undefined) return;
      second = start(world.process("alice", 2), { name: "api", recreate: false }).catch(
        (e: unknown) => e,
      ) as Promise<DevboxError>;
    };
    await stop(world.process("alice", 1), { name: "api" });
    expect(await second).toMatchObject({
      code: "BUSY",
      exitCode: 75,
      why: "stop api, by alice, process 1, since just now.",
    });
  });
});

describe("sessions", () => {
  const shell = { name: "api", command: undefined, tty: true, env: {}, by: "ssh" as const };

  it("give the command's exit code and count as use [FR-025]", async () => {
    using world = await withBox();
    world.engine.sessionEnd = { exitCode: 42, signal: undefined };
    world.now += 60_000;
    expect(await session(world.process(), shell)).toBe(42);
    expect(world.process().ledger.boxByName("api")).toMatchObject({ lastUsedAt: world.now, lastUsedBy: "ssh" });
  });

  it("are refused for a stopped box, with the way on", async () => {
    using world = await withBox();
    await stop(world.process(), { name: "api" });
    const error = (await session(world.process(), shell).catch((e: unknown) => e)) as DevboxError;
    expect(error).toMatchObject({ code: "WRONG_STATE", message: "api is stopped.", next: ["devbox-ctl start api"] });
    expect(world.engine.sessions).toEqual([]);
  });

  it("are not begun in a box that does not look as if it ran, and does not", async () => {
    using world = await withBox();
    world.engine.looksRunning = () => false;
    expect(await session(world.process(), shell)).toBe(0);
    only(world).state = "exited";
    expect(await codeOf(session(world.process(), shell))).toBe("WRONG_STATE");
    expect(world.engine.sessions).toHaveLength(1);
  });

  it("tell a box that died from a command that failed with the same code", async () => {
    using world = await withBox();
    world.engine.sessionEnd = { exitCode: 137, signal: undefined };
    expect(await session(world.process(), shell)).toBe(137);
    only(world).state = "exited";
    expect(await codeOf(session(world.process(), shell))).toBe("WRONG_STATE");
    world.engine.containers.clear();
    expect(await codeOf(session(world.process(), shell))).toBe("CONTAINER_GONE");
  });

  it("end in the box when the terminal goes away", async () => {
    using world = await withBox();
    world.engine.sessionEnd = { exitCode: 129, signal: "SIGHUP" };
    await session(world.process(), shell);
    expect(world.engine.calls.at(-1)).toBe("endSession");
  });
});
