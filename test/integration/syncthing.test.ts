import { readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { testCli, type TestCli } from "../support/cli.ts";
import { testImage } from "../support/image.ts";
import { podman, removeTestObjects } from "../support/podman.ts";
import type { Ran } from "../support/rootless.ts";
import { expectValid } from "../support/schema.ts";
import {
  type Forwarder,
  forwardTo,
  hasSyncthing,
  type OtherDevice,
  otherDevice,
  syncthingImage,
} from "../support/syncthing.ts";

// Syncthing on both sides: in a box, and on this machine as the other device. The tests build on each other.

const present = await hasSyncthing();
const LIMITS = { memory: "512MiB", reserve: { memory: "64MiB", disk: "64MiB" } };
/** Milliseconds that a busy machine is given for a change to be seen, and for two devices to find each other. */
const [SEEN, FOUND] = [60_000, 60_000];

let cli: TestCli;
let other: OtherDevice;
let forwarder: Forwarder;
let container: string;
let boxId: string;
let password: string;

const ok = async (...args: string[]): Promise<Ran> => {
  const ran = await cli.run(args);
  expect(ran, args.join(" ")).toMatchObject({ exitCode: 0 });
  return ran;
};
const inBox = async (script: string): Promise<string> =>
  (await podman(["exec", "--user", "dev", "--workdir", "/home/dev", container, "sh", "-c", script])).stdout;
const here = (name: string): Promise<string> => readFile(path.join(other.folder, name), "utf8").catch(() => "");
const write = (name: string, text: string): Promise<void> => writeFile(path.join(other.folder, name), text);
const status = async () => expectValid("syncthing-status", await cli.json(["syncthing", "status", "api"]));
const device = async () => (await status()).devices.find(({ id }) => id === other.id);
const connected = () =>
  expect.poll(async () => (await device())?.connected, { timeout: FOUND, interval: 500 }).toBe(true);
const together = async () => {
  await connected();
  await expect
    .poll(
      async () => {
        const [folder] = (await status()).folders;
        return [folder?.state, folder?.needFiles, (await device())?.completion];
      },
      { timeout: FOUND, interval: 500 },
    )
    .toEqual(["idle", 0, 100]);
};

beforeEach((context) => {
  context.skip(!present, "no syncthing on this machine (scripts/host-prepare.sh --test-tools installs it)");
});

beforeAll(async () => {
  if (!present) return;
  const image = await syncthingImage();
  cli = await testCli({ config: { image, limits: LIMITS } });
  const { config } = expectValid("config-show", await cli.json(["config", "show"]));
  container = `${config.engine.namespace}-api`;
  await ok("create", "api");
  other = await otherDevice();
  forwarder = await forwardTo(container, 22000);
});

afterAll(async () => {
  if (!present) return;
  await forwarder[Symbol.asyncDispose]();
  await other[Symbol.asyncDispose]();
  await removeTestObjects();
  await cli.remove();
});

it("is off until it is asked for, and says how to turn it on [FR-037]", async () => {
  expect(await podman(["exec", container, "pgrep", "-x", "syncthing"])).toMatchObject({ exitCode: 1 });
  const refused = await cli.run(["syncthing", "status", "api"]);
  expect(refused).toMatchObject({ exitCode: 5 });
  expect(refused.stderr).toContain("devbox-ctl syncthing enable api");
});

it("is turned on ready to pair, its password shown once and kept nowhere [FR-037] [FR-040] [SC-011]", async () => {
  const enabled = expectValid("syncthing-enable", await cli.json(["syncthing", "enable", "api"]));
  expect(enabled).toMatchObject({ name: "api", folder: "/home/dev/sync" });
  password = enabled.gui.password ?? "";
  boxId = enabled.deviceId;
  expect(password).toMatch(/^[A-Za-z0-9]{20,}$/);
  const again = expectValid("syncthing-enable", await cli.json(["syncthing", "enable", "api"]));
  expect(again).toEqual({ ...enabled, gui: { ...enabled.gui, password: null } });

  expect(await inBox(`grep -rFl '${password}' /home/dev /run /tmp 2>/dev/null`)).toBe("");
  const log = await podman(["logs", container]);
  expect(log.stdout + log.stderr).toContain("GUI and API listening");
  expect(log.stdout + log.stderr).not.toContain(password);
  expect(await inBox("stat -c %a .config/syncthing/config.xml")).toBe("600");
});

it("lets nobody in without the password, by whatever name the box is called [FR-038]", async () => {
  const asked = (more: string) =>
    inBox(`curl -s -o /dev/null -w '%{http_code}' -H 'Host: api:8384' ${more} http://127.0.0.1:8384/`);
  expect(await asked("")).toBe("401");
  expect(await asked("-u dev:wrong")).toBe("401");
  expect(await asked(`-u 'dev:${password}'`)).toBe("200");
  const { password: fresh } = expectValid("syncthing-password", await cli.json(["syncthing", "password", "api"]));
  await expect.poll(() => asked(`-u 'dev:${fresh}'`), { timeout: SEEN }).toBe("200");
  expect(await asked(`-u 'dev:${password}'`)).toBe("401");
});

it("listens on the loopback alone, and looks for nobody [FR-038] [FR-039]", async () => {
  const sockets = (await podman(["exec", container, "ss", "-Hltun"])).stdout;
  const addresses = sockets.split("\n").map((line) => line.trim().split(/\s+/)[4] ?? "");
  expect(addresses.sort()).toEqual(["127.0.0.1:22000", "127.0.0.1:8384"]);
  expect(await status()).toMatchObject({
    deviceId: boxId,
    gui: { password: true },
    listeners: [{ address: "tcp://127.0.0.1:22000", error: null }],
    discovery: { global: false, local: false, relays: false },
    messages: [],
  });
  const config = await inBox("cat .config/syncthing/config.xml");
  for (const setting of [
    "<natEnabled>false",
    "<urAccepted>-1",
    "<crashReportingEnabled>false",
    "<autoUpgradeIntervalH>0",
  ])
    expect(config).toContain(setting);
});

it("pairs by hand and carries changes both ways [FR-040] [FR-041]", async () => {
  const asked = expectValid("syncthing-pair", await cli.json(["syncthing", "pair", "api"]));
  expect(asked).toMatchObject({ deviceId: boxId, paired: null });
  await other.add(boxId, forwarder.port);
  // The box names who knocks, before anybody was let in.
  await expect
    .poll(async () => (await status()).pending.map(({ id }) => id), { timeout: FOUND, interval: 500 })
    .toEqual([other.id]);

  const pair = () => cli.json(["syncthing", "pair", "api", other.id.toLowerCase(), "--name", 'läptop "1"']);
  expect(expectValid("syncthing-pair", await pair()).paired).toEqual({ device: other.id, added: true });
  expect(expectValid("syncthing-pair", await pair()).paired).toEqual({ device: other.id, added: false });
  await together();
  expect(await device()).toMatchObject({ name: 'läptop "1"', connected: true });

  await write("from-here.txt", "one");
  await expect.poll(() => inBox("cat sync/from-here.txt"), { timeout: SEEN }).toBe("one");
  await inBox("printf two > sync/from-box.txt; printf more >> sync/from-here.txt");
  await expect.poll(() => here("from-box.txt"), { timeout: SEEN }).toBe("two");
  await expect.poll(() => here("from-here.txt"), { timeout: SEEN }).toBe("onemore");
  expect((await ok("syncthing", "status", "api")).stdout).toContain('läptop "1"');
});

it("brings what was changed, renamed and removed while the box was stopped [FR-042]", async () => {
  await together();
  await ok("stop", "api");
  const refused = await cli.run(["syncthing", "pair", "api"]);
  expect(refused).toMatchObject({ exitCode: 5 });
  expect(refused.stderr).toContain("devbox-ctl start api");
  await write("while-stopped.txt", "three");
  await rename(path.join(other.folder, "from-here.txt"), path.join(other.folder, "renamed.txt"));
  await rm(path.join(other.folder, "from-box.txt"));
  await ok("start", "api");
  await expect
    .poll(() => inBox("cd sync && cat while-stopped.txt renamed.txt && ls"), { timeout: FOUND })
    .toBe("threeonemore" + "renamed.txt\nwhile-stopped.txt");
  await write("after.txt", "four");
  await expect.poll(() => inBox("cat sync/after.txt"), { timeout: SEEN }).toBe("four");
  expect((await status()).deviceId).toBe(boxId);
});

it("keeps both versions when both sides changed a file, and counts them [FR-040]", async () => {
  await together();
  const pause = (what: "pause" | "resume") => other.rest("POST", `/rest/system/${what}?device=${boxId}`);
  await pause("pause");
  await expect.poll(async () => (await device())?.connected, { timeout: FOUND }).toBe(false);
  await write("after.txt", "changed here");
  await inBox("printf 'changed in the box' > sync/after.txt");
  const [before] = (await status()).folders;
  expect(before?.conflicts).toEqual({ count: 0, complete: true, files: [] });
  // Each side has to have seen its own change, or there would be but one.

  await other.rest("POST", "/rest/db/scan?folder=sync");
  await new Promise((resolve) => setTimeout(resolve, 3000));
  await pause("resume");
  await expect
    .poll(async () => (await status()).folders[0]?.conflicts.count, { timeout: FOUND, interval: 500 })
    .toBe(1);
  const [folder] = (await status()).folders;
  expect(folder?.conflicts).toMatchObject({
    complete: true,
    files: [expect.stringMatching(/^after\.sync-conflict-.*\.txt$/)],
  });
  const both = (await inBox("cat sync/after*.txt")).replace("changed here", "");
  expect(both).toBe("changed in the box");
  expect((await ok("syncthing", "status", "api")).stdout).toContain("1 conflict, to be merged by hand");
  await inBox("rm sync/after.sync-conflict-*");
  expect((await status()).folders[0]?.conflicts.count).toBe(0);
});

it("stays paired through a destroy that keeps the volume [FR-042] [FR-013]", async () => {
  await together();
  const { keptVolume } = expectValid("destroy", await cli.json(["destroy", "api", "--keep-volume", "--yes"]));
  await write("between-boxes.txt", "five");
  await ok("create", "api", "--volume", keptVolume ?? "");
  const enabled = expectValid("syncthing-enable", await cli.json(["syncthing", "enable", "api"]));
  expect(enabled).toMatchObject({ deviceId: boxId, gui: { password: null } });
  await expect.poll(() => inBox("cat sync/between-boxes.txt"), { timeout: FOUND }).toBe("five");
  await connected();
});

it("is turned off and on again with what it was [FR-037]", async () => {
  expectValid("syncthing-disable", await cli.json(["syncthing", "disable", "api"]));
  expect((await cli.run(["syncthing", "status", "api"])).exitCode).toBe(5);
  await ok("restart", "api");
  expect(await podman(["exec", container, "pgrep", "-x", "syncthing"])).toMatchObject({ exitCode: 1 });
  expectValid("syncthing-disable", await cli.json(["syncthing", "disable", "api"]));
  expect((await ok("syncthing", "enable", "api")).stdout).toContain(boxId);
  expect((await device())?.id).toBe(other.id);
});

it("takes a device out, and its files stay [FR-041]", async () => {
  const unpair = () => cli.json(["syncthing", "unpair", "api", other.id]);
  expect(expectValid("syncthing-unpair", await unpair())).toMatchObject({ device: other.id, removed: true });
  expect(expectValid("syncthing-unpair", await unpair())).toMatchObject({ removed: false });
  const { devices, folders } = await status();
  expect(devices).toEqual([]);
  expect(folders[0]?.devices).toEqual([]);
  expect(await inBox("cat sync/between-boxes.txt")).toBe("five");
});

it("refuses what is no device, and says why [X-12]", async () => {
  const wrong = `${boxId.slice(0, -1)}${boxId.endsWith("A") ? "B" : "A"}`;
  for (const [args, said] of [
    [[wrong], "check character"],
    [["no-id"], "eight groups"],
    [[boxId], "this box itself"],
    [[other.id, "--address", "quic://a:1"], "tcp://HOST:PORT"],
    [["--name", "x"], "no DEVICE-ID"],
  ] as const) {
    const { exitCode, stderr } = await cli.run(["syncthing", "pair", "api", ...args]);
    expect({ exitCode, said: stderr.includes(said) ? said : stderr }).toEqual({ exitCode: 2, said });
  }
  expect((await status()).devices).toEqual([]);
});

it("says of an image without it that it has none [FR-037]", async () => {
  await ok("create", "plain", "--additional", "--image", await testImage());
  const { exitCode, stderr } = await cli.run(["syncthing", "enable", "plain"]);
  expect(exitCode).toBe(5);
  expect(stderr).toContain("the image of plain has no Syncthing");
});
