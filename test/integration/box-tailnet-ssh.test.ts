import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startHeadscale, type Headscale } from "../support/headscale.ts";
import { tailnetImage } from "../support/image.ts";
import { benchEnv, removeTestObjects } from "../support/podman.ts";
import { runClean } from "../support/rootless.ts";
import { eventually } from "../support/service-box.ts";
import { gatewayOf, logIn, loginOptions, runTailnetBox, type TailnetBox } from "../support/tailnet-box.ts";
import { startClient, type TailnetClient } from "../support/tailnet-client.ts";
import { openTerminal } from "../support/tmux.ts";

// Tailscale SSH and services of a box, from another device of its owner's, and from a stranger's.

let box: TailnetBox;
let headscale: Headscale;
let alice: TailnetClient;
let bob: TailnetClient;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "dbxtest-ssh-"));
  box = await runTailnetBox(await tailnetImage());
  headscale = await startHeadscale({ address: await gatewayOf(box) });
  await logIn(box, headscale, "demo");
  [alice, bob] = [await startClient(headscale, { user: "alice" }), await startClient(headscale, { user: "bob" })];
  await eventually(async () => expect(await alice.ssh("demo", ["true"])).toMatchObject({ exitCode: 0 }));
});

afterAll(async () => {
  for (const client of [alice, bob]) await client.stop();
  await removeTestObjects();
  await headscale.remove();
  await rm(folder, { recursive: true, force: true });
});

const lines = (text: string): string[] => text.split("\n").filter((line) => !/^(_|SSH_\w+|OLDPWD|SHLVL)=/.test(line));
const terminal = (...argv: string[]) =>
  openTerminal(["ssh", "-tt", ...alice.sshOptions, "dev@demo", ...argv], { env: benchEnv(), cols: 91, rows: 27 });

it("runs commands as dev in the environment of a session, and passes their exit codes on [FR-008] [R-04]", async () => {
  const script = "id; pwd; umask; env | sort";
  const over = await alice.ssh("demo", [script]);
  expect(over).toMatchObject({ exitCode: 0, stderr: "" });
  expect(lines(over.stdout)).toEqual([
    "uid=1000(dev) gid=1000(dev) groups=1000(dev)",
    "/home/dev/workspace",
    "0022",
    "HOME=/home/dev",
    "LANG=C.UTF-8",
    "LOGNAME=dev",
    "PATH=/home/dev/.local/bin:/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin",
    "PWD=/home/dev/workspace",
    "SHELL=/bin/bash",
    "USER=dev",
    "XDG_RUNTIME_DIR=/run/user/1000",
  ]);
  for (const code of [0, 1, 37, 126, 255])
    expect(await alice.ssh("demo", [`exit ${String(code)}`])).toMatchObject({ exitCode: code });
  expect(await alice.ssh("demo", ["no-such-command"])).toMatchObject({ exitCode: 127 });
  expect(await alice.ssh("demo", ["cat; echo error >&2"], { input: "in\nput" })).toMatchObject({
    stdout: "in\nput",
    stderr: "error",
  });
  expect(await alice.ssh("demo", ["echo $0 \"a  b\" 'c'"])).toMatchObject({ stdout: "/bin/bash a  b c" });
});

