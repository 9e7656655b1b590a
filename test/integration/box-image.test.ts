import { afterAll, beforeAll, expect, it, vi } from "vitest";
import manifest from "../../containers/box/image.json" with { type: "json" };
import { contractOptions, testImage } from "../support/image.ts";
import { testName } from "../support/ids.ts";
import { podman, podmanOk, removeTestObjects } from "../support/podman.ts";
import type { Ran } from "../support/rootless.ts";

// The image as an engine sees it: no code of the program takes part.

const { programs, serviceDirectory } = manifest;
const home = testName("home");
const secret = testName("private");
const limit = String(manifest.stopTimeoutSeconds);
let image: string;
let box: string;

const asRoot = (...argv: string[]): Promise<Ran> => podman(["exec", box, ...argv]);
const asDev = (...argv: string[]): Promise<Ran> =>
  podman(["exec", "--user", "dev", box, programs.session, "--", ...argv]);
const ready = (...args: string[]): Promise<Ran> => asRoot(programs.ready, ...args);
const stop = (): Promise<string> => podmanOk(["stop", "--time", limit, box]);
const startDetached = (id: string, script: string): Promise<string> =>
  podmanOk(["exec", "--detach", "--user", "dev", box, programs.session, "--id", id, "--", "bash", "-c", script]);

async function runBox(): Promise<void> {
  box = testName();
  const volumes = contractOptions({ home, private: secret });
  await podmanOk(["run", "--detach", "--name", box, "--hostname", "my-project", ...volumes, image]);
  expect(await ready("--wait", "20")).toMatchObject({ exitCode: 0, stderr: "" });
}

async function addService(name: string, run: string): Promise<void> {
  const script = `mkdir "$1" && printf '#!/bin/sh\\n%s\\n' "$2" >"$1/run" && chmod +x "$1/run" && s6-svscanctl -a .`;
  await podmanOk(["exec", "--workdir", serviceDirectory, box, "sh", "-c", script, "sh", name, run]);
}

async function removeService(name: string): Promise<void> {
  await asRoot("sh", "-c", `cd ${serviceDirectory} && rm -r ${name} && s6-svscanctl -an .`);
}

const eventually = (check: () => Promise<void>): Promise<void> => vi.waitFor(check, { timeout: 20_000, interval: 100 });

beforeAll(async () => {
  image = await testImage();
  await runBox();
});

afterAll(() => removeTestObjects());

it("is supervised by s6 as PID 1, ready with the documented capabilities alone [A-02]", async () => {
  expect((await asRoot("cat", "/proc/1/comm")).stdout).toBe("s6-svscan");
  expect((await asRoot("grep", "CapEff", "/proc/1/status")).stdout).toMatch(/00000000000000fb$/);
  expect((await asRoot(programs.ready, "--wait", "x")).exitCode).toBe(2);
});

it("runs sessions as dev, in the workspace, with dev's environment [R-04]", async () => {
  const { stdout } = await asDev("sh", "-c", 'id -un; id -u; pwd; echo "$HOME $USER $SHELL $LANG"; umask; hostname');
  expect(stdout.split("\n")).toEqual([
    "dev",
    "1000",
    "/home/dev/workspace",
    "/home/dev dev /bin/bash C.UTF-8",
    "0022",
    "my-project",
  ]);
  expect(
    await podman(["exec", "--user", "dev", "--tty", box, programs.session, "--", "printenv", "TERM"]),
  ).toMatchObject({
    stdout: expect.stringMatching(/xterm/) as string,
  });
});

it("passes arguments untouched and exit codes through", async () => {
  const odd = ["", "a b", "new\nline", "$HOME", "*", "-x", "'\"\\"];
  expect((await asDev("printf", "<%s>", ...odd)).stdout).toBe(odd.map((word) => `<${word}>`).join(""));
  expect((await asDev("sh", "-c", "exit 42")).exitCode).toBe(42);
  expect(await asDev("no-such-command")).toMatchObject({
    exitCode: 127,
    stderr: "devbox: no-such-command: command not found",
  });
  expect((await asDev("/etc/passwd")).exitCode).toBe(126);
  expect((await asDev("/etc")).exitCode).toBe(126);
  expect((await asDev("-x")).exitCode).toBe(127);
});

