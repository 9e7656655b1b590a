import { describe, expect, it } from "vitest";
import { DevboxError } from "../../../src/core/errors.ts";
import { accountIn, groupIn, hasDirectory, isMember, membersOf } from "../../../src/core/gate/accounts.ts";
import { parseBoundary } from "../../../src/core/gate/boundary-file.ts";
import { BoundaryRefusal } from "../../../src/core/gate/refusal.ts";
import { type Origin, refuseNames, requireUser, wayOf } from "../../../src/core/gate/who.ts";

const DEVBOX = 999;
const origin = (more: Partial<Origin>): Origin => ({
  ...{ argv: ["list"], sudoUid: undefined, sshCommand: undefined, sshConnection: undefined },
  ...more,
});
const codeOf = (act: () => unknown) => {
  try {
    act();
    return undefined;
  } catch (error) {
    return error instanceof DevboxError ? error.code : String(error);
  }
};
/** What the audit log has of a refusal; empty for none. */
const whatOf = (act: () => void) => {
  try {
    act();
    return "";
  } catch (error) {
    return error instanceof BoundaryRefusal ? error.what : String(error);
  }
};

describe("the way by which a process came", () => {
  const asAlice = { argv: ["--as", "alice", "gate"] };

  it("is sudo, a key, or the account itself [FR-026]", () => {
    expect(wayOf(origin({ sudoUid: "1000" }), DEVBOX)).toEqual({ via: "sudo", uid: 1000, words: ["list"] });
    expect(wayOf(origin({ sudoUid: "0" }), DEVBOX)).toMatchObject({ via: "sudo", uid: 0 });
    expect(wayOf(origin({ sudoUid: "999" }), DEVBOX)).toMatchObject({ via: "account" });
    expect(wayOf(origin({}), DEVBOX)).toMatchObject({ via: "account" });
    const key = origin({ ...asAlice, sshCommand: "list", sshConnection: "192.0.2.7 5 192.0.2.1 22" });
    expect(wayOf(key, DEVBOX)).toEqual({ via: "key", user: "alice", address: "192.0.2.7", line: "list" });
    expect(wayOf(origin({ ...asAlice, sshConnection: "fe80::1%eth0 5 x 22" }), DEVBOX)).toMatchObject({
      ...{ address: "fe80::1", line: "" },
    });
    expect(wayOf(origin({ ...asAlice, sshConnection: "evil\u001b[0m 5" }), DEVBOX)).toMatchObject({
      address: undefined,
    });
  });

  it("is nobody's to say", () => {
    const said = [
      { ...asAlice, sudoUid: "1000" },
      { ...asAlice, sudoUid: "999" },
      { sudoUid: "" },
      { sudoUid: "x" },
      { sudoUid: "-1" },
      { argv: ["--as", "alice", "list"] },
      { argv: ["--as", "alice", "gate", "list"] },
      { argv: ["--as", "", "gate"] },
      { argv: ["--as"] },
    ];
    const judge = (one: Partial<Origin>) => {
      refuseNames(wayOf(origin(one), DEVBOX));
    };
    expect(said.map((one) => whatOf(() => judge(one)))).toEqual(said.map(() => "--as"));
    for (const one of [{ sudoUid: "1000" }, { sudoUid: "999" }, {}, asAlice]) expect(whatOf(() => judge(one))).toBe("");
  });

  it("is known of one who says another, so that it can be written down [X-09]", () => {
    const argv = ["--as", "bob", "list"];
    expect(wayOf(origin({ argv, sudoUid: "1000" }), DEVBOX)).toEqual({ via: "sudo", uid: 1000, words: argv });
    expect(wayOf(origin({ argv: ["--as", "bob", "gate"], sudoUid: "999" }), DEVBOX)).toMatchObject({ via: "account" });
  });

  it("leads in for configured users and administrators alone", () => {
    const caller = (user: string, admin = false) => ({ user, admin, uid: 1, via: "sudo" as const });
    expect(codeOf(() => requireUser({ users: { alice: {} } }, caller("alice")))).toBeUndefined();
    expect(codeOf(() => requireUser({ users: {} }, caller("carol", true)))).toBeUndefined();
    for (const name of ["eve", "constructor", "__proto__", "ALICE"]) {
      expect(codeOf(() => requireUser({ users: { alice: {} } }, caller(name)))).toBe("NOT_PERMITTED");
      expect(whatOf(() => requireUser({ users: { alice: {} } }, caller(name)))).toBe("no user");
    }
  });
});

describe("the system's files", () => {
  const passwd =
    "root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/bash\n+::::::\nbad:x:abc:1:::\nlate:x:1000:5:::\n";

  it("name accounts, the first line of an id first", () => {
    expect(accountIn(passwd, 1000)).toEqual({ name: "alice", uid: 1000, gid: 1000 });
    expect(accountIn(passwd, "late")).toEqual({ name: "late", uid: 1000, gid: 5 });
    expect(accountIn(passwd, "+")).toBeUndefined();
    expect(accountIn(passwd, "bad")).toBeUndefined();
    expect(accountIn(passwd, 7)).toBeUndefined();
  });

  it("name members, listed or by their account's own group", () => {
    const text = "wheel:x:10:carol,dave\nstaff:x:50:\nempty:x:60:\n";
    const [wheel, staff] = ["wheel", "staff"].map((name) => groupIn(text, name));
    if (wheel === undefined || staff === undefined) throw new Error("not found");
    const zoe = { name: "zoe", uid: 1, gid: 50 };
    expect([isMember(wheel, "carol", undefined), isMember(wheel, "car", undefined)]).toEqual([true, false]);
    expect([isMember(staff, "zoe", zoe), isMember(wheel, "zoe", zoe), isMember(staff, "", undefined)]).toEqual([
      ...[true, false, false],
    ]);
    const accounts = "root:x:0:10:\nzoe:x:1:50:\n\ncarol:x:2:2:\n";
    expect(membersOf([wheel, staff], accounts)).toEqual(["carol", "dave", "zoe"]);
    expect(groupIn(text, "whee")).toBeUndefined();
  });

  it("say who runs the boxes, or that they do not", () => {
    const text = "# made by host setup\naccount=devbox\nuid=999\nhome=/x\nprogram=/usr/local/lib/a=b\ncommands=8\n";
    expect(parseBoundary(text)).toEqual({ account: "devbox", uid: 999, program: "/usr/local/lib/a=b" });
    for (const bad of [
      "",
      "account=devbox\nuid=999\n",
      "account=\nuid=9\nprogram=/x",
      "account=a\nuid=x\nprogram=/x",
    ]) {
      expect(codeOf(() => parseBoundary(bad))).toBe("INVALID_CONFIG");
    }
  });
});

describe("whether accounts can come from elsewhere", () => {
  it.each([
    ["passwd: files", false],
    ["passwd:         files systemd\ngroup: files ldap", false],
    ["", false],
    ["#passwd: ldap", false],
    ["passwd: files # sss", false],
    ["passwd: files sss", true],
    ["passwd: files [NOTFOUND=continue] ldap", true],
  ])("%j: %j", (text, expected) => {
    expect(hasDirectory(text)).toBe(expected);
  });
});