it("gives a login shell on a terminal that is dev's, with its size, and no greeting [FR-008]", async () => {
  await using shell = await terminal();
  const first = await shell.waitFor("$");
  expect(first.trim().split("\n")).toHaveLength(1);
  await shell.type(
    'clear; stty size; stat -c "%U %a" "$(tty)"; echo "$TERM $PWD"; shopt -q login_shell && echo login; echo d""one',
  );
  await shell.press("Enter");
  const said = await shell.waitFor("done");
  expect(said).toMatch(/^27 91\ndev 620\n\w+-256color \/home\/dev\/workspace\nlogin\ndone/m);
  await shell.resize(120, 40);
  await eventually(async () => {
    await shell.type("clear; stty size; echo siz''ed");
    await shell.press("Enter");
    expect(await shell.waitFor("sized")).toContain("40 120");
  });
  const [session] = (
    JSON.parse((await box.asRoot("/usr/libexec/devbox/activity")).stdout) as {
      sessions: { kind: string; tty: string | null }[];
    }
  ).sessions;
  expect(session).toMatchObject({ kind: "tailscale-ssh", tty: expect.stringMatching(/^pts\//) as string });
  await shell.type("exit 9");
  await shell.press("Enter");
  expect(await shell.exitCode()).toBe(9);
  const command = ["ssh", "-tt", ...alice.sshOptions, "dev@demo", "tty; exit 5"];
  expect(await runClean(command, benchEnv())).toMatchObject({
    exitCode: 5,
    stdout: expect.stringMatching(/^\/dev\/pts/) as string,
  });
});

it("ends what ran when the connection is gone [FR-008]", async () => {
  await using shell = await terminal("sleep 4321");
  await eventually(async () => expect((await box.asRoot("pgrep", "-f", "[s]leep 4321")).stdout).not.toBe(""));
  await shell.kill();
  await eventually(async () => expect((await box.asRoot("pgrep", "-f", "[s]leep 4321")).stdout).toBe(""));
});

it("copies files both ways by scp, sftp and rsync [FR-008]", async () => {
  const file = path.join(folder, "data");
  await writeFile(file, Buffer.alloc(3_000_000, "0123456789abcdef\n"));
  const sum = createHash("sha256")
    .update(await readFile(file))
    .digest("hex");
  const run = (...argv: string[]) => runClean(argv, benchEnv());
  const good = { exitCode: 0, stderr: "" };
  expect(await run("scp", ...alice.sshOptions, file, "dev@demo:one")).toMatchObject(good);
  expect(await run("scp", "-O", ...alice.sshOptions, file, "dev@demo:/home/dev/two")).toMatchObject(good);
  expect(await run("scp", ...alice.sshOptions, "dev@demo:/home/dev/two", `${file}2`)).toMatchObject(good);
  expect(
    createHash("sha256")
      .update(await readFile(`${file}2`))
      .digest("hex"),
  ).toBe(sum);
  const sums = await alice.ssh("demo", ["sha256sum /home/dev/workspace/one /home/dev/two; stat -c %U one"]);
  expect(sums.stdout.split(/\s+/)).toEqual([sum, "/home/dev/workspace/one", sum, "/home/dev/two", "dev"]);
  // dev's rights, not root's.
  expect((await run("scp", ...alice.sshOptions, file, "dev@demo:/etc/evil")).exitCode).not.toBe(0);
  expect((await run("scp", ...alice.sshOptions, "dev@demo:/etc/shadow", folder)).exitCode).not.toBe(0);
  // rsync's server speaks first: the number of its protocol.
  const server = await alice.ssh("demo", ["rsync --server --sender -r . /home/dev/two | head -c 1 | od -An -tu1"]);
  expect(Number(server.stdout)).toBeGreaterThan(29);
});

it("reaches what listens on the box's loopback by the box's name, and what the policy names only [FR-009]", async () => {
  const server =
    "use IO::Socket; my $s = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1:' . shift, ReuseAddr => 1); while (my $c = $s->accept) { <$c>; print $c qq(HTTP/1.0 200 OK\\r\\n\\r\\nfrom the box); close $c }";
  for (const port of ["8080", "8081"])
    await box.asRoot(
      "setpriv",
      "--reuid=1000",
      "--regid=1000",
      "--clear-groups",
      "setsid",
      "-f",
      "perl",
      "-e",
      server,
      port,
    );
  await eventually(async () => expect(await alice.curl("http://demo:8080/")).toMatchObject({ stdout: "from the box" }));
  expect((await alice.curl("http://demo:8081/", "--max-time", "3")).exitCode).not.toBe(0);
});

it("connects in a second, and a login takes some [SC-003]", { timeout: 240_000 }, async () => {
  const times: number[] = [];
  for (let round = 0; round < 7; round += 1) {
    const began = performance.now();
    expect(await alice.ssh("demo", ["true"])).toMatchObject({ exitCode: 0 });
    times.push(performance.now() - began);
  }
  const logins: number[] = [];
  const { key } = await headscale.boxKey("alice");
  for (let round = 0; round < 7; round += 1) {
    await box.tailnet(["logout"]);
    const began = performance.now();
    expect(await box.tailnet(["login", ...loginOptions(headscale, "demo")], key)).toMatchObject({ exitCode: 0 });
    logins.push(performance.now() - began);
  }
  const median = (all: number[]) => Math.round(all.sort((a, b) => a - b)[3] ?? 0);
  console.log(`Tailscale SSH: ${String(median(times))} ms; login: ${String(median(logins))} ms (medians of 7)`);
  expect(median(times)).toBeLessThan(1000);
  expect(median(logins)).toBeLessThan(10_000);
});

it("lets in nobody but the owner, and nobody but dev, whatever the policy says [SC-007] [R-04]", async () => {
  for (const user of ["root", "nobody", "daemon"]) expect((await alice.ssh(`${user}@demo`, ["id"])).exitCode).toBe(255);
  const refused = await bob.ssh("demo", ["id"]);
  expect({ ...refused, stderr: "" }).toEqual({ stdout: "", stderr: "", exitCode: 255 });
  expect((await bob.curl("http://demo:8080/", "--max-time", "3")).exitCode).not.toBe(0);
  expect((await box.asDev("timeout", "5", "tailscale", "ssh", "alice-client", "id")).exitCode).not.toBe(0);

  // The server tells its rules to who connects anew.
  const policy = path.join(headscale.dir, "policy.hujson");
  const kept = await readFile(policy, "utf8");
  await writeFile(policy, kept.replaceAll('"dev"', '"dev", "root", "nobody"'));
  await headscale.stop();
  await headscale.start();
  const words = "the only user of this box is dev";
  await eventually(async () => {
    const { stdout, stderr, exitCode } = await alice.ssh("root@demo", ["id"]);
    expect({ stdout, stderr, exitCode }).toEqual({
      stdout: "",
      exitCode: 1,
      stderr: expect.stringContaining(words) as string,
    });
  }, 60_000);
  expect(await alice.ssh("nobody@demo", ["id"])).toMatchObject({ stdout: "", exitCode: 1 });
});