it("starts a session in home, and says so, when the workspace is missing", async () => {
  await podmanOk(["exec", "--user", "dev", box, "mv", "/home/dev/workspace", "/home/dev/away"]);
  expect(await asDev("pwd")).toEqual({
    exitCode: 0,
    stdout: "/home/dev",
    stderr: expect.stringContaining("missing") as string,
  });
  expect((await ready()).stderr).toBe("home: /home/dev/workspace is not writable by dev");
  await podmanOk(["exec", "--user", "dev", box, "mv", "/home/dev/away", "/home/dev/workspace"]);
  expect(await ready()).toMatchObject({ exitCode: 0 });
});

it("gives dev no way to more rights, and no sight of the private volume [A-02]", async () => {
  await podmanOk(["exec", box, "sh", "-c", "echo key >/var/lib/tailscale/state"]);
  expect((await asDev("ls", "/var/lib/tailscale")).exitCode).not.toBe(0);
  expect((await asDev("cat", "/var/lib/tailscale/state")).exitCode).not.toBe(0);
  expect((await asRoot("find", "/", "-xdev", "-type", "f", "-perm", "/6000")).stdout).toBe("");
  expect((await asDev("ls", "/run/devbox")).exitCode).not.toBe(0);
  expect((await asDev("touch", "/etc/x")).exitCode).not.toBe(0);
  expect((await asDev("touch", "/usr/x")).exitCode).not.toBe(0);
});

it("ends the processes of one session, children in groups of their own too, and no others", async () => {
  await startDetached("one", "sleep 7001 & setsid sleep 7002 & exec sleep 7003");
  await startDetached("two", "exec sleep 7004");
  await startDetached("one", "tmux new-session -d sleep 7005");
  const sleeping = async (): Promise<string> =>
    (await asRoot("sh", "-c", "pgrep -fa '^sleep 70' | cut -d' ' -f3")).stdout;
  await eventually(async () => expect((await sleeping()).split("\n").sort()).toHaveLength(5));
  const ended = await podman(["exec", "--user", "dev", box, programs.endSession, "one"]);
  expect(ended).toMatchObject({ exitCode: 0, stdout: "3" });
  await eventually(async () => expect((await sleeping()).split("\n").sort()).toEqual(["7004", "7005"]));
  expect(await asRoot(programs.endSession, "two", "KILL")).toMatchObject({ exitCode: 0, stdout: "1" });
  for (const id of ["", "a/b", "a b", "x".repeat(65)]) expect((await asRoot(programs.endSession, id)).exitCode).toBe(2);
  await asDev("tmux", "kill-server");
});

it("restarts a service that dies, and the box lives", async () => {
  await addService("fickle", "exec sleep 8001");
  const pid = async (): Promise<string> =>
    (await asRoot("s6-svstat", "-o", "pid", `${serviceDirectory}/fickle`)).stdout;
  await eventually(async () => expect(Number(await pid())).toBeGreaterThan(1));
  const before = await pid();
  await asRoot("kill", "-9", before);
  await eventually(async () => {
    expect(Number(await pid())).toBeGreaterThan(1);
    expect(await pid()).not.toBe(before);
  });
  expect(await ready("--wait", "5")).toMatchObject({ exitCode: 0 });
  await removeService("fickle");
});

it("is not ready while a wanted service is not, and names it", async () => {
  await addService("broken", "exit 3");
  await eventually(async () =>
    expect(await ready()).toMatchObject({ exitCode: 1, stderr: "service broken: down (last exit code 3)" }),
  );
  await asRoot("s6-svc", "-d", `${serviceDirectory}/broken`);
  await eventually(async () => expect(await ready()).toMatchObject({ exitCode: 0 }));
  await removeService("broken");
});

