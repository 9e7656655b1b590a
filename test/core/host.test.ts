import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { diffLines } from "../../src/cli/diff.ts";
import type { Config } from "../../src/core/config/config.ts";
import { DEFAULTS } from "../../src/core/config/defaults.ts";
import { DevboxError } from "../../src/core/errors.ts";
import { parseBoundary } from "../../src/core/gate/boundary-file.ts";
import { boundaryFile } from "../../src/core/host/boundary.ts";
import type { HostFacts } from "../../src/core/host/facts.ts";
import { firstConfig } from "../../src/core/host/first-config.ts";
import { type HostItem, itemId } from "../../src/core/host/items.ts";
import { containersConf, podmanService, storageConf } from "../../src/core/host/podman-files.ts";
import { refuseForeign, refuseLockOut, refuseUnfit, serviceAccount } from "../../src/core/host/refusals.ts";
import { inForce, notInForce, sshdFile } from "../../src/core/host/sshd.ts";
import { freeRange, missingIds, overlapOf, parseSubids, subidsFor } from "../../src/core/host/subids.ts";
import { sudoersFile } from "../../src/core/host/sudoers.ts";
import { sliceLimits, unitFiles } from "../../src/core/host/units.ts";
import { isOurs, type Wanted, wantedItems } from "../../src/core/host/wanted.ts";
import { MAPPING_SIZE } from "../../src/core/id-mapping.ts";
import { GIB } from "../../src/core/size.ts";

const PROGRAM = "/usr/local/lib/devbox-ctl/bin/devbox-ctl";

const config: Config = {
  ...DEFAULTS,
  host: { ...DEFAULTS.host, serviceUser: "devbox", adminGroups: ["wheel"] },
  users: { alice: {}, bob: {} },
};

const facts: HostFacts = {
  account: undefined,
  freeId: 990,
  subuid: [],
  subgid: [],
  usedIds: [0, 1, 1000, 65_534],
  memory: 16 * GIB,
  sudoSetsLimits: true,
  sshdBoundsSources: true,
  podman: "/usr/bin/podman",
  hookDirs: [],
  overlay: "native",
  program: { path: PROGRAM, version: "0.1.0-abc", unsafe: undefined },
  logins: { admins: ["carol"], rootHasKey: false },
};

const account = { uid: 990, gid: 990, home: "/var/lib/devbox", shell: "/bin/sh", password: "open" } as const;

const wanted = (change: Partial<Wanted> = {}): Wanted => ({
  ...{ config, account: "devbox", facts, sshd: true, keepRootLogin: false, configText: null },
  ...change,
});

const contentOf = (items: readonly HostItem[], path: string): string => {
  const item = items.find((each) => each.kind === "file" && each.path === path);
  return item?.kind === "file" ? (item.content ?? "") : "";
};

function refusal(act: () => unknown): string {
  try {
    act();
    return "";
  } catch (error) {
    if (error instanceof DevboxError) return `${error.code} ${error.message} ${error.why ?? ""}`;
    throw error;
  }
}

