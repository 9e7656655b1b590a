import { readdirSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { DEFAULTS } from "../../src/core/config/defaults.ts";
import { DevboxError } from "../../src/core/errors.ts";
import { auditJson } from "../../src/cli/present/audit.ts";
import { audit } from "../../src/usecases/audit/audit.ts";
import { beginAudit } from "../../src/usecases/audit/record.ts";
import { copy } from "../../src/usecases/copy.ts";
import { listArchives } from "../../src/usecases/archives/list.ts";
import { removeArchive } from "../../src/usecases/archives/remove.ts";
import { restore } from "../../src/usecases/archives/restore.ts";
import { verifyArchives } from "../../src/usecases/archives/verify.ts";
import { create } from "../../src/usecases/create.ts";
import type { Deps } from "../../src/usecases/deps.ts";
import { destroy } from "../../src/usecases/destroy.ts";
import { doctor } from "../../src/usecases/doctor/doctor.ts";
import { forward } from "../../src/usecases/forward/forward.ts";
import { open } from "../../src/usecases/forward/open.ts";
import { handOver } from "../../src/usecases/hand-over.ts";
import { prepareImages } from "../../src/usecases/image-copies.ts";
import { pruneImages } from "../../src/usecases/image-prune.ts";
import { listImages } from "../../src/usecases/images.ts";
import { hold, holdWhile } from "../../src/usecases/lifecycle/hold.ts";
import { clearPolicy, setPolicy, showPolicy } from "../../src/usecases/lifecycle/policy.ts";
import { release } from "../../src/usecases/lifecycle/release.ts";
import { clearSchedule, setSchedule, showSchedule } from "../../src/usecases/lifecycle/schedule.ts";
import { why } from "../../src/usecases/lifecycle/why.ts";
import { list } from "../../src/usecases/list.ts";
import { logs } from "../../src/usecases/logs.ts";
import { names } from "../../src/usecases/names.ts";
import { metrics } from "../../src/usecases/metrics.ts";
import { reap } from "../../src/usecases/reap/reap.ts";
import { rebuild } from "../../src/usecases/rebuild.ts";
import { resume } from "../../src/usecases/resume.ts";
import { switchService } from "../../src/usecases/service-switch.ts";
import { serviceLog } from "../../src/usecases/services.ts";
import { session } from "../../src/usecases/session.ts";
import { restart, start, stop } from "../../src/usecases/start.ts";
import { status } from "../../src/usecases/status.ts";
import {
  pairSyncthing,
  resetSyncthingPassword,
  syncthingStatus,
  unpairSyncthing,
} from "../../src/usecases/syncthing/pair.ts";
import { disableSyncthing, enableSyncthing } from "../../src/usecases/syncthing/switch.ts";
import { cleanUp, needDevice, tailnetStatus } from "../../src/usecases/tailnet/overview.ts";
import { rotateAll, rotateKey } from "../../src/usecases/tailnet/rotate.ts";
import { transfer } from "../../src/usecases/transfer.ts";
import type { UserDeps } from "../../src/usecases/users/deps.ts";
import { addKeys, removeKey } from "../../src/usecases/users/keys.ts";
import { listUsers, showUser } from "../../src/usecases/users/list.ts";
import { removeUser } from "../../src/usecases/users/remove.ts";
import { findVolume, listVolumes, removeVolume } from "../../src/usecases/volumes.ts";
import { BoxNodes } from "../fakes/box-nodes.ts";
import { createInput, World } from "../fakes/world.ts";

// Somebody else's boxes answer exactly as none do: whatever alice says, she learns nothing of what bob has.

/** Acts of a command, given a word that may be somebody else's: a name, an id, a volume. */
type Acts = readonly ((deps: Deps, word: string) => unknown)[];

const terminal = { tty: false, env: {}, command: ["true"] };
const files = { standardInput: () => ({ kind: "file" }), standardOutput: () => ({}) } as never;
const forwarder = {} as never;
const device = "P56IOI7-MZJNU2Y-IQGDREY-DM2MGTI-MGL3BXN-PQ6W5BM-TBBZ4TJ-XZWICQ2";

const RESTORE = { from: undefined, as: undefined, cpus: undefined, memory: undefined, image: undefined, start: true };
const AUDIT = { since: undefined, user: undefined, box: undefined, limit: 100 };

/** What alice is told of her own attempt on a box; the numbers count what everybody does, and are not shown to her. */
async function recorded(deps: Deps, box: string): Promise<unknown> {
  const command = { command: "exec", box, makesBox: false, what: undefined };
  await beginAudit({ ...deps, journal: undefined }, command).end({ exitCode: 3, error: "BOX_NOT_FOUND" });
  return [AUDIT, { ...AUDIT, box }].map((input) => auditJson(audit(deps, input), deps.caller.admin));
}

/** Bob has an account and a key. */
function withUsers(deps: Deps): UserDeps {
  const accounts = { exists: (name: string) => name === "bob", isAdministrator: () => false, administrators: () => [] };
  const keys = { file: "/keys", program: "/bin/devbox-ctl", read: () => "", write: () => undefined };
  return { ...deps, accounts, keys };
}

/** What every command does, as the use cases that it calls; "none" for one that looks at no box, volume or device. */
const COMMANDS: Readonly<Record<string, Acts | "none">> = {
  audit: [
    (deps) => audit(deps, AUDIT),
    (deps, box) => audit(deps, { ...AUDIT, box }),
    (deps) => audit(deps, { ...AUDIT, user: "bob" }),
    (deps, box) => recorded(deps, box),
  ],
  complete: (["boxes", "volumes", "images"] as const).map((kind) => (deps: Deps) => names(deps, kind)),
  cp: [
    (deps, word) => copy({ ...deps, files }, { from: `${word}:x`, to: "-" }),
    (deps, word) => copy({ ...deps, files }, { from: "-", to: `${word}:x` }),
  ],
  create: [
    (deps) => create(deps, { ...createInput("quite-new"), additional: false }),
    (deps) => create(deps, createInput("quite-new")),
    (deps, word) => create(deps, { ...createInput("quite-new"), volume: word }),
    (deps) => create(deps, { ...createInput("quite-new"), owner: "bob" }),
    (deps) => create(deps, { ...createInput("quite-new"), owner: "nobody-at-all" }),
  ],
  destroy: [
    (deps, name) => destroy(deps, { name, keepVolume: false }),
    (deps, name) => destroy(deps, { name, keepVolume: false, archive: { reason: "destroy --archive" } }),
  ],
  restore: [
    (deps, name) => restore(deps, { ...RESTORE, name }),
    (deps, from) => restore(deps, { ...RESTORE, name: "gone", from }),
    (deps, name) => restore(deps, { ...RESTORE, name, as: "quite-new" }),
  ],
  "archive/list": [
    (deps) => listArchives(deps),
    (deps) => listArchives(deps, { all: true }),
    (deps) => listArchives(deps, { owner: "bob" }),
  ],
  "archive/remove": [(deps, id) => removeArchive(deps, { id })],
  "archive/verify": [(deps, id) => verifyArchives(deps, { id }), (deps) => verifyArchives(deps, { id: undefined })],
  doctor: [false, true].map((fix) => (deps: Deps) => {
    const ledger = { ...deps.ledger, close: () => undefined };
    return doctor({ ...deps, openLedger: () => ledger, setAsideLedger: () => "" }, { fix });
  }),
  exec: [(deps, name) => session(deps, { name, ...terminal, by: "exec" })],
  "hand-over": [
    (deps, box) => handOver(deps, { box, to: "alice" }),
    (deps) => handOver(deps, { box: "web", to: "bob" }),
    (deps) => handOver(deps, { box: "web", to: "nobody-at-all" }),
  ],
  hold: [
    (deps, name) => hold(deps, { name, for: "3d", until: undefined, reason: "", zone: "UTC" }),
    (deps, name) => holdWhile(deps, { name, ...terminal, for: undefined, until: undefined, reason: "", zone: "UTC" }),
  ],
  "policy/clear": [(deps, name) => clearPolicy(deps, { name })],
  "policy/set": [(deps, name) => setPolicy(deps, { name, stopAfter: "3d", destroyAfter: undefined })],
  "policy/show": [(deps, name) => showPolicy(deps, { name })],
  release: [(deps, name) => release(deps, { name })],
  "schedule/clear": [(deps, name) => clearSchedule(deps, { name })],
  "schedule/set": [
    (deps, name) => setSchedule(deps, { name, start: "0 8 * * *", stop: undefined, zone: undefined, hostZone: "UTC" }),
  ],
  "schedule/show": [(deps, name) => showSchedule(deps, { name })],
  why: [(deps, name) => why(deps, { name })],
  "image/list": [(deps) => listImages(deps)],
  "image/prepare": [(deps) => prepareImages(deps, { images: [] })],
  "image/prune": [(deps) => pruneImages(deps, { dryRun: true })],
  list: [
    (deps) => list(deps, { usage: true }),
    (deps) => list(deps, { usage: true, all: true }),
    (deps, word) => list(deps, { usage: true, owner: word }),
    (deps) => list(deps, { usage: true, owner: "bob" }),
  ],
  logs: [
    (deps, name) => logs(deps, { name, follow: false, tail: undefined, since: undefined }),
    (deps, name) => serviceLog(deps, { name, service: "tailscaled", tail: 5 }),
  ],
  metrics: [(deps) => metrics(deps)],
  open: [
    (deps, name) =>
      open(
        { ...deps, forwarder },
        {
          name,
          port: undefined,
          print: true,
          onListening: () => undefined,
        },
      ),
  ],
  "port-forward": [
    (deps, name) =>
      forward({ ...deps, forwarder }, { name, ports: [], by: "port-forward", onListening: () => undefined }),
  ],
  reap: [(deps) => reap(deps, { dryRun: false }), (deps) => reap(deps, { dryRun: true })],
  rebuild: [(deps, name) => rebuild(deps, { name, image: undefined })],
  restart: [(deps, name) => restart(deps, { name })],
  resume: [(deps) => resume(deps, { dryRun: false })],
  "rotate-key": [(deps, name) => rotateKey(deps, { name }), (deps) => rotateAll(deps)],
  "service/disable": [(deps, name) => switchService(deps, { name, service: "code-server", on: false })],
  "service/enable": [(deps, name) => switchService(deps, { name, service: "code-server", on: true })],
  ssh: [(deps, name) => session(deps, { name, ...terminal, by: "ssh" })],
  start: [
    (deps, name) => start(deps, { name, recreate: false }),
    (deps, name) => start(deps, { name, recreate: true }),
  ],
  status: [(deps, name) => status(deps, { name })],
  stop: [(deps, name) => stop(deps, { name })],
  "syncthing/disable": [(deps, name) => disableSyncthing(deps, { name })],
  "syncthing/enable": [(deps, name) => enableSyncthing(deps, { name })],
  "syncthing/pair": [
    (deps, name) => pairSyncthing(deps, { name, device: undefined, label: undefined, address: undefined }),
  ],
  "syncthing/password": [(deps, name) => resetSyncthingPassword(deps, { name })],
  "syncthing/status": [(deps, name) => syncthingStatus(deps, { name })],
  "syncthing/unpair": [(deps, name) => unpairSyncthing(deps, { name, device })],
  "tailnet/cleanup": [
    (deps) => cleanUp(deps, { forget: undefined }),
    (deps, word) => cleanUp(deps, { forget: word }),
    (deps, word) => needDevice(deps, word),
  ],
  "tailnet/status": [
    (deps) => tailnetStatus(deps),
    (deps) => tailnetStatus(deps, { all: true }),
    (deps) => tailnetStatus(deps, { owner: "bob" }),
  ],
  transfer: [
    (deps, word) => transfer({ ...deps, files }, [word, "send", "--", "x"]),
    (deps, word) => transfer({ ...deps, files }, [word, "receive", "file", "end=0123456789abcdef", "--", "x"]),
  ],
  "user/add-key": [(deps) => addKeys(withUsers(deps), { user: "bob", text: "ssh-ed25519 AAAA" })],
  "user/list": [(deps) => listUsers(withUsers(deps))],
  "user/remove": [(deps) => removeUser(withUsers(deps), { user: "bob", boxes: "destroy", to: undefined })],
  "user/remove-key": [(deps) => removeKey(withUsers(deps), { user: "bob", key: "laptop" })],
  "user/show": [
    (deps) => showUser(withUsers(deps), { user: "alice" }),
    (deps) => showUser(withUsers(deps), { user: "bob" }),
    (deps) => showUser(withUsers(deps), { user: "nobody-at-all" }),
  ],
  "volume/list": [
    (deps) => listVolumes(deps),
    (deps) => listVolumes(deps, { all: true }),
    (deps) => listVolumes(deps, { owner: "bob" }),
  ],
  "volume/remove": [(deps, word) => findVolume(deps, word), (deps, word) => removeVolume(deps, { name: word })],
  // They look at the program, at images alone, or at what is the caller's own outside of boxes.
  completion: "none",
  "config/check": "none",
  "config/schema": "none",
  "config/show": "none",
  help: "none",
  "host/setup": "none",
  "image/build": "none",
  "image/check": "none",
  "image/load": "none",
  "notify/test": "none",
  "ssh-config": "none",
  "tailnet/dev/down": "none",
  "tailnet/dev/ssh": "none",
  "tailnet/dev/status": "none",
  "tailnet/dev/up": "none",
};

function commandsIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => file.replace(/\.ts$/, ""));
}

