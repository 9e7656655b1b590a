import { describe, expect, it } from "vitest";
import type { Config } from "../../src/core/config/config.ts";
import { DEFAULTS } from "../../src/core/config/defaults.ts";
import { DevboxError } from "../../src/core/errors.ts";
import type { FoundItem, HostItem } from "../../src/core/host/items.ts";
import { itemId } from "../../src/core/host/items.ts";
import { GIB } from "../../src/core/size.ts";
import type { HostSystem, Manifest } from "../../src/ports/host-system.ts";
import type { HostDeps } from "../../src/usecases/host/deps.ts";
import { planSetup } from "../../src/usecases/host/plan.ts";
import { applySetup, refuseOther } from "../../src/usecases/host/setup.ts";
import { applyUninstall, planUninstall, uninstallQuestion } from "../../src/usecases/host/uninstall.ts";

const CONFIG: Config = {
  ...DEFAULTS,
  host: { ...DEFAULTS.host, serviceUser: "devbox", adminGroups: ["wheel"] },
  users: { alice: {} },
};
const INPUT = { configFile: undefined, sshd: true, keepRootLogin: false, install: false, dryRun: false };

/** A machine that remembers what was done to it, in order. */
function machine(change: Partial<HostSystem> = {}) {
  const did: string[] = [];
  const made = new Set<string>();
  let manifest: Manifest | undefined;
  const system: HostSystem = {
    isRoot: () => true,
    hasSystemd: () => true,
    missing: () => [],
    install: (packages) => Promise.resolve(void did.push(`install ${packages.join(" ")}`)),
    administrators: () => Promise.resolve({ group: "wheel", members: ["carol"] }),
    facts: () =>
      Promise.resolve({
        account: undefined,
        freeId: 990,
        ...{
          subuid: [],
          subgid: [],
          usedIds: [],
          memory: 8 * GIB,
          sudoSetsLimits: true,
          sshdBoundsSources: true,
          hookDirs: [],
        },
        podman: "/usr/bin/podman",
        overlay: "native",
        program: { path: "/usr/local/lib/devbox-ctl/bin/devbox-ctl", version: "1", unsafe: undefined },
        logins: { admins: ["carol"], rootHasKey: false },
      }),
    look: (items) => Promise.resolve(items.map((item) => found(item, made.has(itemId(item))))),
    checkSshd: () => Promise.resolve(void did.push("check sshd")),
    apply: ({ item }) => {
      did.push(itemId(item));
      made.add(itemId(item));
      return Promise.resolve();
    },
    settle: () => Promise.resolve(void did.push("settle")),
    remove: (id) => {
      did.push(`remove ${id}`);
      return Promise.resolve(undefined);
    },
    readManifest: () => manifest,
    keepManifest: (kept) => {
      did.push("manifest");
      manifest = kept;
      return Promise.resolve();
    },
    asAccount: (_, argv) => {
      did.push(argv.join(" "));
      return Promise.resolve({ exitCode: 0, stdout: argv.includes("ps") ? "devbox-api\n" : "", stderr: "" });
    },
    lacksImage: () => Promise.resolve(false),
    startUnit: (name) => {
      did.push(`start ${name}`);
      return Promise.resolve(true);
    },
    startManager: () => Promise.resolve(),
    lock: () => Promise.resolve(void did.push("lock")),
    ...change,
  };
  const quiet = () => undefined;
  const said: string[] = [];
  const deps: HostDeps = {
    system,
    progress: { begin: quiet, done: (detail) => void said.push(detail ?? ""), failed: quiet, remark: quiet },
    readText: () => "there",
    parse: () => Promise.resolve(CONFIG),
  };
  return { deps, did, made, said };
}

const found = (item: HostItem, isThere: boolean): FoundItem => ({
  ...{ item, state: isThere ? "ok" : "make", differences: [], present: undefined },
});

