import { PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { DevboxError } from "../../src/core/errors.ts";
import type { BoxPipe, ContainerEngine } from "../../src/ports/engine.ts";
import type { Incoming } from "../../src/ports/forwarder.ts";
import { create } from "../../src/usecases/create.ts";
import { forward, type ForwardDeps, type Forwards } from "../../src/usecases/forward/forward.ts";
import { open } from "../../src/usecases/forward/open.ts";
import { stop } from "../../src/usecases/start.ts";
import { codeOf, createInput, World } from "../fakes/world.ts";

/** A program that was started in the box; the test ends it. */
interface Program {
  readonly argv: readonly string[];
  readonly input: string[];
  killed: boolean;
  end(exitCode: number, stderr?: string): void;
}

let world: World;
let deps: ForwardDeps;
let ctrlC: AbortController;
let programs: Program[];
let connect: Map<number, (incoming: Incoming) => void>;
let taken: Set<number>;
let pages: string[];
let listening: Forwards | undefined;

const carriers = () => programs.filter(({ argv }) => argv[0] === "env");
const input = { name: "api", ports: [{ local: 8081, remote: 8080 }], by: "port-forward" } as const;
const onListening = (now: Forwards) => (listening = now);
const start = (): Promise<unknown> => codeOf(forward(deps, { ...input, onListening }));
const ended = { succeeded: undefined };

function fakePipe(_containerId: string, argv: readonly string[]): BoxPipe {
  const { promise, resolve } = Promise.withResolvers<{ exitCode: number; stderr: string }>();
  const stdin = new PassThrough();
  const program: Program = {
    argv,
    input: [],
    killed: false,
    end: (exitCode, stderr = "") => {
      resolve({ exitCode, stderr });
    },
  };
  stdin.on("data", (chunk: Buffer) => program.input.push(chunk.toString()));
  stdin.on("end", () => {
    program.end(0);
  });
  programs.push(program);
  const kill = () => {
    program.killed = true;
    program.end(137);
  };
  return { stdin, stdout: new PassThrough(), stderr: new PassThrough(), ended: promise, kill };
}

/** A connection as the adapter hands it over: ends when the program has, or when it is dropped. */
function connection(uid: number | undefined = 1000) {
  const state = { dropped: false };
  const { promise: broken, resolve } = Promise.withResolvers<undefined>();
  const incoming: Incoming = {
    uid,
    drop: () => {
      state.dropped = true;
      resolve(undefined);
    },
    carry: async (pipe) => {
      const by = await Promise.race([
        pipe.ended.then(() => "program" as const),
        broken.then(() => "connection" as const),
      ]);
      if (by === "connection") pipe.kill();
      return by;
    },
  };
  connect.get(listening?.ports[0]?.local ?? 0)?.(incoming);
  return state;
}

beforeEach(async () => {
  world = new World();
  ctrlC = new AbortController();
  [programs, pages, listening] = [[], [], undefined];
  connect = new Map();
  taken = new Set();
  const base = world.process("alice", 1, ctrlC.signal);
  const engine: ContainerEngine = world.engine;
  engine.pipe = fakePipe;
  deps = {
    ...base,
    // Real milliseconds for seconds: what is waited for here is the other code of this process.
    clock: {
      ...base.clock,
      sleep: (span, signal) => sleep(span / 100, undefined, { ...(signal && { signal }) }).catch(() => undefined),
    },
    forwarder: {
      listen: (port, onConnection) => {
        if (taken.has(port)) return Promise.reject(new DevboxError("PORT_TAKEN", `port ${port} is taken.`));
        const got = port === 0 ? 40_000 : port;
        connect.set(got, onConnection);
        return Promise.resolve({ port: got, close: () => void connect.delete(got) });
      },
      hasDesktop: () => true,
      showPage: (url) => Promise.resolve(pages.push(url) > 0),
    },
  };
  await create(base, createInput("api"));
});
afterEach(() => {
  world[Symbol.dispose]();
});

it("carries each connection by a program of its own, until Ctrl-C, which is a normal end", async () => {
  const running = start();
  await expect.poll(() => listening).toEqual({ box: "api", ports: [{ local: 8081, remote: 8080 }] });
  const [first, second] = [connection(), connection()];
  expect(carriers().map(({ argv }) => argv.slice(-2))).toEqual(
    Array.from({ length: 2 }, () => ["/usr/libexec/devbox/connect", "8080"]),
  );
  expect(deps.ledger.boxByName("api")).toMatchObject({ lastUsedBy: "port-forward", lastUsedAt: world.now });
  carriers()[0]?.end(0);
  ctrlC.abort("INT");
  expect(await running).toEqual(ended);
  expect([first.dropped, second.dropped]).toEqual([false, true]);
  expect(carriers().map(({ killed }) => killed)).toEqual([false, true]);
  expect(connect.size).toBe(0);
  expect(world.remarks).toEqual([]);
});

it("tells its lifeline in the box of each connection, so that none is left when it dies", async () => {
  const running = start();
  await expect.poll(() => listening).toBeDefined();
  connection();
  connection();
  const marks = carriers().map(({ argv }) => /^DEVBOX_SESSION=(\w+)$/.exec(argv[1] ?? "")?.[1]);
  carriers()[0]?.end(0);
  await sleep(20);
  ctrlC.abort("INT");
  await running;
  const [first, second] = marks;
  expect(programs[0]?.input.join("")).toBe(`+${first}\n+${second}\n-${first}\n!${second}\n-${second}\n`);
});

it("refuses other users, those that cannot be told, and more than it can carry", async () => {
  const running = start();
  await expect.poll(() => listening).toBeDefined();
  expect([connection(0), connection(1001), connection(-1)].map(({ dropped }) => dropped)).toEqual([true, true, true]);
  const unknown: Incoming = { uid: undefined, drop: () => (dropped = true), carry: () => Promise.reject(new Error()) };
  let dropped = false;
  connect.get(8081)?.(unknown);
  expect(dropped).toBe(true);
  expect(carriers()).toEqual([]);
  await sleep(1);
  const many = Array.from({ length: 70 }, () => connection());
  expect(many.filter((one) => one.dropped)).toHaveLength(6);
  expect(world.remarks).toEqual([
    "a connection of another user (uid 0) was refused",
    "a connection of another user (uid 1001) was refused",
    "a connection of another user (uid -1) was refused",
    "a connection was refused: it was closed before it could be told whose it is",
    "a connection was refused: 64 are open already",
  ]);
  ctrlC.abort("INT");
  expect(await running).toEqual(ended);
});

it("goes on when nothing listens in the box, and says so once in a while", async () => {
  const running = start();
  await expect.poll(() => listening).toBeDefined();
  for (const later of [0, 1000, 60_000]) {
    world.now += later;
    connection();
    carriers().at(-1)?.end(4, "connect: nothing listens");
    await sleep(5);
  }
  const words = "nothing listens on port 8080 of api";
  expect(world.remarks).toEqual([words, words]);
  ctrlC.abort("INT");
  expect(await running).toEqual(ended);
});

it("ends when the box stops, also without any connection, and when it is destroyed", async () => {
  const remove = () => {
    deps.ledger.remove(deps.ledger.boxByName("api")?.id ?? "");
  };
  for (const [act, message] of [
    [() => stop(world.process("alice", 2), { name: "api" }), "api is stopped."],
    [remove, "api was destroyed."],
  ] as const) {
    listening = undefined;
    world.engine.containers.forEach((container) => (container.state = "running"));
    const running = forward(deps, { ...input, onListening }).catch((error: unknown) => error);
    await expect.poll(() => listening).toBeDefined();
    await act();
    expect(await running).toMatchObject({ code: "WRONG_STATE", exitCode: 5, message });
  }
  expect(await start()).toBe("BOX_NOT_FOUND");
});

it("outlives a restart of its box, and an engine that does not answer for once", async () => {
  const running = start();
  await expect.poll(() => listening).toBeDefined();
  const { id = "" } = deps.ledger.boxByName("api") ?? {};
  const other = world.process("alice", 2);
  const holder = other.host.self();
  other.ledger.takeLease(id, { holder, command: "restart api", caller: other.caller, now: world.now });
  world.engine.containers.forEach((container) => (container.state = "exited"));
  await sleep(150);
  world.engine.containers.forEach((container) => (container.state = "running"));
  other.ledger.releaseLease(id, holder);
  await sleep(100);
  const engine: ContainerEngine = world.engine;
  engine.inspect = () => Promise.reject(new DevboxError("ENGINE_TIMEOUT", "podman did not answer."));
  await sleep(150);
  ctrlC.abort("INT");
  expect(await running).toEqual(ended);
});

it("says how to choose another port when one is taken, and leaves none open", async () => {
  taken.add(8082);
  const ports = [
    { local: 8081, remote: 8081 },
    { local: 8082, remote: 8080 },
  ];
  const error: unknown = await forward(deps, { ...input, ports, onListening }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "PORT_TAKEN", exitCode: 5 });
  expect((error as DevboxError).next).toContain("Choose another one: devbox-ctl port-forward api 8083:8080");
  expect([connect.size, listening]).toEqual([0, undefined]);
});

