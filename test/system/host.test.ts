import { writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testHost, type TestHost } from "../support/host.ts";
import { quoted } from "../support/host-ssh.ts";
import { podmanOk } from "../support/podman.ts";

describe("the test host", () => {
  let host: TestHost;

  beforeAll(async () => {
    host = await testHost();
    await host.addUser("alice");
  });

  afterAll(() => host.stop());

  it("is a host: systemd is PID 1, everything has started, and it writes to its own journal and cgroups only", async () => {
    expect(await host.rootOk("readlink /proc/1/exe")).toBe("/usr/lib/systemd/systemd");
    expect(await host.rootOk("systemctl is-system-running; stat -f -c %T /sys/fs/cgroup")).toBe("running\ncgroup2fs");
    expect(await host.rootOk("head -1 /proc/1/cgroup; tail -1 /proc/1/cgroup")).toContain("0::/init.scope");
    await host.rootOk(["logger", "-t", "bed", "a line of the test's"]);
    expect(await host.journal(["-t", "bed", "-o", "cat"])).toBe("a line of the test's");
  });

  it("lets alice in by her key, with her words, input, exit code and terminal as they are", async () => {
    const alice = host.as("alice");
    expect(await alice.run("id -un; tty; cat; exit 7", { input: "in" })).toMatchObject({
      stdout: "alice\nnot a tty\nin",
      exitCode: 7,
    });
    expect((await alice.run(["printf", "%s|", "a b", "it's", "$HOME", ""])).stdout).toBe("a b|it's|$HOME||");
    expect((await alice.run("tty", { tty: true })).stdout).toMatch(/^\/dev\/pts\/\d+/);
    expect(await host.journal(["-u", "ssh", "-o", "cat"])).toContain("Accepted publickey for alice");
  });

  it("refuses a password, a foreign key, and root", async () => {
    const alice = host.as("alice");
    const askpass = path.join(host.folder, "askpass");
    await writeFile(askpass, "#!/bin/sh\necho alice\n", { mode: 0o755 });
    const byPassword = ["-o", "BatchMode=no", "-o", "PubkeyAuthentication=no", "-o", "NumberOfPasswordPrompts=1"];
    const env = { SSH_ASKPASS: askpass, SSH_ASKPASS_REQUIRE: "force" };
    expect((await alice.run("id", { options: byPassword, env })).stderr).toContain("Permission denied");
    const foreign = host.session(await host.keyFor("mallory"), "alice");
    expect(await foreign.run("id")).toMatchObject({ exitCode: 255, stdout: "" });
    expect(await host.session(alice.key, "root").run("id")).toMatchObject({ exitCode: 255, stdout: "" });
  });

  it("runs rootless containers behind an account's socket, under that account's systemd manager", async () => {
    await host.install();
    const user = await host.account();
    const image = await host.image();
    const box = ["run", "--detach", "--name", "box", "--uidmap=0:65536:65536", "--gidmap=0:65536:65536", image];
    await podmanOk([...box, "sleep", "300"], { user });
    expect(await podmanOk(["exec", "--interactive", "box", "cat"], { user, input: "through the socket" })).toBe(
      "through the socket",
    );
    const facts = await podmanOk(["info", "--format", "{{.Store.GraphDriverName}} {{.Store.GraphOptions}}"], { user });
    expect(facts).toBe("overlay map[]");
    const conmon = await podmanOk(["inspect", "--format", "{{.State.ConmonPid}}", "box"], { user });
    expect(await host.rootOk(`grep ^0:: /proc/${conmon}/cgroup`)).toContain(`/user@${String(user.uid)}.service/`);
    expect((await host.as("alice").run(quoted(["ls", user.home]))).stderr).toContain("Permission denied");
  });

  it("reboots: what was written stays, what ran is over, and lingering accounts are there again", async () => {
    const before = await host.rootOk(
      "cat /etc/machine-id; systemctl show --property=ActiveEnterTimestamp sysinit.target",
    );
    await host.rootOk("echo kept >/var/lib/kept; touch /run/gone");
    await host.reboot();
    const after = await host.rootOk(
      "cat /etc/machine-id; systemctl show --property=ActiveEnterTimestamp sysinit.target",
    );
    expect(after.split("\n")[0]).toBe(before.split("\n")[0]);
    expect(after.split("\n")[1]).not.toBe(before.split("\n")[1]);
    expect((await host.as("alice").run("cat /var/lib/kept; ls /run/gone")).stdout).toBe("kept");
    const user = await host.account();
    expect(await podmanOk(["ps", "--all", "--format", "{{.Names}} {{.State}}"], { user })).toMatch(/^box Exited/);
    expect(await podmanOk(["start", "box"], { user })).toBe("box");
  });

  it("is alone with its name, port and files: another one is another host", async () => {
    await using other = await testHost();
    expect([other.name, other.port]).not.toEqual([host.name, host.port]);
    await other.addUser("alice");
    expect((await other.as("alice").run("ls /opt")).stdout).toBe("");
    expect((await other.session(host.as("alice").key, "alice").run("id")).exitCode).toBe(255);
  });
});