it("are asked about by every command [FR-026] [SC-007]", () => {
  const folder = path.resolve(import.meta.dirname, "../../src/commands");
  expect(Object.keys(COMMANDS).sort()).toEqual(commandsIn(folder).sort());
});

/** What bob has: nothing; a box of another name; or all that can be in the way of a box called api. */
type Stranger = "nothing" | "another box" | "the box";

const BOB = { api: "api", archive: "b9archiv", home: "", boxId: "", containerId: "", nodeId: "" };

/** A host on which alice has a box `web` and a kept home, and bob what is asked for. Nothing of bob's is alice's doing. */
async function hostWith(stranger: Stranger): Promise<World> {
  const world = new World();
  const host = { ...DEFAULTS.host, serviceUser: "devbox" };
  const tailnet = { ...DEFAULTS.tailnet, provider: "headscale" as const, loginServer: "https://headscale.example.com" };
  world.config = { ...DEFAULTS, host, tailnet, users: { alice: {}, bob: {} } };
  const nodes = new BoxNodes(world);
  for (const user of ["alice", "bob"]) {
    nodes.keys.set(`key-${user}`, { tags: ["tag:devcontainer", `tag:${user}-container`], works: true });
    world.secrets.keys.set(user, `key-${user}`);
  }
  await create(person(world, "alice", 1, "al"), createInput("web"));
  await create(person(world, "alice", 1, "bl"), createInput("old"));
  await destroy(person(world, "alice", 1), { name: "old", keepVolume: true });
  if (stranger === "another box") await create(person(world, "bob", 2, "cb"), createInput("zzz"));
  if (stranger === "the box") await trouble(world);
  return world;
}