describe("the files of an orchestrator", () => {
  it("let everyone start one command as the account, and nothing of theirs along with it", () => {
    expect(sudoersFile("devbox", PROGRAM, false))
      .toBe(`# Written by devbox-ctl host setup; changes are lost at its next run.
Cmnd_Alias DEVBOX_CTL = ${PROGRAM}
# Nothing of the caller's environment but how to show text; a terminal of its own, so that it cannot type into theirs.
Defaults!DEVBOX_CTL env_reset, !setenv, use_pty, !requiretty
Defaults!DEVBOX_CTL env_keep = "NO_COLOR"
Defaults!DEVBOX_CTL secure_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
Defaults!DEVBOX_CTL umask = 0077, umask_override
# Words may be secret (exec NAME -- curl -H ...); devbox-ctl's audit log says who did what.
Defaults!DEVBOX_CTL !log_allowed
ALL ALL=(devbox) NOPASSWD: DEVBOX_CTL
`);
    const limited = sudoersFile("devbox", PROGRAM, true);
    expect(limited).toContain("Defaults!DEVBOX_CTL rlimit_fsize = infinity\n");
    expect(limited).toContain('Defaults!DEVBOX_CTL rlimit_nofile = "1024,524288"\n');
    // A wildcard would match blanks and slashes of any words; sudoers has these four.
    expect(limited.replace(/^#.*$/gm, "")).not.toMatch(/[*?[\]]/);
  });

  it("have sshd take keys alone, and the account's from one file", () => {
    const keysFile = "/var/lib/devbox/authorized_keys";
    const text = sshdFile({ account: "devbox", keysFile, rootLogin: "no", boundsSources: true });
    expect(text).toBe(`# Written by devbox-ctl host setup; changes are lost at its next run.
PubkeyAuthentication yes
AuthenticationMethods publickey
PasswordAuthentication no
KbdInteractiveAuthentication no
HostbasedAuthentication no
GSSAPIAuthentication no
PermitEmptyPasswords no
PermitUserEnvironment no
PermitRootLogin no
MaxStartups 100:30:200
PerSourceMaxStartups 50
Match User devbox
    AuthorizedKeysFile /var/lib/devbox/authorized_keys
    AuthorizedKeysCommand none
    AuthorizedPrincipalsFile none
    TrustedUserCAKeys none
    DisableForwarding yes
    ExposeAuthInfo yes
    PermitUserRC no
    PermitTTY yes
Match all
`);
  });

  it("say in the boundary what a shell and the program read the same", () => {
    const text = boundaryFile(config, { account: "devbox", uid: 990, home: "/var/lib/devbox", program: PROGRAM });
    expect(parseBoundary(text)).toEqual({ account: "devbox", uid: 990, program: PROGRAM });
    expect(text.split("\n").slice(1)).toEqual([
      ...["account=devbox", "uid=990", "home=/var/lib/devbox", `program=${PROGRAM}`, "commands=8", "sessions=40", ""],
    ]);
  });

  it("tell Podman where hooks are and how layers are kept", () => {
    const text = containersConf({ hookDirs: ["/usr/share/x", "/var/lib/devbox/hooks"], runtime: "crun" });
    expect(text).toContain('hooks_dir = ["/usr/share/x", "/var/lib/devbox/hooks"]\nruntime = "crun"\n');
    expect(containersConf({ hookDirs: [], runtime: null })).not.toContain("runtime =");
    const places = { home: "/var/lib/devbox", uid: 990 };
    expect(storageConf({ overlay: "native", ...places })).not.toContain("mount_program");
    const storage = storageConf({ overlay: "fuse", ...places });
    expect(storage).toContain('mount_program = "/usr/bin/fuse-overlayfs"');
    expect(storage).toContain('runroot = "/run/user/990/containers"\n');
    expect(storage).toContain('graphroot = "/var/lib/devbox/.local/share/containers/storage"\n');
    expect(podmanService("/usr/bin/podman")).toContain("KillMode=process");
  });

  it("leave the host its reserve, and never less memory than makes sense", () => {
    expect(sliceLimits(config, 16 * GIB)).toContain(`MemoryMax=${14 * GIB}`);
    expect(sliceLimits(config, 2.5 * GIB)).not.toContain("MemoryMax");
    expect(sliceLimits(config, 16 * GIB)).toContain(`TasksMax=${7 * 4096 + 4096}`);
  });

  it("run units as the account, confined, with the token by systemd where there is one", () => {
    const parts = { account: "devbox", uid: 990, stateDir: "/var/lib/devbox", program: PROGRAM, archiveDir: null };
    const units = unitFiles({ ...parts, tokenFile: "/etc/devbox/op-token" });
    const services = units.filter(({ name }) => name.endsWith(".service"));
    expect(services.map(({ content }) => /^ExecStart=.*$/m.exec(content)?.[0])).toEqual(
      [
        "resume",
        "reap",
        "reap --only schedules",
        "metrics --output /run/devbox-metrics/devbox.prom",
        "image prune",
      ].map((words) => `ExecStart=${PROGRAM} ${words}`),
    );
    for (const { content } of services) {
      for (const line of ["User=devbox", "NoNewPrivileges=yes", "LoadCredential=op-token:/etc/devbox/op-token"]) {
        expect(content).toContain(`\n${line}\n`);
      }
      expect(content).toContain("After=user@990.service");
    }
    expect(
      unitFiles({ ...parts, tokenFile: null })
        .map(({ content }) => content)
        .join(""),
    ).not.toContain("LoadCredential");
  });

  it("open the directory of archives to units, wherever it is", () => {
    const parts = { account: "devbox", uid: 990, stateDir: "/var/lib/devbox", program: PROGRAM, tokenFile: null };
    const opened = (archiveDir: string) =>
      unitFiles({ ...parts, archiveDir })
        .filter(({ name }) => name === "devbox-reaper.service")
        .map(({ content }) => /^.*=-.*$/m.exec(content)?.[0])
        .join("");
    expect(opened("/srv/archives")).toBe("ReadWritePaths=-/srv/archives");
    expect(opened("/home/archives")).toBe("BindPaths=-/home/archives");
    expect(opened('/srv/100%/my "homes"')).toBe('ReadWritePaths=-"/srv/100%%/my \\"homes\\""');
  });

  it("run the reaper every hour and make up for a missed one, schedules and figures every five minutes [FR-034]", () => {
    const parts = { account: "devbox", uid: 990, stateDir: "/var/lib/devbox", program: PROGRAM };
    const timers = unitFiles({ ...parts, tokenFile: null, archiveDir: null }).filter(({ use }) => use === "started");
    const lines = (name: string) =>
      /OnCalendar=.*\n(Persistent=yes\n)?RandomizedDelaySec=.*/.exec(
        timers.find((each) => each.name === name)?.content ?? "",
      )?.[0];
    expect(lines("devbox-reaper.timer")).toBe("OnCalendar=hourly\nPersistent=yes\nRandomizedDelaySec=10min");
    expect(lines("devbox-schedule.timer")).toBe("OnCalendar=*:0/5\nPersistent=yes\nRandomizedDelaySec=15s");
    expect(lines("devbox-metrics.timer")).toBe("OnCalendar=*:2/5\nRandomizedDelaySec=15s");
  });

  it("begin with a configuration that says whom to add", () => {
    expect(firstConfig({ account: "devbox", adminGroup: "sudo", users: ["ann"] })).toContain("users:\n  ann: {}\n");
    expect(firstConfig({ account: "devbox", adminGroup: undefined, users: [] })).toContain("adminGroups: []");
  });
});

describe("what is wanted", () => {
  it("is made so that nobody is sent across before there is a way, and every text is known as ours", () => {
    const items = wantedItems(wanted());
    expect(itemId(items.at(-1)!)).toBe("file:/etc/devbox/boundary");
    expect(new Set(items.map(itemId)).size).toBe(items.length);
    for (const item of items)
      if (item.kind === "file" && item.content !== null) expect(isOurs(item.content)).toBe(true);
  });

  it("closes root's way in only when an administrator has one", () => {
    const path = "/etc/ssh/sshd_config.d/10-devbox.conf";
    const rootHasKey = { ...facts, logins: { admins: [], rootHasKey: true } };
    expect(contentOf(wantedItems(wanted()), path)).toContain("PermitRootLogin no\n");
    expect(contentOf(wantedItems(wanted({ keepRootLogin: true })), path)).toContain(
      "PermitRootLogin prohibit-password\n",
    );
    expect(contentOf(wantedItems(wanted({ facts: rootHasKey })), path)).toContain(
      "PermitRootLogin prohibit-password\n",
    );
    expect(contentOf(wantedItems(wanted({ sshd: false })), path)).toBe("");
  });

  it("leaves a program alone that a package manager keeps", () => {
    const program = { path: "/nix/store/x/bin/devbox-ctl", version: undefined, unsafe: undefined };
    const items = wantedItems(wanted({ facts: { ...facts, program } }));
    expect(items.some(({ kind }) => kind === "program" || kind === "link")).toBe(false);
    expect(contentOf(items, "/etc/sudoers.d/devbox")).toContain(
      "Cmnd_Alias DEVBOX_CTL = /nix/store/x/bin/devbox-ctl\n",
    );
  });
});

describe("subordinate ids", () => {
  const range = fc.record({
    first: fc.integer({ min: 0, max: 2_000_000_000 }),
    count: fc.integer({ min: 1, max: 600_000_000 }),
  });

  it("are a range that nobody has, aligned, below what systemd and root's boxes use", () => {
    fc.assert(
      fc.property(fc.array(range, { maxLength: 30 }), fc.integer({ min: 1, max: 1000 }), (taken, owners) => {
        const count = owners * MAPPING_SIZE;
        const found = freeRange(taken, count);
        if (found === undefined) return;
        expect(found.count).toBe(count);
        expect(found.first % MAPPING_SIZE).toBe(0);
        expect(found.first).toBeGreaterThanOrEqual(1_048_576);
        expect(found.first + count).toBeLessThanOrEqual(1_879_048_192);
        for (const { first, count: size } of taken) {
          expect(found.first >= first + size || first >= found.first + count).toBe(true);
        }
      }),
    );
  });

  it("are found whenever there is room", () => {
    expect(freeRange([], subidsFor(3))).toEqual({ first: 1_048_576, count: 256 * MAPPING_SIZE });
    expect(freeRange([{ first: 1_000_000, count: 100_000 }], MAPPING_SIZE)?.first).toBe(17 * MAPPING_SIZE);
    expect(freeRange([{ first: 0, count: 2_000_000_000 }], MAPPING_SIZE)).toBeUndefined();
  });

  it("grow with the users, and are only ever added to", () => {
    expect([subidsFor(0), subidsFor(128), subidsFor(200)]).toEqual([256, 256, 400].map((n) => n * MAPPING_SIZE));
    expect(missingIds([{ first: 0, count: 300 * MAPPING_SIZE }], 256 * MAPPING_SIZE)).toBe(0);
    expect(missingIds([{ first: 0, count: MAPPING_SIZE - 1 }], 2 * MAPPING_SIZE)).toBe(2 * MAPPING_SIZE);
    const has = parseSubids("devbox:1048576:65536\n");
    const items = wantedItems(wanted({ facts: { ...facts, account, subuid: has, subgid: has } }));
    const subids = items.find(({ kind }) => kind === "subids");
    expect(subids).toMatchObject({ adds: { subuid: { first: 1_114_112, count: 255 * MAPPING_SIZE } } });
  });

  it("are read as the tools read them, by name or by id", () => {
    const lines = parseSubids("# a comment\nalice:100000:65536\n990:165536:10\nbroken:x:1\n\n");
    expect(lines).toHaveLength(2);
    expect(overlapOf([...lines, { owner: "bob", first: 165_540, count: 1 }], "devbox", 990)?.other.owner).toBe("bob");
    expect(overlapOf(lines, "devbox", 990)).toBeUndefined();
  });
});

describe("what is refused", () => {
  it("an account that is a person's, has another home or shares its ids", () => {
    const unfit = (change: Partial<HostFacts>) => refusal(() => refuseUnfit(config, "devbox", { ...facts, ...change }));
    expect(unfit({ account })).toBe("");
    expect(unfit({ account: { ...account, password: "set" } })).toContain("is a person's");
    expect(unfit({ account: { ...account, uid: 1001, home: "/home/devbox" } })).toContain("is a person's");
    expect(unfit({ account: { ...account, home: "/srv/devbox" } })).toContain("has another home");
    const shared = parseSubids("devbox:100000:65536\nalice:100000:65536");
    expect(unfit({ account, subuid: shared })).toContain("/etc/subuid says devbox:100000:65536 and alice:100000:65536");
    expect(unfit({ program: { ...facts.program, unsafe: "/usr/local/lib" } })).toContain("change /usr/local/lib");
    expect(unfit({ podman: "/opt/my podman" })).toContain("cannot stand in all files");
  });

  it("a configuration for one person, and root as the account", () => {
    expect(serviceAccount(config, "c")).toBe("devbox");
    expect(refusal(() => serviceAccount(DEFAULTS, "c"))).toContain("INVALID_CONFIG");
    const root = { ...config, host: { ...config.host, serviceUser: "root" } };
    expect(refusal(() => serviceAccount(root, "c"))).toContain("root's rights");
  });

  it("to lock everybody out", () => {
    const locked = { ...facts, logins: { admins: [], rootHasKey: false } };
    expect(refusal(() => refuseLockOut(locked, ["wheel"]))).toContain("nobody could log in");
    expect(refusal(() => refuseLockOut(facts, ["wheel"]))).toBe("");
  });

  it("files of somebody else's in places of ours, but not the configuration", () => {
    const items = wantedItems(wanted({ configText: "users: {}\n" }));
    const found = (path: string) => {
      const item = items.find((each) => each.kind === "file" && each.path === path)!;
      return [{ item, state: "change" as const, differences: ["text"], present: "theirs\n" }];
    };
    expect(refusal(() => refuseForeign(found("/etc/sudoers.d/devbox")))).toContain("not host setup's own");
    expect(refusal(() => refuseForeign(found("/etc/devbox/config.yaml")))).toBe("");
  });
});

describe("what sshd says is in force", () => {
  const says = {
    account: "devbox",
    keysFile: "/k",
    rootLogin: "prohibit-password",
    boundsSources: true,
    people: ["alice"],
  } as const;

  it("is compared for the account, root and people", () => {
    const [own, root, alice] = inForce(says);
    expect(alice?.user).toBe("alice");
    const text = Object.entries(own!.settings)
      .map(([name, value]) => `${name} ${value}`)
      .join("\n");
    expect(notInForce(own!, text)).toEqual([]);
    expect(notInForce(own!, text.replace("passwordauthentication no", "passwordauthentication yes"))).toEqual([
      { user: "devbox", setting: "passwordauthentication", wanted: "no", found: "yes" },
    ]);
    const rootText = Object.entries(root!.settings)
      .map(([name, value]) => `${name} ${value}`)
      .join("\n");
    expect(notInForce(root!, rootText.replace("prohibit-password", "without-password"))).toEqual([]);
  });
});

describe("a difference of two texts", () => {
  it("is what goes and what comes, and applying it gives the new one", () => {
    expect(diffLines("a\nb\nc\n", "a\nc\nd\n")).toEqual(["-b", "+d"]);
    expect(diffLines("", "a\n")).toEqual(["+a"]);
    const lines = fc.array(fc.constantFrom("a", "b", "c", "d"), { maxLength: 12 });
    fc.assert(
      fc.property(lines, lines, (before, after) => {
        const [old, young] = [before.join("\n"), after.join("\n")];
        const changes = diffLines(old, young);
        const count = (sign: string) => changes.filter((line) => line.startsWith(sign)).length;
        expect(before.length - count("-")).toBe(after.length - count("+"));
      }),
    );
  });
});