it("reaps what its parents left behind", async () => {
  await asDev("bash", "-c", "for i in $(seq 50); do (sleep 0.1 & exec true); done");
  await eventually(async () => expect((await asRoot("ps", "-eo", "stat=")).stdout).not.toContain("Z"));
});

it("ends services before it asks the others to end, lets them save, and exits 0", async () => {
  await asDev("touch", "/home/dev/order");
  await addService("last", `trap 'echo service >>/home/dev/order; exit' TERM; while :; do sleep 0.05; done`);
  await startDetached(
    "saver",
    `trap 'sleep 0.5; echo session >>~/order; exit' TERM; touch ~/up; while :; do sleep 0.05; done`,
  );
  await startDetached(
    "deaf",
    `trap '' TERM; trap 'echo shell >>~/shell; exit' HUP; touch ~/deaf; while :; do sleep 0.05; done`,
  );
  await eventually(async () => expect((await asDev("ls", "/home/dev/up", "/home/dev/deaf")).exitCode).toBe(0));
  await eventually(async () =>
    expect((await asRoot("s6-svstat", "-o", "up", `${serviceDirectory}/last`)).stdout).toBe("true"),
  );
  await stop();
  expect(await podmanOk(["inspect", "--format", "{{.State.ExitCode}}", box])).toBe("0");
  await podmanOk(["start", box]);
  expect((await ready("--wait", "20")).exitCode).toBe(0);
  expect((await asDev("cat", "/home/dev/order", "/home/dev/shell")).stdout).toBe("service\nsession\nshell");
});

it("stops by itself although a service and a session refuse to end", async () => {
  await addService("stubborn", `trap '' TERM HUP; while :; do sleep 0.05; done`);
  await startDetached("stubborn", `trap '' TERM HUP; touch ~/stubborn; while :; do sleep 0.05; done`);
  await eventually(async () => expect((await asDev("ls", "/home/dev/stubborn")).exitCode).toBe(0));
  // PID 1 has to end by itself: killed by the engine it would leave 137.
  await podmanOk(["stop", "--time", "60", box]);
  expect(await podmanOk(["inspect", "--format", "{{.State.ExitCode}}", box])).toBe("0");
  await podmanOk(["start", box]);
  expect((await ready("--wait", "20")).exitCode).toBe(0);
});

it("keeps home over stop, start and a new container on the same volume [FR-013]", async () => {
  await asDev("sh", "-c", "echo kept >note; chmod 700 ~; ln -s /etc ~/link; rm ~/.bash_logout");
  await stop();
  await podmanOk(["rm", box]);
  await runBox();
  expect((await asDev("sh", "-c", "cat note; stat -c %U ~ .; ls ~/.bash_logout")).stdout).toBe("kept\ndev\ndev");
  expect((await asRoot("stat", "-c", "%U", "/etc")).stdout).toBe("root");
});

it("does not follow links of dev's as root when it starts", async () => {
  await asDev("sh", "-c", "mv ~/workspace ~/old && ln -s /var/lib/tailscale ~/workspace");
  await stop();
  await podmanOk(["start", box]);
  await eventually(async () =>
    expect((await asRoot("stat", "-c", "%U %a", "/var/lib/tailscale")).stdout).toBe("root 700"),
  );
  expect((await ready("--wait", "1")).stderr).toContain("/home/dev/workspace is not writable");
  await asDev("sh", "-c", "rm ~/workspace && mv ~/old ~/workspace");
});

it("stays ready on a full disk, so that its owner can clean up", async () => {
  const name = testName("full");
  const options = [...contractOptions(), "--tmpfs=/home/dev:size=1m,mode=0755,notmpcopyup"];
  await podmanOk(["run", "--detach", "--name", name, ...options, image]);
  await podmanOk(["exec", name, programs.ready, "--wait", "20"]);
  await podman(["exec", "--user", "dev", name, "sh", "-c", "cat /dev/zero >/home/dev/big"]);
  expect(await podman(["exec", name, programs.ready])).toMatchObject({ exitCode: 0 });
});
