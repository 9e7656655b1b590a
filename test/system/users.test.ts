import { spawn } from "node:child_process";
import path from "node:path";
import process from "node:process";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { auditJson } from "../../src/cli/present/audit.ts";
import type { removedUserJson, usersJson } from "../../src/cli/present/users.ts";
import { testHost, type TestHost } from "../support/host.ts";
import type { SshSession } from "../support/host-ssh.ts";
import { expectValid } from "../support/schema.ts";
import { waitFor } from "../support/wait.ts";

// People of an orchestrator: real sshd, real sudo, real keys. Nothing is done as root but arranging and looking.

type Users = ReturnType<typeof usersJson>;
type Records = ReturnType<typeof auditJson>["records"];

const isRoot = process.getuid?.() === 0;
const FILE = "/var/lib/devbox/authorized_keys";
const PROGRAM = "/usr/local/lib/devbox-ctl/bin/devbox-ctl";
let host: TestHost;
let carol: SshSession;
let alice: SshSession;
/** dora has a key and no account. */
let dora: SshSession;

beforeAll(async () => {
  if (!isRoot) return;
  host = await testHost();
  await host.install({ users: ["alice", "bob", "dora"] });
  await host.image();
  carol = await host.addUser("carol", { groups: ["wheel"] });
  alice = await host.addUser("alice");
  await host.addUser("bob");
  dora = host.session(await host.keyFor("dora"), "devbox");
}, 600_000);
afterAll(() => (isRoot ? host.stop() : undefined));
beforeEach((ctx) => {
  ctx.skip(!isRoot, "starting a host needs root");
});

const addKey = async (user: string, key = user) =>
  carol.run("devbox-ctl user add-key " + user + " --file - --json", { input: (await host.keyFor(key)).publicKey });
const users = async (): Promise<Users["users"]> =>
  expectValid("user-list", JSON.parse((await carol.run("devbox-ctl user list --json")).stdout)).users;
const audit = async (who: SshSession, words = ""): Promise<Records> => {
  const { stdout } = await who.run(`${who === dora ? "" : "devbox-ctl "}audit --json ${words}`);
  return expectValid("audit", JSON.parse(stdout)).records;
};

describe("a key that an administrator adds", () => {
  it("lets its user in as that user, with devbox-ctl and nothing else, until it is removed [FR-002] [SC-012]", async () => {
    expect(await dora.run("list")).toMatchObject({ exitCode: 255 });
    const added = await addKey("dora");
    const [key] = expectValid("user-add-key", JSON.parse(added.stdout)).added;
    expect(await dora.run("user show --json")).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('"dora"') as unknown,
    });
    for (const command of ["id", "sh", "/bin/sh -c id", "list; id", "$(id)"]) {
      expect((await dora.run(command)).stdout, command).not.toContain("uid=");
    }
    expect(await host.rootOk(["stat", "-c", "%a %U", FILE])).toBe("600 devbox");
    const line = (await host.rootOk(["tail", "-n1", FILE])).trim();
    expect(line).toBe(`restrict,pty,command="${PROGRAM} --as dora gate" ${(await host.keyFor("dora")).publicKey}`);
    // No forwarding comes with it.
    const forward = await dora.run("list", { options: ["-L", "12345:127.0.0.1:22", "-o", "ExitOnForwardFailure=yes"] });
    expect(forward.exitCode).toBe(0);
    // A connection that is open while the key is taken away.
    const socket = ["-o", `ControlPath=${path.join(host.folder, "dora.open")}`];
    const [ssh = "", ...words] = dora.ssh(undefined, [...socket, "-o", "ControlMaster=yes", "-N"]);
    const open = spawn(ssh, words, { stdio: "ignore", env: { ...host.env } });
    await waitFor(async () => {
      expect((await dora.run("", { options: [...socket, "-O", "check"] })).exitCode).toBe(0);
    });
    expect(await dora.run("list", { options: socket })).toMatchObject({ exitCode: 0 });
    expect((await carol.run(["devbox-ctl", "user", "remove-key", "dora", key?.fingerprint ?? ""])).exitCode).toBe(0);
    const over = await dora.run("list", { options: socket });
    expect(over).toMatchObject({ exitCode: 4, stderr: expect.stringContaining("bound to nobody any more") as unknown });
    open.kill();
    const refused = await dora.run("list");
    expect(refused).toMatchObject({ exitCode: 255, stderr: expect.stringContaining("Permission denied") as unknown });
  });

  it("is one person's, and only administrators add it [FR-026]", async () => {
    expect((await addKey("dora")).exitCode).toBe(0);
    expect(await addKey("bob", "dora")).toMatchObject({ exitCode: 5 });
    expect(await addKey("eve")).toMatchObject({ exitCode: 3 });
    const own = (await host.keyFor("alice")).publicKey;
    expect(await alice.run("devbox-ctl user add-key alice --file -", { input: own })).toMatchObject({ exitCode: 4 });
    expect(await dora.run("user add-key dora --file -", { input: own })).toMatchObject({ exitCode: 4 });
    expect(await alice.run("devbox-ctl user list")).toMatchObject({ exitCode: 4 });
    expect(await alice.run(`cat ${FILE}`)).toMatchObject({ exitCode: 1 });
  });

  it("comes to the others whole when several are added at once [FR-002]", async () => {
    const added = await Promise.all(["k1", "k2", "k3", "k4"].map((key) => addKey("bob", key)));
    const said = added.map(({ stdout }) => expectValid("user-add-key", JSON.parse(stdout)).added[0]?.fingerprint);
    const bob = (await users()).find(({ name }) => name === "bob");
    expect(bob?.keys.map(({ fingerprint }) => fingerprint).sort()).toEqual(said.sort());
    expect(new Set(said).size).toBe(4);
    expect(await host.rootOk(["bash", "-c", `ls ${FILE}.new 2>/dev/null || true`])).toBe("");
  });

  it("is not added to a file in which somebody else wrote [FR-002]", async () => {
    await host.rootOk(`cp -p ${FILE} /root/kept; echo "ssh-ed25519 AAAA foreign" >>${FILE}`);
    const refused = await addKey("alice");
    await host.rootOk(`grep -q foreign ${FILE}; cp -p /root/kept ${FILE}`);
    expect(refused.exitCode).toBe(5);
    expect(refused.stdout).toContain("that devbox-ctl did not write");
  });
});

