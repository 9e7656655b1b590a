import { afterAll, beforeAll, expect, it } from "vitest";
import manifest from "../../containers/box/image.json" with { type: "json" };
import { testName } from "../support/ids.ts";
import { testImage } from "../support/image.ts";
import { podmanOk, removeTestObjects } from "../support/podman.ts";
import { eventually, runServiceBox, testServices, type ServiceBox } from "../support/service-box.ts";

// How services are kept, with services made up for it: the small image has none of the real ones.

const { programs, serviceDirectory } = manifest;
const secret = testName("private");
const home = testName("home");
const volumes = [`--volume=${secret}:${manifest.volumes.private}`, `--volume=${home}:${manifest.volumes.home}`];
let image: string;
let box: ServiceBox;
let made: Awaited<ReturnType<typeof testServices>>;

const COLOURED = String.raw`printf 'a\tb \033[31mred\033[0m \377 "quoted" \\ \001\n'; printf '%0400d\n' 7`;

beforeAll(async () => {
  image = await testImage();
  made = await testServices([
    { name: "steady", start: 'echo "steady as $(id -un)"\nexec sleep 9001' },
    { name: "mine", start: 'echo "$HOME $PWD $XDG_RUNTIME_DIR"\nexec sleep 9002', asDev: true },
    { name: "slow", start: "exec sleep 9003", check: "[ -e /run/slow-may-answer ]" },
    { name: "spare", start: "exec sleep 9004", down: true },
    { name: "nowhere", start: "exec sleep 9005", program: "/usr/lib/no-such-program" },
    { name: "talker", start: `seq 100000\n${COLOURED}\nexec sleep 9006`, down: true },
    { name: "dying", start: `cut -d' ' -f1 /proc/uptime >>/run/dying\n${COLOURED}\nexit 3`, down: true },
    { name: "family", start: "sleep 9008 &\nexec sleep 9007", down: true },
  ]);
  box = await runServiceBox(image, [...volumes, ...made.mounts]);
});

afterAll(async () => {
  await removeTestObjects();
  await made.remove();
});

it("says what is usable as soon as it is, and names what is not [SC-002]", async () => {
  const waiting = await box.ready("--wait", "1", "--report");
  expect(waiting).toMatchObject({ exitCode: 1, stderr: "service slow: not ready" });
  expect(waiting.stdout.split("\n")).toEqual(["shell", "service mine", "service steady"]);
  expect(await box.ready("--shell", "--report")).toMatchObject({ exitCode: 0, stdout: "shell", stderr: "" });
  expect(await box.one("slow")).toMatchObject({ state: "starting", enabled: true });
  await box.asRoot("touch", "/run/slow-may-answer");
  const done = await box.ready("--wait", "20", "--report");
  expect(done).toMatchObject({ exitCode: 0, stderr: "" });
  expect(done.stdout.split("\n")).toEqual(["shell", "service mine", "service slow", "service steady"]);
  for (const wrong of [["--wait"], ["--wait", "x"], ["--wait", "3601"], ["--sell"], ["1"]])
    expect((await box.ready(...wrong)).exitCode).toBe(2);
});

it("lists the services, those without a program as absent", async () => {
  const list = await box.list();
  expect(list.slice(0, 3).map(({ name, state }) => [name, state])).toEqual(
    Object.keys(manifest.services).map((name) => [name, "absent"]),
  );
  const states = Object.fromEntries(list.slice(3).map(({ name, state }) => [name, state]));
  expect(states).toEqual({
    dying: "stopped",
    family: "stopped",
    mine: "ready",
    nowhere: "absent",
    slow: "ready",
    spare: "stopped",
    steady: "ready",
    talker: "stopped",
  });
  expect((await box.asRoot("ls", serviceDirectory)).stdout).not.toContain("nowhere");
  for (const [code, ...words] of [
    [2],
    [2, "list", "x"],
    [2, "enable"],
    [2, "log", "steady", "0"],
    [4, "enable", "nothing"],
    [4, "enable", "../steady"],
    [4, "enable", "nowhere"],
    [4, "disable", "syncthing"],
    [4, "log", "nothing"],
  ] as const)
    expect((await box.services(...words)).exitCode, words.join(" ")).toBe(code);
  expect((await box.asDev(programs.services, "list")).exitCode).toBe(2);
});

it("runs a service as dev with the environment of a session", async () => {
  expect((await box.services("log", "mine")).stdout).toContain("/home/dev /home/dev/workspace /run/user/1000");
  const { stdout } = await box.asRoot("ps", "-o", "user=", "-p", String(await box.pid("mine")));
  expect(stdout).toBe("dev");
});

it("starts a killed service again, twenty times, and touches nothing else [FR-008]", async () => {
  const others = [await box.pid("mine"), await box.pid("slow")];
  for (let time = 0; time < 20; time += 1) {
    const before = await box.pid("steady");
    expect(before).toBeGreaterThan(1);
    // Without the memory of its deaths the wait stays at a second.
    await box.asRoot("sh", "-c", `s6-svdt-clear ${serviceDirectory}/steady; kill -9 ${String(before)}`);
    await eventually(async () => {
      expect(await box.pid("steady")).toBeGreaterThan(1);
      expect(await box.pid("steady")).not.toBe(before);
      expect((await box.one("steady")).state).toBe("ready");
    });
  }
  expect(await box.one("steady")).toMatchObject({ restarts: 1, lastExit: "signal KILL", lines: [] });
  expect([await box.pid("mine"), await box.pid("slow")]).toEqual(others);
  expect(await box.ready()).toMatchObject({ exitCode: 0 });
});

