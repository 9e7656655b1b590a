import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SshSession } from "../support/host-ssh.ts";
import { testHost, type TestHost } from "../support/host.ts";
import { runClean } from "../support/rootless.ts";
import { waitFor } from "../support/wait.ts";

/** What is left of a person's connection when it ends, and what SSH's own clients do with a box through one. */

let host: TestHost;
let alice: SshSession;
let bob: SshSession;

beforeAll(async () => {
  host = await testHost();
  alice = await host.addUser("alice");
  const carol = await host.addUser("carol", { groups: ["wheel"] });
  await host.install();
  await host.image();
  const key = await host.keyFor("bob");
  await carol.run("devbox-ctl user add-key bob --file -", { input: `${key.publicKey}\n` });
  bob = host.session(key, "devbox");
  for (const [who, command] of [
    [alice, "devbox-ctl create api"],
    [bob, "create web"],
  ] as const) {
    expect(await who.run(command)).toMatchObject({ exitCode: 0 });
  }
});

afterAll(async () => {
  await host.stop();
});

/** The control group of each process of a program, one a line. */
const groupsOf = (program: string): Promise<string> =>
  host.rootOk(`for pid in $(pgrep -x ${program}); do grep ^0:: /proc/$pid/cgroup; done`);

describe("a session on the host that ends", () => {
  it("takes no box along: what runs boxes is the account's systemd manager's, and counted to it [SC-007]", async () => {
    const uid = await host.rootOk("id -u devbox");
    await waitFor(async () => {
      expect(await host.rootOk("loginctl list-sessions --no-legend")).not.toMatch(/ (alice|devbox) /);
    });
    for (const program of ["conmon", "slirp4netns"]) {
      const groups = (await groupsOf(program)).split("\n");
      expect(groups.length).toBeGreaterThanOrEqual(2);
      for (const group of groups) expect(group).toContain(`/user@${uid}.service/`);
    }
    expect((await alice.run("devbox-ctl exec api -- echo here")).stdout).toBe("here");
    expect((await bob.run("exec web -- echo here")).stdout).toBe("here");
  });

  it("takes none along where logind ends what a session leaves (KillUserProcesses)", async () => {
    await host.rootOk("install -d /etc/systemd/logind.conf.d");
    await host.rootOk("printf '[Login]\\nKillUserProcesses=yes\\n' >/etc/systemd/logind.conf.d/kill.conf");
    await host.rootOk("systemctl restart systemd-logind");
    expect(await alice.run("devbox-ctl stop api && devbox-ctl start api")).toMatchObject({ exitCode: 0 });
    await waitFor(async () => {
      expect(await host.rootOk("loginctl list-sessions --no-legend")).not.toContain(" alice ");
    });
    expect((await alice.run("devbox-ctl exec api -- echo here")).stdout).toBe("here");
  });
});

describe.each([
  ["sudo", () => alice, "devbox-ctl ssh --stdio", "api"],
  ["a key", () => bob, "ssh --stdio", "web"],
] as const)("OpenSSH's clients with a box, by %s", (_, who, command, box) => {
  let config: string;
  const run = (argv: readonly string[]) => runClean(argv, host.env, { cwd: host.folder });

  beforeAll(async () => {
    const person = who();
    const [program = "", ...words] = person.ssh(`${command} %n`);
    config = path.join(host.folder, `${box}.config`);
    const settings = ["User dev", `IdentityFile ${person.key.file}`, "IdentitiesOnly yes", "LogLevel ERROR"];
    const hostKey = [`UserKnownHostsFile ${config}.known`, "StrictHostKeyChecking accept-new"];
    const proxy = `ProxyCommand ${[program, ...words].map((word) => `'${word}'`).join(" ")}`;
    await writeFile(config, ["Host *.devbox", ...settings, ...hostKey, proxy, ""].join("\n"));
    await writeFile(path.join(host.folder, "notes.txt"), `notes of ${box}\n`);
  });

  it("run a command, with its exit code [FR-002]", async () => {
    const ran = await run(["ssh", "-F", config, `${box}.devbox`, "id -un; exit 5"]);
    expect(ran).toMatchObject({ stdout: "dev", exitCode: 5 });
  });

  it("copy files with scp and sftp", async () => {
    const there = `${box}.devbox:`;
    expect(await run(["scp", "-F", config, "notes.txt", there])).toMatchObject({ exitCode: 0 });
    expect(await run(["scp", "-F", config, `${there}notes.txt`, `${box}.back`])).toMatchObject({ exitCode: 0 });
    expect(await readFile(path.join(host.folder, `${box}.back`), "utf8")).toBe(`notes of ${box}\n`);
    await writeFile(path.join(host.folder, "batch"), "ls notes.txt\n");
    const listed = await run(["sftp", "-F", config, "-b", "batch", `${box}.devbox`]);
    expect(listed.stdout).toContain("notes.txt");
  });

  it("lead to no box of somebody else's [SC-007]", async () => {
    const other = box === "api" ? "web" : "api";
    const ran = await run(["ssh", "-F", config, `${other}.devbox`, "id"]);
    expect(ran.exitCode).toBe(255);
    expect(ran.stderr).toContain(`you have no box named "${other}"`);
    expect(ran.stdout).toBe("");
  });
});