describe("the audit log of a host", () => {
  it("says who did what by which way, and shows users theirs alone [X-09] [SC-007]", async () => {
    expect(await alice.run("devbox-ctl create api")).toMatchObject({ exitCode: 0 });
    expect(await alice.run("devbox-ctl exec api -- sh -c 'exit 7'")).toMatchObject({ exitCode: 7 });
    expect((await dora.run("exec api -- id")).exitCode).toBe(3);
    expect((await dora.run("status api")).exitCode).toBe(3);
    expect((await dora.run("status none")).exitCode).toBe(3);
    expect(await carol.run("devbox-ctl stop api")).toMatchObject({ exitCode: 0 });
    const brief = (records: Records) =>
      records.map(({ user, via, command, what, error, exitCode }) =>
        [user, via, command, what, error ?? exitCode].join(" "),
      );

    const hers = await audit(alice, "--box api");
    expect(brief(hers)).toEqual(["alice sudo create  0", "alice sudo exec sh 7", "carol sudo stop  0"]);
    expect(hers.map(({ forOther, record }) => [forOther, record])).toEqual([
      [false, null],
      [false, null],
      [true, null],
    ]);
    const doras = (await audit(dora)).filter(({ command }) => command !== "user add-key");
    expect(brief(doras)).toEqual(
      expect.arrayContaining(["dora key exec id BOX_NOT_FOUND", "dora key status  BOX_NOT_FOUND"]),
    );
    expect(doras.every(({ user, box }) => user === "dora" && (box?.owner ?? null) === null)).toBe(true);
    const all = await audit(carol);
    expect(all.find(({ user, command }) => user === "dora" && command === "exec")?.box).toMatchObject({
      ...{ name: "api", owner: "alice" },
    });
    // What was refused before there was a command is written down as well, with the address that it came from.
    expect(brief(all)).toContain("dora key user add-key  NOT_PERMITTED");
    expect(all.find(({ user }) => user === "dora")?.address).toMatch(/^[\d.]+$/);
  });

  it("has an SSH client's connection on the box, for its owner to see [X-09] [FR-026]", async () => {
    // What ssh api.devbox runs as its ProxyCommand.
    await carol.run("devbox-ctl ssh --stdio api.devbox </dev/null");
    const [last] = (await audit(alice, "--box api")).slice(-1);
    expect(last).toMatchObject({ user: "carol", command: "ssh", what: "--stdio", forOther: true });
    expect(last?.box).toMatchObject({ name: "api", owner: "alice" });
  });

  it("has who says to be another, and whatever else is refused at the boundary [X-09]", async () => {
    const refused = await alice.run(`sudo -n -u devbox ${PROGRAM} --as bob list`);
    expect(refused).toMatchObject({
      exitCode: 4,
      stderr: expect.stringContaining("nobody says who they are") as unknown,
    });
    expect((await alice.run("devbox-ctl list --config=/etc/passwd")).exitCode).toBe(4);
    expect((await dora.run("scp -t /tmp")).exitCode).toBe(2);
    const said = await Promise.all(["--as bob list", "list --as bob"].map((words) => dora.run(words)));
    expect(said[0]).toMatchObject({ exitCode: 4, stderr: said[1]?.stderr });
    const written = (await audit(carol)).map(({ user, command, what, error }) =>
      [user, command, what, error].join(" "),
    );
    expect(written).toEqual(
      expect.arrayContaining([
        ...["alice gate --as NOT_PERMITTED", "alice list --config NOT_PERMITTED"],
        ...["dora gate scp USAGE", "dora gate --as NOT_PERMITTED", "dora list --as NOT_PERMITTED"],
      ]),
    );
    expect((await carol.run("devbox-ctl list --owner nobodyy")).exitCode).toBe(3);
  });

  it("is in the system's journal too, by the service account's own hand [X-09] [SC-011]", async () => {
    const uid = (await host.rootOk(["id", "-u", "devbox"])).trim();
    const text = await host.journal(["-t", "devbox-ctl", `_UID=${uid}`, "-o", "cat"]);
    const lines = text
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ event: "begin", user: "alice", command: "exec", what: "sh" }),
        expect.objectContaining({ event: "end", user: "alice", command: "exec", exitCode: 7 }),
      ]),
    );
    expect(text).not.toContain("exit 7");
  });

  it("shows a command that was killed as one that did not end [X-09]", async () => {
    await carol.run("devbox-ctl start api");
    const open = alice.run("devbox-ctl exec api -- sleep 20");
    const pid = await expect
      .poll(async () => (await host.root("pgrep -f 'main.cjs exec api -- sleep 2[0]'")).stdout.trim(), {
        timeout: 30_000,
      })
      .toMatch(/^\d+$/)
      .then(async () => (await host.rootOk("pgrep -f 'main.cjs exec api -- sleep 2[0]'")).trim());
    expect((await audit(alice, "--limit 1"))[0]).toMatchObject({ command: "exec", state: "running" });
    await host.rootOk(["kill", "-KILL", pid]);
    expect((await audit(alice, "--limit 1"))[0]).toMatchObject({ command: "exec", state: "killed", exitCode: null });
    // Podman's client, which nobody killed, holds the connection until the command in the box has ended.
    await open;
  });
});

describe("a user who goes", () => {
  it("cannot come back by key, and their boxes are dealt with [FR-026]", async () => {
    expect(await dora.run("create hers")).toMatchObject({ exitCode: 0 });
    expect(await carol.run("devbox-ctl user remove dora --yes")).toMatchObject({ exitCode: 5 });
    const { stdout, exitCode } = await carol.run(
      "devbox-ctl user remove dora --boxes hand-over --to alice --yes --json",
    );
    const result: ReturnType<typeof removedUserJson> = expectValid("user-remove", JSON.parse(stdout));
    expect([exitCode, result.complete, result.keys.length]).toEqual([0, true, 1]);
    expect(result.boxes).toMatchObject([{ name: "hers", done: true }]);
    expect(result.remains.join("\n")).toContain("Take dora out of users");
    expect((await dora.run("list")).exitCode).toBe(255);
    expect((await alice.run("devbox-ctl exec hers -- true")).exitCode).toBe(0);
    expect((await audit(alice, "--box hers")).at(0)).toMatchObject({
      ...{ user: "carol", command: "hand-over", what: "alice", box: { owner: "dora" } },
    });
    expect(await host.journal(["-t", "devbox-ctl", "-o", "cat"])).toContain('"command":"hand-over"');
  });
});
