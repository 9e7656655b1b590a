import { execa } from "execa";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AttackHost, attackHost, inBackground, PROGRAM } from "../support/attack-host.ts";
import { quoted } from "../support/host-ssh.ts";
import { openTerminal } from "../support/tmux.ts";
import { waitFor } from "../support/wait.ts";

// sshd's side of the boundary, and commands that are broken off by their own callers.

let at: AttackHost;

beforeAll(async () => {
  at = await attackHost();
}, 300_000);

afterAll(() => at.host.stop());

const quiet = () => ({ extendEnv: false, env: at.host.env, reject: false, stdin: "ignore", timeout: 30_000 }) as const;

describe("sshd lets nobody in", () => {
  it("by a password, from a keyboard, by a foreign key, as root, or by alice's own keys as the account [SC-012]", async () => {
    const { host, alice } = at;
    const strangers = [
      host.session(await host.keyFor("mallory"), "devbox"),
      host.session(alice.key, "devbox"),
      host.session(alice.key, "root"),
      host.session(at.carol.key, "root"),
      host.session(alice.key, "carol"),
      host.session(at.bob.key, "alice"),
      host.session(at.bob.key, "nobody"),
    ];
    for (const who of strangers) expect(await who.run("id")).toMatchObject({ exitCode: 255, stdout: "" });
    for (const method of ["password", "keyboard-interactive", "hostbased", "gssapi-with-mic", "none"]) {
      const options = [
        "-o",
        `PreferredAuthentications=${method}`,
        "-o",
        "BatchMode=no",
        "-o",
        "NumberOfPasswordPrompts=1",
      ];
      for (const login of ["devbox", "root", "alice"]) {
        const ran = await host.session(alice.key, login).run("id", { options });
        expect([method, login, ran.exitCode, ran.stderr]).toEqual([
          method,
          login,
          255,
          expect.stringContaining("(publickey)"),
        ]);
      }
    }
  });

  it("by a certificate of alice's making, or a key and options that she wrote for herself [SC-012]", async () => {
    const { host, alice } = at;
    const ca = await host.keyFor("alice-ca");
    const forged = await host.keyFor("forged");
    const sign = [
      "-q",
      "-s",
      ca.file,
      "-I",
      "alice",
      "-n",
      "devbox,root,carol",
      "-O",
      "force-command=id",
      `${forged.file}.pub`,
    ];
    await execa("ssh-keygen", sign, { stdin: "ignore" });
    await alice.run(`printf 'cert-authority,principals="devbox" %s\\ncommand="id" %s\\n' '${ca.publicKey}' '${forged.publicKey}' \
      >>.ssh/authorized_keys; cp .ssh/authorized_keys .ssh/authorized_keys2`);
    const certificate = ["-o", `CertificateFile=${forged.file}-cert.pub`];
    for (const login of ["devbox", "root", "carol"]) {
      for (const options of [[], certificate]) {
        expect(await host.session(forged, login).run("id", { options })).toMatchObject({ exitCode: 255, stdout: "" });
      }
    }
    expect(await readFile(`${forged.file}-cert.pub`, "utf8")).toContain("cert");
  });
});

describe("a key of the account", () => {
  it("carries no port, socket, agent, X11 or tunnel, in either direction [FR-002] [SC-012]", async () => {
    const { bob, host, uid } = at;
    const socket = `/run/user/${String(uid)}/podman/podman.sock`;
    const must = ["-o", "ExitOnForwardFailure=yes"];
    for (const way of [
      ["-R", "0:127.0.0.1:22"],
      ["-R", "/tmp/bob.sock:127.0.0.1:22"],
      ["-w", "0:0"],
    ]) {
      expect([way, (await bob.run("list", { options: [...way, ...must] })).exitCode]).toEqual([way, 255]);
    }
    for (const target of ["127.0.0.1:22", "127.0.0.1:9229"]) {
      const [program = "", ...words] = bob.ssh(undefined, ["-W", target]);
      expect(await execa(program, words, quiet())).toMatchObject({ exitCode: 255, stdout: "" });
    }
    const local = path.join(host.folder, "l.sock");
    for (const target of [socket, "/run/dbus/system_bus_socket", "/run/systemd/private"]) {
      const tunnel = inBackground(host, bob, "exec bobs -- sleep 8", [
        "-L",
        `${local}:${target}`,
        "-o",
        "StreamLocalBindUnlink=yes",
      ]);
      await waitFor(async () => execa("test", ["-S", local]));
      const asked = await execa("curl", ["-sS", "-m", "5", "--unix-socket", local, "http://d/_ping"], quiet());
      expect([target, asked.exitCode === 0, asked.stdout]).toEqual([target, false, ""]);
      tunnel.kill();
    }
    const inside = await bob.run("exec bobs -- env", { options: ["-A", "-X", "-Y"] });
    expect(inside.stdout).not.toMatch(/SSH_AUTH_SOCK|DISPLAY|XAUTHORITY/);
    expect(
      (await host.root("find /tmp -user devbox -name 'ssh-*'; find /var/lib/devbox -maxdepth 1 -name '.Xauth*'"))
        .stdout,
    ).toBe("");
  });

  it("starts no sftp, scp, rsync, login shell or other subsystem [FR-002] [SC-012]", async () => {
    const { bob, host } = at;
    const [program = "", ...words] = bob.ssh("sftp", ["-s"]);
    expect((await execa(program, words, quiet())).exitCode).not.toBe(0);
    const there = `${bob.destination}:/etc/passwd`;
    for (const copy of [
      ["scp", ...bob.options],
      ["scp", "-O", ...bob.options],
      ["sftp", ...bob.options],
    ]) {
      const [client = "", ...rest] = copy;
      expect([copy[1], (await execa(client, [...rest, there, host.folder], quiet())).exitCode]).not.toEqual([
        copy[1],
        0,
      ]);
    }
    await expect(readFile(path.join(host.folder, "passwd"))).rejects.toThrow("ENOENT");
    await using terminal = await openTerminal(bob.ssh(undefined, ["-tt"]), { env: host.env });
    expect(await terminal.exitCode()).toBe(0);
    // The end of the pane may have scrolled it by a line.
    const screen = await terminal.capture({ history: true });
    expect(screen).toContain("You are bob");
    expect(screen).not.toMatch(/\$ $/m);
  });
});