const services = (state: string, lines: readonly string[] = []) => {
  const stdout = JSON.stringify({ services: [{ name: "code-server", state, lines }] });
  world.engine.program = () => ({ exitCode: 0, stdout, stderr: "" });
};
const show = (more: object = {}) => open(deps, { name: "api", port: undefined, print: false, onListening, ...more });

it("opens the editor on the first free port once it is ready, and shows it [FR-009]", async () => {
  services("starting");
  taken.add(8080).add(8081);
  const running = codeOf(show());
  await sleep(30);
  expect(listening).toBeUndefined();
  services("ready");
  await expect.poll(() => listening?.ports).toEqual([{ local: 8082, remote: 8080 }]);
  await expect.poll(() => pages).toEqual(["http://127.0.0.1:8082"]);
  connection();
  expect(deps.ledger.boxByName("api")?.lastUsedBy).toBe("open");
  ctrlC.abort("INT");
  expect(await running).toEqual(ended);
});

it("shows no browser when told, and takes no other port than the one it was told", async () => {
  services("ready");
  taken.add(8090);
  expect(await codeOf(show({ port: 8090 }))).toBe("PORT_TAKEN");
  const running = codeOf(show({ print: true, port: 8091 }));
  await expect.poll(() => listening?.ports).toEqual([{ local: 8091, remote: 8080 }]);
  ctrlC.abort("INT");
  expect(await running).toEqual(ended);
  expect(pages).toEqual([]);
});

it.each([
  ["absent", "WRONG_STATE", "has no code-server"],
  ["stopped", "WRONG_STATE", "is off"],
  ["failing", "NOT_READY", "keeps failing"],
])("says that the editor is %s, and what to do [FR-009]", async (state, code, words) => {
  services(state, ["no room"]);
  const error: unknown = await show().catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code, ...(state === "failing" ? { why: "no room" } : {}) });
  expect((error as DevboxError).message).toContain(words);
  expect((error as DevboxError).next).not.toEqual([]);
});
