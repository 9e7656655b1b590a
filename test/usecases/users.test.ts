import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createAuthorizedKeys } from "../../src/adapters/authorized-keys/file.ts";
import { presentUsers } from "../../src/cli/present/users.ts";
import { styleFor } from "../../src/cli/style.ts";
import type { Caller } from "../../src/core/caller.ts";
import { DEFAULTS } from "../../src/core/config/defaults.ts";
import type { DevboxError } from "../../src/core/errors.ts";
import { audit } from "../../src/usecases/audit/audit.ts";
import { beginAudit } from "../../src/usecases/audit/record.ts";
import { create } from "../../src/usecases/create.ts";
import { list } from "../../src/usecases/list.ts";
import type { UserDeps } from "../../src/usecases/users/deps.ts";
import { addKeys, keysOf, removeKey } from "../../src/usecases/users/keys.ts";
import { listUsers, showUser } from "../../src/usecases/users/list.ts";
import { removeUser, type RemoveUserInput } from "../../src/usecases/users/remove.ts";
import { listVolumes } from "../../src/usecases/volumes.ts";
import { codeOf, createInput, World } from "../fakes/world.ts";
import { keyLine } from "../support/ssh-keys.ts";

const PROGRAM = "/usr/local/lib/devbox-ctl/bin/devbox-ctl";
let dir: string;
let file: string;
let world: World;

beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), "dbxtest-users-"));
  file = path.join(dir, "authorized_keys");
  world = new World();
  world.config = {
    ...DEFAULTS,
    host: { ...DEFAULTS.host, serviceUser: "devbox", adminGroups: ["wheel"] },
    users: { alice: {}, bob: { limits: { boxes: 1 } } },
  };
});
afterEach(() => {
  world[Symbol.dispose]();
  rmSync(dir, { recursive: true, force: true });
});

/** A key as a file has it; the same letter gives the same key. */
const key = (letter: string, comment = ""): string => keyLine("ssh-ed25519", [Buffer.alloc(32, letter)], comment);

/** The ports of an administrator, carol, or of another. */
function as(user = "carol", more: Partial<Caller> = {}, pid = 1): UserDeps {
  const deps = world.process(user, pid);
  return {
    ...deps,
    caller: { ...deps.caller, via: "sudo", admin: user === "carol", ...more },
    keys: createAuthorizedKeys(file, PROGRAM),
    accounts: {
      exists: (name) => ["alice", "carol"].includes(name),
      isAdministrator: (name) => name === "carol",
      administrators: () => ["carol"],
    },
  };
}

const box = (owner: string, name: string) => create(as(owner), createInput(name));
const removal = (user: string, boxes?: RemoveUserInput["boxes"], to?: string): RemoveUserInput => ({ user, boxes, to });

function refusal(act: () => unknown): DevboxError {
  try {
    act();
  } catch (error) {
    return error as DevboxError;
  }
  throw new Error("it was not refused");
}