/** Bob's box api, a home that he kept, a device that has to go, a command that was killed, and one that is at work. */
async function trouble(world: World): Promise<void> {
  const { box } = await create(person(world, "bob", 2, "db"), createInput("api"));
  Object.assign(BOB, {
    home: box.spec.home,
    boxId: box.id,
    containerId: box.containerId,
    nodeId: box.device?.identity.nodeId,
  });
  world.engine.fault = (call) => {
    if (call !== "removeBox") return;
    world.kill(3);
    throw new Error("killed");
  };
  await create(person(world, "bob", 3, "eb"), createInput("gone")).catch(() => undefined);
  await destroy(person(world, "bob", 3), { name: "gone", keepVolume: true }).catch(() => undefined);
  world.engine.fault = () => undefined;
  const { ledger, host, clock } = person(world, "bob", 4);
  const identity = { nodeId: "n99", nodeKey: `nodekey:${"9".repeat(64)}` };
  const left = { boxId: "b99", boxName: "webb", owner: "bob", control: "elsewhere", hostname: "webb" };
  ledger.addLeaving(left, identity, clock.now());
  ledger.addArchive({
    ...{
      id: BOB.archive,
      boxId: "b98",
      boxName: "api",
      owner: "bob",
      spec: JSON.stringify(box.spec),
      state: "complete",
    },
    ...{ reason: "reaped", createdAt: clock.now(), expiresAt: undefined, size: 5, contentSize: 5, entries: 1 },
    ...{ sha256: "", unpushed: ["site/: 3 commits never pushed"] },
  });
  const request = { holder: host.self(), command: "stop api", now: clock.now() };
  ledger.takeLease(box.id, { ...request, caller: person(world, "bob", 4).caller });
}