it("leaves nothing of a killed service behind, which would keep its port", async () => {
  await box.services("enable", "family");
  await box.until("family", "ready");
  const child = (): Promise<string> => box.asRoot("pgrep", "-f", "^sleep 9008$").then(({ stdout }) => stdout);
  const before = await child();
  expect(before).toMatch(/^\d+$/);
  await box.asRoot("kill", "-9", String(await box.pid("family")));
  await eventually(async () => {
    expect(await child()).toMatch(/^\d+$/);
    expect(await child()).not.toBe(before);
  });
  expect(await box.services("disable", "family")).toMatchObject({ exitCode: 0, stderr: "" });
  expect(await child()).toBe("");
});

it("waits longer from death to death, reports it as failing, and the box stays usable", async () => {
  expect(await box.services("enable", "dying")).toMatchObject({ exitCode: 0, stderr: "" });
  const failing = await box.until("dying", "failing");
  expect(failing).toMatchObject({ enabled: true, upSeconds: 0, lastExit: "exit 3" });
  expect(failing.restarts).toBeGreaterThanOrEqual(3);
  expect(failing.lines.length).toBeLessThanOrEqual(5);
  expect(failing.lines).toContain(String.raw`a b red ? "quoted" \ ?`);
  expect(failing.lines).toContain("0".repeat(300));
  expect(failing.lines.at(-1)).toBe("ended with exit code 3");
  const { exitCode, stderr } = await box.ready();
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/^service dying: (down|not ready, died \d+ times, last by exitcode 3)/);
  expect(await box.ready("--shell")).toMatchObject({ exitCode: 0 });
  expect((await box.asDev("id", "-un")).stdout).toBe("dev");

  const starts = await eventually(async () => {
    const times = (await box.asRoot("cat", "/run/dying")).stdout.split("\n").map(Number);
    expect(times.length).toBeGreaterThanOrEqual(5);
    return times;
  });
  const waits = starts.slice(1, 5).map((time, index) => time - Number(starts[index]));
  for (const [index, least] of [1, 2, 4, 8].entries()) expect(waits[index]).toBeGreaterThanOrEqual(least - 0.1);
});

it("stops at once in the middle of such a wait, and so does turning it off", async () => {
  // It waits for 16 s by now.
  await box.until("dying", "failing");
  const before = performance.now();
  await box.stop();
  expect(performance.now() - before).toBeLessThan(8000);
  await box.start();
  await eventually(async () => expect((await box.one("dying")).restarts).toBeGreaterThanOrEqual(4), 40_000);
  const inWait = performance.now();
  expect(await box.services("disable", "dying")).toMatchObject({ exitCode: 0, stderr: "" });
  expect(performance.now() - inWait).toBeLessThan(6000);
  expect(await box.one("dying")).toMatchObject({ state: "stopped", enabled: false, restarts: 0 });
  await box.asRoot("touch", "/run/slow-may-answer");
  expect(await box.ready("--wait", "20")).toMatchObject({ exitCode: 0, stderr: "" });
});

it("remembers on the private volume what was turned on and off [FR-013]", async () => {
  for (let time = 0; time < 2; time += 1) {
    expect(await box.services("enable", "spare")).toMatchObject({ exitCode: 0, stderr: "" });
    expect(await box.services("disable", "mine")).toMatchObject({ exitCode: 0, stderr: "" });
  }
  await box.until("spare", "ready");
  expect(await box.one("mine")).toMatchObject({ state: "stopped", enabled: false });
  await box.stop();
  await podmanOk(["rm", box.name]);
  box = await runServiceBox(image, [...volumes, ...made.mounts, "--env=DEVBOX_SERVICES=mine,talker,nothing"]);
  await box.until("spare", "ready");
  await box.until("talker", "ready");
  expect(await box.one("mine")).toMatchObject({ state: "stopped", enabled: false });
  expect((await box.asDev("ls", "/var/lib/tailscale/.devbox")).exitCode).not.toBe(0);
  await box.services("enable", "mine");
  await box.until("mine", "ready");
});

it("keeps logs bounded, printable, and in the log of the box too", async () => {
  await box.until("talker", "ready");
  const { stdout } = await box.services("log", "talker", "3");
  expect(stdout.split("\n")).toEqual([
    expect.stringMatching(/^2\d{3}-\d\d-\d\d [\d:.]+ +100000$/),
    expect.stringContaining(String.raw`a b red ? "quoted" \ ?`),
    expect.stringMatching(/0{399}7$/),
  ]);
  const sizes = await box.asRoot("sh", "-c", "cat /run/log/devbox/talker/* | wc -c");
  expect(Number(sizes.stdout)).toBeGreaterThan(64 * 1024);
  expect(Number(sizes.stdout)).toBeLessThan(3 * 64 * 1024);
  expect(await podmanOk(["logs", "--tail", "40", box.name])).toMatch(/^talker: 100000$/m);
  expect((await box.asDev("ls", "/run/log/devbox/talker")).exitCode).not.toBe(0);
});