describe("a port of alice's box", () => {
  // The box has nothing that listens; the host's perl runs without its library.
  const SERVER = `socket(S,2,1,6);bind(S,pack("S n a4 x8",2,8099,"\\x7f\\0\\0\\1"))||die;listen(S,9);
    while(accept(C,S)){sysread(C,$x,999);print C "HTTP/1.0 200 OK\\r\\n\\r\\nof alice\\n";close C}`;

  it("that she forwards is open to her programs alone, not to eve's or the account's [FR-026] [SC-012]", async () => {
    const { alice, eve, host } = at;
    expect(await alice.run("devbox-ctl cp /usr/bin/perl api: -q")).toMatchObject({ exitCode: 0 });
    const serving = inBackground(
      host,
      alice,
      quoted(["devbox-ctl", "exec", "api", "--", "/home/dev/perl", "-e", SERVER]),
    );
    const forwarding = inBackground(host, alice, "devbox-ctl port-forward api 18099:8099 -q");
    const ask = "curl -sS -m 5 http://127.0.0.1:18099/";
    try {
      await waitFor(async () => expect(await alice.run(ask)).toMatchObject({ stdout: "of alice" }), 30_000);
      for (let i = 0; i < 5; i += 1) expect((await eve.run(ask)).stdout).toBe("");
      expect((await (await host.account()).run(["sh", "-c", ask])).stdout).toBe("");
      expect(await eve.run("devbox-ctl port-forward api 0:8099")).toMatchObject({ exitCode: 4 });
    } finally {
      serving.kill();
      forwarding.kill();
    }
  });
});

describe("a command that its caller breaks off", () => {
  const stateOf = async (name: string): Promise<string | undefined> => {
    const { stdout } = await at.alice.run("devbox-ctl list --json");
    return (JSON.parse(stdout) as { boxes: { name: string; state: string }[] }).boxes.find((box) => box.name === name)
      ?.state;
  };
  /** Starts words of alice's, signals her sudo after some seconds, and waits until the account has ended them. */
  const broken = async (words: string, signal: string, after: number): Promise<void> => {
    const script = `devbox-ctl ${words} >/dev/null 2>&1 & sleep ${String(after)}
      pkill -${signal} -u alice,root -U alice,root -f '^/usr/bin/sudo.*${words.split(" ")[0] ?? ""} broken'; sleep 0.5
      pkill -CONT -u alice,root -f '^/usr/bin/sudo.*broken'; wait`;
    await at.alice.run(["timeout", "60", "bash", "-c", script]);
    await waitFor(async () => expect(await at.accountsProcesses("main.cjs (create|destroy)")).toBe(""), 60_000);
  };

  it("by a signal in the middle of a create or destroy leaves a whole box or none, and bob in peace [SC-007] [SC-012]", async () => {
    const signals = ["TERM", "INT", "HUP", "QUIT", "KILL", "ALRM", "TSTP", "USR1"];
    for (const [index, signal] of signals.entries()) {
      await broken("create broken --additional", signal, 0.4 + 0.4 * index);
      const made = await stateOf("broken");
      expect([signal, [undefined, "running"].includes(made), made]).toEqual([signal, true, made]);
      if (made === undefined) expect((await at.alice.run("devbox-ctl create broken --additional -q")).exitCode).toBe(0);
      await broken("destroy broken --yes", signal, 0.3 + 0.15 * index);
      if ((await stateOf("broken")) !== undefined) {
        expect(await at.alice.run("devbox-ctl destroy broken --yes")).toMatchObject({ exitCode: 0 });
      }
      expect(await at.bobsBoxes()).toEqual(["bobs"]);
    }
    const account = await at.host.account();
    expect((await account.run(["podman", "ps", "-aq"])).stdout.split("\n").length).toBe(2);
  }, 600_000);

  it("by Ctrl-Z at a terminal stops nobody else's work [SC-007]", async () => {
    await using terminal = await openTerminal(at.alice.ssh(undefined, ["-tt"]), { env: at.host.env });
    await terminal.waitFor("$");
    await terminal.type(`${PROGRAM.replace(/.*\//, "")} create paused --additional\n`);
    await terminal.waitFor("Slot taken");
    await terminal.press("C-z");
    expect(await at.bob.run("create another --additional -q")).toMatchObject({ exitCode: 0 });
    expect(await at.bob.run("destroy another --yes")).toMatchObject({ exitCode: 0 });
    await terminal.type("fg\n");
    await terminal.waitFor(/is ready/, 60_000);
  });
});