function person(world: World, user: string, pid: number, ids = "al"): Deps & { readonly said: string[] } {
  const said: string[] = [];
  const say = (what: string) => (text?: string) => said.push(`${what} ${text ?? ""}`);
  const deps = world.process(user, pid);
  let next = 0;
  const newId = (length: number) => `${ids}${String((next += 1)).padStart(length - 2, "0")}`;
  return {
    ...deps,
    said,
    host: { ...deps.host, newId },
    caller: { user, uid: 1000, admin: false, via: "sudo" },
    progress: { begin: say("begin"), done: say("done"), failed: say("failed"), remark: say("remark") },
  };
}

/** All that alice hears of an act, once with each word: result or error, and what was said on the way. */
async function heard(stranger: Stranger, act: Acts[number], words: readonly string[]): Promise<unknown> {
  using world = await hostWith(stranger);
  const all: unknown[] = [];
  for (const word of words) {
    const deps = person(world, "alice", 9, "fl");
    const outcome = await Promise.resolve()
      .then(() => act(deps, word))
      .catch((error: unknown) => {
        if (!(error instanceof DevboxError)) throw error;
        return { code: error.code, exit: error.exitCode, message: error.message, why: error.why, next: error.next };
      });
    all.push({ word, outcome, said: deps.said });
    deps.ledger.close();
  }
  return JSON.parse(JSON.stringify(all), plain) as unknown;
}