describe("a key [FR-002] [FR-026]", () => {
  it("is bound to its user with options that leave nothing but devbox-ctl, in a file that nobody else can read", () => {
    expect(addKeys(as(), { user: "alice", text: key("a", "laptop") }).added).toMatchObject([{ comment: "laptop" }]);
    expect(readFileSync(file, "utf8").split("\n")[1]).toBe(
      `restrict,pty,command="${PROGRAM} --as alice gate" ${key("a", "laptop")}`,
    );
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const again = addKeys(as(), { user: "alice", text: `${key("a", "again")}\n${key("b")}` });
    expect([again.added.length, again.known.length]).toEqual([1, 1]);
    expect(keysOf(as(), "alice")).toHaveLength(2);
  });

  it("of one user is not another's, and then none of those given is added", () => {
    addKeys(as(), { user: "alice", text: key("a") });
    const before = readFileSync(file, "utf8");
    const error = refusal(() => addKeys(as(), { user: "bob", text: `${key("b")}\n${key("a")}` }));
    expect(error).toMatchObject({ code: "WRONG_STATE", message: expect.stringContaining("alice's") as unknown });
    expect(readFileSync(file, "utf8")).toBe(before);
  });

  it("is taken away by its fingerprint or its comment, if that names one", () => {
    const text = [key("a", "laptop"), key("b", "laptop"), key("c", "phone")].join("\n");
    const [first] = addKeys(as(), { user: "alice", text }).added;
    expect(refusal(() => removeKey(as(), { user: "alice", key: "laptop" })).code).toBe("USAGE");
    expect(refusal(() => removeKey(as(), { user: "bob", key: "phone" })).code).toBe("KEY_NOT_FOUND");
    removeKey(as(), { user: "alice", key: "phone" });
    removeKey(as(), { user: "alice", key: first?.fingerprint ?? "" });
    expect(keysOf(as(), "alice").map(({ comment }) => comment)).toEqual(["laptop"]);
  });

  it("is for users: not for strangers, nor for the service account", () => {
    for (const user of ["eve", "devbox", "__proto__", "alice; id"]) {
      expect(refusal(() => addKeys(as(), { user, text: key("a") })).code, user).toBe("USER_NOT_FOUND");
    }
    expect(addKeys(as(), { user: "carol", text: key("c") }).added).toHaveLength(1);
  });

  it("is not touched where somebody else wrote in the file, or where a link stands in its place", () => {
    writeFileSync(file, `${key("x")}\n`);
    expect(refusal(() => addKeys(as(), { user: "alice", text: key("a") })).code).toBe("WRONG_STATE");
    expect(refusal(() => removeKey(as(), { user: "alice", key: "x" })).code).toBe("WRONG_STATE");
    expect(readFileSync(file, "utf8")).toBe(`${key("x")}\n`);
    rmSync(file);
    symlinkSync(path.join(dir, "elsewhere"), file);
    expect(refusal(() => addKeys(as(), { user: "alice", text: key("a") })).code).toBe("STATE_UNWRITABLE");
  });

  it("of an earlier program's path is bound to the present one with the next change", () => {
    addKeys(
      { ...as(), keys: createAuthorizedKeys(file, "/opt/old/bin/devbox-ctl") },
      { user: "alice", text: key("a") },
    );
    addKeys(as(), { user: "alice", text: key("b") });
    expect(readFileSync(file, "utf8").match(/"\/usr\/local\/lib/g)).toHaveLength(2);
  });
});

describe("users [FR-026]", () => {
  it("are those of the configuration, administrators by their group, and whoever has a key or a box without being in it", async () => {
    await box("bob", "api");
    addKeys(as(), { user: "alice", text: key("a") });
    world.config = { ...world.config, users: { alice: {} } };
    expect(listUsers(as())).toMatchObject([
      { name: "alice", configured: true, account: true, keys: [{ type: "ssh-ed25519" }], boxes: [], allowed: 5 },
      { name: "bob", configured: false, account: false, keys: [], boxes: ["api"] },
      { name: "carol", configured: false, administrator: true, account: true, boxes: [] },
    ]);
    expect(presentUsers(styleFor(process.stdout), listUsers(as()))).toMatch(/carol .* administrator by group$/m);
  });

  it("see themselves, and of others not even whether they are there", () => {
    expect(showUser(as("alice"), { user: "alice" })).toMatchObject({ name: "alice", account: true });
    const of = (user: string) => {
      const { code, message, why, next } = refusal(() => showUser(as("alice"), { user }));
      return { code, message, why, next };
    };
    expect(of("bob")).toEqual(of("nobody"));
    expect(of("bob").code).toBe("NOT_PERMITTED");
    expect(refusal(() => showUser(as(), { user: "nobody" })).code).toBe("USER_NOT_FOUND");
  });

  it("that are named as owners are there, for administrators [FR-026]", async () => {
    await box("zoe", "hers");
    const code = (deps: UserDeps, owner: string) =>
      Promise.all([
        codeOf(list(deps, { usage: false, owner }).then(() => "fine")),
        codeOf(listVolumes(deps, { owner }).then(() => "fine")),
      ]);
    const fine = [{ succeeded: "fine" }, { succeeded: "fine" }];
    expect(await code(as(), "nobodyy")).toEqual(["USER_NOT_FOUND", "USER_NOT_FOUND"]);
    // Without boxes, without being configured, and oneself.
    for (const owner of ["bob", "zoe", "carol"]) expect(await code(as(), owner), owner).toEqual(fine);
    expect(await code(as("bob"), "nobodyy")).toEqual(["NOT_PERMITTED", "NOT_PERMITTED"]);
    expect(await code(as("bob"), "alice")).toEqual(["NOT_PERMITTED", "NOT_PERMITTED"]);
    expect(await code(as("bob"), "bob")).toEqual(fine);
  });

  it.each([
    ["list", () => listUsers(as("alice"))],
    ["add-key", () => addKeys(as("alice"), { user: "alice", text: key("a") })],
    ["remove-key", () => removeKey(as("alice"), { user: "alice", key: "x" })],
  ])("are looked after by administrators alone: %s", (_, act) => {
    expect(refusal(act).code).toBe("NOT_PERMITTED");
  });

  it("are nobody but oneself in personal mode", () => {
    expect(refusal(() => listUsers(as("alice", { via: "local" })))).toMatchObject({ code: "WRONG_STATE" });
  });
});

describe("a user who goes [FR-026]", () => {
  it("with boxes needs a plan for them, and nothing is done before", async () => {
    await box("alice", "api");
    addKeys(as(), { user: "alice", text: key("a") });
    await expect(removeUser(as(), removal("alice"))).rejects.toMatchObject({ code: "NEEDS_CONFIRMATION", why: "api" });
    for (const [plan, to] of [
      ["hand-over"],
      ["destroy", "bob"],
      ["hand-over", "alice"],
      ["hand-over", "eve"],
    ] as const) {
      await expect(removeUser(as(), removal("alice", plan, to))).rejects.toMatchObject({ code: "USAGE" });
    }
    await expect(removeUser(as("bob"), removal("alice", "destroy"))).rejects.toMatchObject({ code: "NOT_PERMITTED" });
    await expect(removeUser(as(), removal("alcie"))).rejects.toMatchObject({ code: "USER_NOT_FOUND" });
    expect([keysOf(as(), "alice").length, as().ledger.boxes().length]).toEqual([1, 1]);
  });

  it.each(["destroy", "keep-homes"] as const)("has no keys and no boxes any more: %s", async (plan) => {
    await box("alice", "api");
    await box("alice", "web");
    await box("bob", "other");
    addKeys(as(), { user: "alice", text: key("a") });
    addKeys(as(), { user: "bob", text: key("b") });
    const result = await removeUser(as(), removal("alice", plan));
    expect(result).toMatchObject({
      complete: true,
      boxes: [
        { name: "api", done: true },
        { name: "web", done: true },
      ],
    });
    expect(result.boxes.every(({ keptVolume }) => (keptVolume !== undefined) === (plan === "keep-homes"))).toBe(true);
    expect(
      as()
        .ledger.boxes()
        .map(({ name }) => name),
    ).toEqual(["other"]);
    expect([keysOf(as(), "alice").length, keysOf(as(), "bob").length]).toEqual([0, 1]);
    const remains = result.remains.join("\n");
    expect(remains).toContain("Take alice out of users in /etc/devbox/config.yaml");
    expect(remains).toContain("userdel alice");
    expect(remains.includes("volume list --owner alice")).toBe(plan === "keep-homes");
    // Once more is no error.
    expect(await removeUser(as(), removal("alice", plan))).toMatchObject({ complete: true, boxes: [], keys: [] });
  });

  it("leaves the boxes to somebody who has room for them; the others stay, and the next run goes on", async () => {
    await box("alice", "api");
    await box("alice", "web");
    const first = await removeUser(as(), removal("alice", "hand-over", "bob"));
    expect(first.complete).toBe(false);
    expect(first.boxes.map(({ done }) => done)).toEqual([true, false]);
    expect(first.boxes[1]?.problem).toContain("bob");
    world.config = { ...world.config, users: { alice: {}, bob: {} } };
    expect(await removeUser(as(), removal("alice", "hand-over", "bob"))).toMatchObject({
      complete: true,
      boxes: [{ name: "web", done: true }],
    });
    expect(
      as()
        .ledger.boxes()
        .map(({ owner }) => owner),
    ).toEqual(["bob", "bob"]);
  });

  it("has of each box that was handed over or destroyed what was done with it, and so has the new owner [X-09]", async () => {
    await box("alice", "api");
    await box("alice", "web");
    const id = as().ledger.boxByName("api")?.id;
    await removeUser(as(), removal("alice", "hand-over", "bob"));
    await removeUser(as(), removal("alice", "keep-homes"));
    const seen = (deps: UserDeps, name?: string) =>
      audit(deps, { since: undefined, user: undefined, box: name, limit: 100 }).map(
        ({ user, command, what, box, end }) =>
          [user, command, what, box?.name, box?.owner, end?.error ?? end?.exitCode].join(" "),
      );
    const api = "carol hand-over bob api alice 0";
    const web = ["carol hand-over bob web alice LIMIT_PER_USER", "carol destroy --keep-volume web alice 0"];
    expect(seen(as("alice"))).toEqual([api, ...web]);
    expect(seen(as("bob"))).toEqual([api]);
    expect([seen(as(), "api"), seen(as(), id), seen(as(), "web")]).toEqual([[api], [api], web]);
  });

  it("is named what they have at work still", async () => {
    const audited = { command: "ssh", box: "api", makesBox: false, what: undefined };
    beginAudit({ ...as("alice", { via: "key" }, 7), journal: undefined }, audited);
    beginAudit({ ...as("alice", { via: "key" }, 8), journal: undefined }, audited);
    world.kill(8);
    const { running } = await removeUser(as("carol", {}, 9), removal("alice"));
    expect(running).toMatchObject([{ command: "ssh", holder: { pid: 7 } }]);
  });
});