describe("host setup", () => {
  it("writes down what it will make, makes it, and says nothing is to be done the next time", async () => {
    const { deps, did } = machine();
    const result = await applySetup(deps, await planSetup(deps, INPUT));
    expect(did.slice(0, 3)).toEqual(["lock", "check sshd", "manifest"]);
    expect(did.indexOf("file:/etc/sudoers.d/devbox")).toBeLessThan(did.indexOf("file:/etc/devbox/boundary"));
    expect(did.at(-2)).toContain("image prepare --json");
    expect(did.at(-1)).toContain("resume --dry-run --json");
    expect(result.changed).toBeGreaterThan(20);
    did.length = 0;
    expect((await applySetup(deps, await planSetup(deps, INPUT))).changed).toBe(0);
    expect(did.filter((each) => each === "manifest" || each.startsWith("file:"))).toEqual([]);
  });

  it("was ended in the middle: what was to be made can be taken back, and the next run makes the rest", async () => {
    let left = 10;
    const { deps, made } = machine();
    const ending: HostDeps = {
      ...deps,
      system: {
        ...deps.system,
        apply: (each, parts) => (left-- > 0 ? deps.system.apply(each, parts) : Promise.reject(new Error("killed"))),
      },
    };
    await expect(applySetup(ending, await planSetup(deps, INPUT))).rejects.toThrow("killed");
    expect(made.size).toBe(10);
    expect(deps.system.readManifest()?.made.length).toBeGreaterThan(20);
    await applySetup(deps, await planSetup(deps, INPUT));
    expect((await planSetup(deps, INPUT)).found.every(({ state }) => state === "ok")).toBe(true);
  });

  it("does not begin without root, systemd or programs, and installs these when told", async () => {
    const code = async (change: Partial<HostSystem>, input = INPUT) => {
      const { deps, did } = machine(change);
      const error: unknown = await planSetup(deps, input).catch((thrown: unknown) => thrown);
      return error instanceof DevboxError ? error.code : did.find((each) => each.startsWith("install"));
    };
    const missing = () => [{ program: "sudo", packageName: "sudo" }];
    expect(await code({ isRoot: () => false })).toBe("NOT_PERMITTED");
    expect(await code({ hasSystemd: () => false })).toBe("WRONG_STATE");
    expect(await code({ missing })).toBe("ENGINE_MISSING");
    expect(await code({ missing }, { ...INPUT, install: true })).toBe("install sudo");
    expect(await code({ missing }, { ...INPUT, install: true, dryRun: true })).toBe("ENGINE_MISSING");
  });

  it("makes a first configuration where there is none, and says whose it is", async () => {
    const { deps } = machine();
    const plan = await planSetup({ ...deps, readText: () => undefined }, INPUT);
    expect(plan.configText).toContain("carol: {}");
    expect(plan.remarks[0]).toContain("/etc/devbox/config.yaml");
  });

  it("says that there is no image instead of failing to prepare it", async () => {
    const { deps, did } = machine({ lacksImage: () => Promise.resolve(true) });
    const { remarks } = await applySetup(deps, await planSetup(deps, INPUT));
    expect(remarks.join()).toContain("devbox-ctl image load FILE");
    expect(did.join()).not.toContain("image prepare");
  });

  it("starts boxes that are meant to run when it made something, and else names them [FR-027]", async () => {
    const boxes = [
      { name: "api", outcome: "to-start" },
      { name: "web", outcome: "running" },
    ];
    const answer = { exitCode: 0, stdout: JSON.stringify({ boxes }), stderr: "" };
    const { deps, did, said } = machine({ asAccount: () => Promise.resolve(answer) });
    const first = await applySetup(deps, await planSetup(deps, INPUT));
    expect([did.at(-1), said.at(-1), first.remarks]).toEqual(["start devbox-resume.service", "api", []]);
    did.length = 0;
    const second = await applySetup(deps, await planSetup(deps, INPUT));
    expect(did.join()).not.toContain("start");
    expect(second.remarks.join()).toContain("1 box that should run is stopped (api). Start them: devbox-ctl resume");
    const failing: HostDeps = { ...deps, system: { ...deps.system, startUnit: () => Promise.resolve(false) } };
    const plan = { ...(await planSetup(deps, INPUT)), found: [] };
    const make = { item: { kind: "linger", name: "devbox", purpose: "" }, state: "make" } as const;
    const again = { ...plan, found: [{ ...make, differences: [], present: undefined }] };
    expect((await applySetup(failing, again)).remarks.join()).toContain("journalctl -u devbox-resume");
  });

  it("is of one account", () => {
    const manifest: Manifest = { account: "devbox", home: "/var/lib/devbox", made: [] };
    expect(() => {
      refuseOther(manifest, "other");
    }).toThrow("set up for the account devbox");
    refuseOther(manifest, "devbox");
    refuseOther(undefined, "other");
  });
});

describe("taking it back", () => {
  it("goes from the last to the first, stops boxes, and keeps the account and what is its", async () => {
    const { deps, did } = machine();
    await applySetup(deps, await planSetup(deps, INPUT));
    did.length = 0;
    const plan = await planUninstall(deps, false, false);
    expect(uninstallQuestion(plan, false)).toContain(
      "1 box that run stop: devbox-api".replace("run stop", "runs stops"),
    );
    await applyUninstall(deps, plan, false);
    const removed = did.filter((each) => each.startsWith("remove"));
    expect(did).toContain("podman stop --time 10 devbox-api");
    expect(removed[0]).toBe("remove file:/etc/devbox/boundary");
    expect(removed.at(-2)).toBe("remove program:/usr/local/lib/devbox-ctl");
    expect(removed.join(" ")).not.toMatch(/account:|:\/var\/lib\/devbox/);
    expect(deps.system.readManifest()?.made).toContain("account:devbox");
  });

  it("says done of what is gone alone, in words and without ids", async () => {
    const { deps, said } = machine();
    await applySetup(deps, await planSetup(deps, INPUT));
    expect(said).toContain("account devbox");
    said.length = 0;
    const changed: HostDeps = {
      ...deps,
      system: { ...deps.system, remove: (id) => Promise.resolve(id.endsWith("config.yaml") ? "left" : undefined) },
    };
    expect(await applyUninstall(changed, await planUninstall(deps, false, false), false)).toEqual(["left"]);
    expect(said).toContain("/etc/devbox/boundary");
    expect(said).toContain("services of devbox from boot on");
    expect(said.join("\n")).not.toMatch(/config\.yaml|^(file|unit|directory|linger):|^\/etc\/devbox$/m);
  });

  it("takes the account too when told and when it has nothing", async () => {
    const { deps, did } = machine();
    await applySetup(deps, await planSetup(deps, INPUT));
    await expect(planUninstall(deps, true, false)).rejects.toThrow("there are boxes or homes");
    const empty: HostDeps = {
      ...deps,
      system: { ...deps.system, asAccount: () => Promise.resolve({ exitCode: 0, stdout: "", stderr: "" }) },
    };
    await applyUninstall(empty, await planUninstall(empty, true, false), true);
    expect(did).toContain("remove account:devbox");
    expect(deps.system.readManifest()).toBeUndefined();
  });
});