/** Numbers that the fakes count up, where real ones are random: of containers and of nodes. */
function plain(_key: string, value: unknown): unknown {
  if (typeof value !== "string") return value;
  return value
    .replaceAll(/\b0{40,}[0-9a-f]+\b/g, "ID")
    .replaceAll(/\bn\d+\b/g, "NODE")
    .replaceAll(/100\.64\.0\.\d+/g, "IP");
}

/** By what one could try to get at bob's. */
async function strangersWords(): Promise<string[]> {
  if (BOB.home === "") (await hostWith("the box"))[Symbol.dispose]();
  const { api, archive, home, boxId, containerId, nodeId } = BOB;
  const words = [api, "ap", "apii", archive, home, boxId, containerId, containerId.slice(0, 12), nodeId, "#1", "n99"];
  expect(words).not.toContain("");
  return words;
}

/** How many boxes the host has is everybody's business: it is what the limit is about. */
function withoutCount(heard: unknown): unknown {
  const text = JSON.stringify(heard).replaceAll(/"onHost":\d+/g, '"onHost":0');
  return JSON.parse(text.replaceAll(/\d+ of 7 on this host/g, "0 of 7 on this host")) as unknown;
}

const TABLE = Object.entries(COMMANDS).flatMap(([command, acts]) =>
  acts === "none" ? [] : acts.map((act, at) => [`${command} (${String(at + 1)})`, act] as const),
);

describe("a stranger's boxes", () => {
  it.each(TABLE)("are as none to %s, by name, by id, by volume [FR-026] [SC-007]", async (_command, act) => {
    const words = act.length < 2 ? ["-"] : await strangersWords();
    const none = withoutCount(await heard("nothing", act, words));
    expect(withoutCount(await heard("the box", act, words))).toEqual(none);
    expect(withoutCount(await heard("another box", act, words))).toEqual(none);
  });

  it("are told of in one way alone: their names are taken [FR-030]", async () => {
    for (const stranger of ["nothing", "the box"] as const) {
      const act: Acts[number] = (deps) => create(deps, createInput("api"));
      const said = JSON.stringify(await heard(stranger, act, [""]));
      expect(said.includes("NAME_TAKEN")).toBe(stranger === "the box");
      expect(said).not.toContain("bob");
    }
  });
});
