import { createHash, randomBytes } from "node:crypto";
import { appendFile, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { testCli, type TestCli } from "../support/cli.ts";
import { testName } from "../support/ids.ts";
import { testImage } from "../support/image.ts";
import { podmanOk, removeTestObjects } from "../support/podman.ts";
import { runClean } from "../support/rootless.ts";
import { makeKey, sshClient, type SshClient } from "../support/ssh-client.ts";
import { openTerminal } from "../support/tmux.ts";

// OpenSSH's own clients to a box, by the ProxyCommand that `ssh-config` prints.

const HOST = "api.devbox";
const MB = 1_000_000;
const namespace = testName("sshstdio");
const eventually = <T>(check: () => Promise<T>) => vi.waitFor(check, { timeout: 20_000, interval: 100 });
let cli: TestCli;
let client: SshClient;
let container: string;

const ssh = (...words: string[]) => client.run([HOST, ...words]);
const tool = (name: string, ...args: string[]) => runClean([name, ...args], client.env, { cwd: cli.home });
const sumOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
/** What runs in the box, without the program that looks. */
const processes = async () => {
  const lines = await podmanOk(["exec", container, "ps", "-eo", "pid=,args="]);
  return lines.split("\n").filter((line) => !line.includes("ps -eo") && !/^\s*1 /.test(line));
};
/** Nothing of any connection is left in the box. */
const isClean = async () => {
  expect(await processes()).toEqual([]);
  expect(await podmanOk(["exec", container, "ls", "/run/user/1000"])).toBe("");
};

beforeAll(async () => {
  const limits = { memory: "512MiB", reserve: { memory: "64MiB", disk: "64MiB" } };
  cli = await testCli({ config: { image: await testImage(), limits, engine: { namespace } } });
  client = await sshClient(cli);
  expect(await cli.run(["create", "api"])).toMatchObject({ exitCode: 0 });
  container = await podmanOk(["ps", "--filter", `label=devbox-ctl.namespace=${namespace}`, "--format", "{{.ID}}"]);
});
afterAll(async () => {
  await removeTestObjects();
  await cli.remove();
});

it("makes the box's own key once, whoever comes first, and keeps it [FR-002]", async () => {
  const both = await Promise.all([ssh("echo one"), ssh("echo two")]);
  expect(both).toMatchObject([{ stdout: "one" }, { stdout: "two" }]);
  const known = await readFile(client.knownHosts, "utf8");
  expect(
    new Set(
      known
        .trim()
        .split("\n")
        .map((line) => line.split(" ")[2]),
    ).size,
  ).toBe(1);
  expect((await ssh("cd ~/.config/devbox && stat -c '%n %a' *")).stdout).toBe("ssh_host_ed25519_key 600");
  await cli.run(["restart", "api"]);
  await ssh("chmod 644 ~/.config/devbox/*");
  expect(await ssh("true")).toMatchObject({ exitCode: 0, stderr: "" });
  expect(await readFile(client.knownHosts, "utf8")).toBe(known);
});

it("runs commands as a session does, with their exit codes [FR-002] [R-04]", async () => {
  expect((await ssh("id -un; pwd; echo $0 $HOME $LANG $XDG_RUNTIME_DIR; umask")).stdout).toBe(
    "dev\n/home/dev/workspace\n/bin/bash /home/dev C.UTF-8 /run/user/1000\n0022",
  );
  for (const code of [0, 1, 4, 127, 200]) expect((await ssh(`exit ${String(code)}`)).exitCode).toBe(code);
  expect(await ssh("no-such-command")).toMatchObject({ exitCode: 127 });
  expect(await client.run([HOST, "cat; echo error >&2"], { input: "in\nput" })).toMatchObject({
    stdout: "in\nput",
    stderr: "error",
  });
  expect((await ssh("kill -9 $$")).exitCode).toBe(255);
  expect((await client.run([HOST, "-A", "echo [$SSH_AUTH_SOCK]"])).stdout).toBe("[]");
  expect(
    (
      await client.run(["-o", "SendEnv=LANG LC_ALL", HOST, "locale 2>&1 | grep -c Cannot; printenv LANG LC_ALL"], {
        env: { LANG: "xx_XX.UTF-8", LC_ALL: "xx_XX" },
      })
    ).stdout,
  ).toBe("0\nC.UTF-8");
});

it("carries 50 MB each way, unchanged [FR-002]", async () => {
  const blob = randomBytes(50 * MB);
  const sum = sumOf(blob);
  const up = await execa("ssh", client.ssh(HOST, "tee blob | sha256sum").slice(1), {
    input: blob,
    env: client.env,
    extendEnv: false,
  });
  expect(up.stdout).toContain(sum);
  const down = await execa("ssh", client.ssh(HOST, "cat blob").slice(1), {
    encoding: "buffer",
    env: client.env,
    extendEnv: false,
  });
  expect(sumOf(down.stdout)).toBe(sum);
});

it("takes scp, in both its forms, and sftp [FR-002]", async () => {
  const folder = path.join(cli.home, "copied");
  await mkdir(path.join(folder, "deep/er"), { recursive: true });
  await writeFile(path.join(folder, "deep/er/é b.txt"), "text\n");
  const how = ["-q", "-F", client.configFile];
  const good = { exitCode: 0, stderr: "" };
  for (const form of [[], ["-O"]]) {
    expect(await tool("scp", ...how, ...form, "-r", folder, `${HOST}:`)).toMatchObject(good);
    expect((await ssh("cat 'copied/deep/er/é b.txt'; rm -r copied/deep/er")).stdout).toBe("text");
    expect(await tool("scp", ...how, ...form, `${HOST}:/etc/hostname`, "got")).toMatchObject(good);
  }
  expect((await tool("scp", ...how, "got", `${HOST}:/etc/evil`)).exitCode).toBe(1);
  // What a person's start-up file prints must not get in between, as it does with any command.
  const input = "pwd\nput got put\nget put back\nrename put moved\n";
  await ssh("echo 'echo noise' > ~/.bashrc.noise; mv ~/.bashrc ~/.bashrc.kept; mv ~/.bashrc.noise ~/.bashrc.off");
  const sftp = await runClean(["sftp", ...how, "-b", "-", HOST], client.env, { cwd: cli.home, input });
  expect(sftp).toMatchObject({ exitCode: 0 });
  expect(sftp.stdout).toContain("Remote working directory: /home/dev/workspace");
  expect(await readFile(path.join(cli.home, "back"), "utf8")).toBe(await readFile(path.join(cli.home, "got"), "utf8"));
  expect((await ssh("mv ~/.bashrc.kept ~/.bashrc; ls moved")).stdout).toBe("moved");
});

it("takes rsync [FR-002]", async (ctx) => {
  ctx.skip((await tool("rsync", "--version")).exitCode !== 0, "rsync is not installed");
  const source = path.join(cli.home, "synced");
  await mkdir(source);
  await Promise.all(
    Array.from({ length: 200 }, (_, n) => writeFile(path.join(source, `f${String(n)}`), randomBytes(1000))),
  );
  const how = ["-a", "--stats", "-e", `ssh -F ${client.configFile}`];
  expect((await tool("rsync", ...how, `${source}/`, `${HOST}:synced`)).stdout).toContain(
    "regular files transferred: 200",
  );
  await appendFile(path.join(source, "f7"), "more");
  expect((await tool("rsync", ...how, `${source}/`, `${HOST}:synced`)).stdout).toContain(
    "regular files transferred: 1",
  );
  expect((await tool("rsync", ...how, `${HOST}:synced/f7`, "f7")).exitCode).toBe(0);
  expect(await readFile(path.join(cli.home, "f7"))).toEqual(await readFile(path.join(source, "f7")));
});

it("gives a terminal with its size, Ctrl-C and its changes [FR-002]", async () => {
  await using terminal = await openTerminal(client.ssh(HOST), { env: client.env, cols: 91, rows: 27 });
  await terminal.waitFor("$");
  await terminal.type("stty size; tty; shopt login_shell; sleep 600");
  await terminal.press("Enter");
  await terminal.waitFor(/27 91\n\/dev\/pts\/\d+\nlogin_shell\s+on/);
  await terminal.resize(70, 20);
  await terminal.press("C-c");
  await terminal.type("stty size");
  await terminal.press("Enter");
  await terminal.waitFor("20 70");
  await terminal.type("exit 9");
  await terminal.press("Enter");
  expect(await terminal.exitCode()).toBe(9);
  await eventually(isClean);
});

it("forwards ports to the box's loopback [FR-002]", async () => {
  const serve = `use Socket; socket my $s, AF_INET, SOCK_STREAM, 0; bind $s, pack_sockaddr_in(3999, inet_aton("127.0.0.1")) or die; listen $s, 9;
    $| = 1; print "up\\n"; accept my $c, $s; syswrite $c, "hello from the box"; close $c`;
  const local = path.join(cli.home, "port");
  const running = execa(
    "ssh",
    client.ssh("-o", "ExitOnForwardFailure=yes", "-L", `${local}:127.0.0.1:3999`, HOST, `perl -e '${serve}'`).slice(1),
    { env: client.env, extendEnv: false, reject: false },
  );
  for await (const line of running) {
    if (line !== "up") continue;
    const { createConnection } = await import("node:net");
    const got = await new Promise<string>((resolve, reject) => {
      let text = "";
      const socket = createConnection(local);
      socket.on("data", (data) => (text += data.toString()));
      socket.on("end", () => {
        resolve(text);
      });
      socket.on("error", reject);
    });
    expect(got).toBe("hello from the box");
  }
  expect(await running).toMatchObject({ exitCode: 0 });
});

it("lets in whose keys they are, as dev, and nobody else [FR-002] [SC-012]", async (ctx) => {
  ctx.skip(cli.env.HOME !== cli.home, "the keys in this HOME are a person's own");
  const denied = { exitCode: 255, stderr: expect.stringContaining("Permission denied (publickey)") as unknown };
  const foreign = path.join(cli.home, "foreign");
  await makeKey(foreign);
  const config = await readFile(client.configFile, "utf8");
  const other = path.join(cli.home, "other-config");
  await writeFile(other, config.replace(/IdentityFile .*/, `IdentityFile ${foreign}`));
  const withKey = (...more: string[]) => tool("ssh", "-F", other, "-o", "BatchMode=yes", ...more, HOST, "true");
  expect(await withKey()).toMatchObject(denied);
  expect(await withKey("-o", "PreferredAuthentications=password,keyboard-interactive,hostbased,none")).toMatchObject(
    denied,
  );
  for (const user of ["root", "nobody", "-x"]) {
    expect(await client.run(["-l", user, HOST, "id"])).toMatchObject({ exitCode: 255, stdout: "" });
  }
  // Whoever may log in on this machine as the caller may do so in the caller's box: with options, neither.
  const folder = path.dirname(client.configFile);
  const line = await readFile(`${foreign}.pub`, "utf8");
  await writeFile(path.join(folder, "authorized_keys"), `restrict,command="x" ${line}`);
  expect(await withKey()).toMatchObject(denied);
  await writeFile(path.join(folder, "authorized_keys"), line);
  expect(await withKey()).toMatchObject({ exitCode: 0 });
  await rm(path.join(folder, "authorized_keys"));
  // Given by name, those alone count.
  const proxy = `ProxyCommand=devbox-ctl ssh --stdio --key '${line.trim()}' %n`;
  expect(await withKey("-o", proxy)).toMatchObject({ exitCode: 0 });
  expect(await client.run(["-o", proxy, HOST, "true"])).toMatchObject(denied);
  await eventually(isClean);
});

it("counts as use [X-01]", async () => {
  const before = Math.floor(Date.now() / 1000) * 1000;
  await ssh("true");
  const { box } = (await cli.json(["status", "api"])) as { box: { lastUsedAt: string; lastUsedBy: string } };
  expect(box.lastUsedBy).toBe("ssh");
  expect(Date.parse(box.lastUsedAt)).toBeGreaterThanOrEqual(before);
});

it("leaves nothing in the box when clients are killed amid a transfer [FR-002]", async () => {
  const options = { env: client.env, extendEnv: false, reject: false } as const;
  const upload = execa("sh", ["-c", `exec ssh -F ${client.configFile} ${HOST} 'cat >/dev/null' </dev/zero`], options);
  const quiet = execa("ssh", client.ssh(HOST, "sleep 600").slice(1), options);
  await eventually(async () => {
    const now = (await processes()).join("\n");
    expect(now).toContain("cat");
    expect(now).toContain("sleep 600");
  });
  await sleep(500);
  upload.kill("SIGKILL");
  quiet.kill("SIGKILL");
  await Promise.all([upload, quiet]);
  await eventually(isClean);
});

it("leaves nothing when the program on the host was killed before its client [FR-002]", async () => {
  const mark = `MARK=${randomBytes(6).toString("hex")}`;
  const marked = { env: { ...client.env, MARK: mark.slice(5) }, extendEnv: false, reject: false } as const;
  const waiting = execa("ssh", client.ssh(HOST, "sleep 600").slice(1), marked);
  await eventually(async () => {
    expect((await processes()).join("\n")).toContain("sleep 600");
  });
  const found = await execa("sh", ["-c", `grep -lzxF "${mark}" /proc/[0-9]*/environ`], { reject: false });
  const pids = found.stdout.split("\n").map((file) => file.split("/")[2] ?? "");
  const isProgram = async (pid: string) => (await readFile(`/proc/${pid}/cmdline`, "utf8")).includes("main.cjs");
  for (const pid of pids) if (await isProgram(pid)) process.kill(Number(pid), "SIGKILL");
  // The engine's client has the stream itself, so the connection goes on until its own end.
  waiting.kill("SIGKILL");
  await waiting;
  await eventually(isClean);
});

it("keeps what was put into the background, as any SSH server does [FR-002]", async () => {
  expect((await ssh("sleep 601 >/dev/null 2>&1 </dev/null & echo started")).stdout).toBe("started");
  expect((await processes()).join("\n")).toContain("sleep 601");
  await podmanOk(["exec", container, "sh", "-c", "kill $(pgrep -f 'sleep 60[1]')"]);
  await eventually(isClean);
});

it("takes what remote editors do: a script on standard input, a server that outlives it, connections to that [FR-002]", async () => {
  const accept = 'while (accept my $c, $s) { syswrite $c, "editor $$"; close $c }';
  const bind =
    'bind $s, pack_sockaddr_in(4001, inet_aton("127.0.0.1")) or die; listen $s, 9; print "listening\\n"; close STDOUT;';
  const server = `perl -e '$| = 1; use Socket; socket my $s, AF_INET, SOCK_STREAM, 0; ${bind} ${accept}'`;
  const script = `mkfifo up; ${server} >up </dev/null 2>/dev/null & read line <up; echo $line; rm up`;
  const started = await client.run(["-T", HOST, "bash"], { input: script });
  expect(started).toMatchObject({ stdout: "listening", exitCode: 0 });
  await eventually(async () => {
    expect((await processes()).join("\n")).not.toContain("sshd:");
  });
  const reach = () => client.run(["-W", "127.0.0.1:4001", HOST]);
  const [first, second] = [await reach(), await reach()];
  expect(first.stdout).toMatch(/^editor \d+$/);
  expect(second.stdout).toBe(first.stdout);
  await ssh(`kill ${first.stdout.split(" ")[1] ?? ""}`);
  await eventually(isClean);
});

it("tidies up behind one that was killed in the box [FR-002]", async () => {
  const waiting = execa("ssh", client.ssh("-N", HOST).slice(1), { env: client.env, extendEnv: false, reject: false });
  await eventually(async () => expect((await processes()).join("\n")).toContain("sshd: dev"));
  await podmanOk(["exec", container, "pkill", "-KILL", "-f", "libexec/devbox/ssh-stdio"]);
  await waiting;
  await ssh("true");
  await eventually(isClean);
});

it("says what is wrong on the terminal of the person [FR-002]", async (ctx) => {
  ctx.skip(cli.env.HOME !== cli.home, "the keys in this HOME are a person's own");
  expect((await client.run(["nobody.devbox", "true"])).stderr).toContain('you have no box named "nobody"');
  await podmanOk(["exec", container, "mv", "/usr/sbin/sshd", "/usr/sbin/sshd.off"]);
  expect((await ssh("true")).stderr).toContain("devbox-ctl rebuild api");
  await podmanOk(["exec", container, "mv", "/usr/sbin/sshd.off", "/usr/sbin/sshd"]);
  const program = "/usr/libexec/devbox/ssh-stdio";
  await podmanOk(["exec", container, "mv", program, `${program}.off`]);
  expect((await ssh("true")).stderr).toContain("devbox-ctl rebuild api");
  await podmanOk(["exec", container, "mv", `${program}.off`, program]);
  const folder = path.dirname(client.configFile);
  await rename(path.join(folder, "id_ed25519.pub"), path.join(folder, "id_ed25519.away"));
  expect((await ssh("true")).stderr).toContain("ssh-keygen -t ed25519");
  await rename(path.join(folder, "id_ed25519.away"), path.join(folder, "id_ed25519.pub"));
  await cli.run(["stop", "api"]);
  expect((await ssh("true")).stderr).toContain("api is stopped");
});
