import { afterAll, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { IMAGE } from "../../src/core/image-contract.ts";
import { readSetup, readStatus } from "../../src/core/syncthing-answers.ts";
import { testName } from "../support/ids.ts";
import { contractOptions } from "../support/image.ts";
import { podman, podmanOk, removeTestObjects } from "../support/podman.ts";
import type { Ran } from "../support/rootless.ts";
import { hasSyncthing, syncthingImage } from "../support/syncthing.ts";

// The service in the image, past the program: what a home may hold, and what it must not lead to.

const { programs, serviceDirectory } = IMAGE;
const present = await hasSyncthing();
const CONFIG = "/home/dev/.config/syncthing/config.xml";
let image: string;
let box: string;

const asRoot = (...argv: string[]): Promise<Ran> => podman(["exec", box, ...argv]);
const asDev = (script: string): Promise<Ran> =>
  podman(["exec", "--user", "dev", "--workdir", "/home/dev", box, "sh", "-c", script]);
const syncthing = async (...args: string[]): Promise<string> => {
  const ran = await podman(["exec", "--user", "dev", box, programs.syncthing, ...args]);
  expect(ran, args.join(" ")).toMatchObject({ exitCode: 0, stderr: "" });
  return ran.stdout;
};
const eventually = (check: () => Promise<void>): Promise<void> => vi.waitFor(check, { timeout: 45_000, interval: 300 });

/** @param home the option of Podman that gives the box a home */
async function runBox(home: string): Promise<void> {
  box = testName();
  const contract = contractOptions({ private: testName("private") });
  // Nothing here may reach a discovery server, whatever it is told to do.
  await podmanOk(["run", "--detach", "--network=none", "--name", box, ...contract, home, image]);
  expect(await asRoot(programs.ready, "--wait", "20")).toMatchObject({ exitCode: 0, stderr: "" });
}

/** Turned on anew, without what earlier deaths would make it wait. */
async function restartService(): Promise<void> {
  await asRoot(programs.services, "disable", "syncthing");
  await asRoot("s6-svwait", "-D", "-t", "10000", `${serviceDirectory}/syncthing`);
  await asRoot("s6-svdt-clear", `${serviceDirectory}/syncthing`);
  await asRoot(programs.services, "enable", "syncthing");
}

interface Service {
  readonly name: string;
  readonly state: string;
  readonly lines: readonly string[];
}

async function service(): Promise<Service | undefined> {
  const { services } = JSON.parse((await asRoot(programs.services, "list")).stdout) as { services: Service[] };
  return services.find(({ name }) => name === "syncthing");
}

/** It does not come up and says why, and the box does not mind. */
async function expectFailing(why: string): Promise<void> {
  await restartService();
  await eventually(async () => {
    expect((await service())?.lines.join("\n")).toContain(why);
  });
  expect((await service())?.state).not.toBe("ready");
  expect(await asDev("echo usable")).toMatchObject({ exitCode: 0, stdout: "usable" });
  expect(await podman(["exec", "--user", "dev", box, programs.syncthing, "setup", "--wait", "0"])).toMatchObject({
    exitCode: 4,
  });
}

async function expectReady(): Promise<void> {
  await restartService();
  expect(await asRoot(programs.ready, "--wait", "30")).toMatchObject({ exitCode: 0, stderr: "" });
}

const listening = async (): Promise<string[]> =>
  (await asRoot("ss", "-Hltun")).stdout
    .split("\n")
    .map((line) => line.trim().split(/\s+/)[4] ?? "")
    .sort();

beforeEach((context) => {
  context.skip(!present, "no syncthing on this machine (scripts/host-prepare.sh --test-tools installs it)");
});

beforeAll(async () => {
  if (!present) return;
  image = await syncthingImage();
  await runBox(`--volume=${testName("home")}:/home/dev`);
});

afterAll(async () => {
  if (present) await removeTestObjects();
});

it("keeps what was changed by its interface, and comes back to the loopback at every start [FR-038] [FR-042]", async () => {
  await expectReady();
  const { deviceId } = readSetup(await syncthing("setup"));
  const change = `
    key=$(sed -n 's/.*<apikey>\\(.*\\)<.apikey>.*/\\1/p' ${CONFIG})
    rest() { curl -sf -H "X-API-Key: $key" -X "$1" -d "$3" "http://127.0.0.1:8384$2"; }
    rest PATCH /rest/config/options '{"listenAddresses":["tcp://0.0.0.0:22001","quic://:22002"],"globalAnnounceEnabled":true,"maxSendKbps":7}'
    rest PATCH /rest/config/gui '{"address":"0.0.0.0:8385","theme":"dark"}'`;
  await asDev(change);
  await eventually(async () =>
    expect(await asDev(`grep -c 'tcp://0.0.0.0:22001\\|dark' ${CONFIG}`)).toMatchObject({ stdout: "2" }),
  );
  await expectReady();
  expect(await listening()).toEqual(["127.0.0.1:22000", "127.0.0.1:8384"]);
  const status = readStatus(await syncthing("status"));
  expect(status).toMatchObject({ deviceId, password: true, discovery: { global: true, local: false } });
  const kept = await asDev(`grep -c '<maxSendKbps>7<\\|<theme>dark<' ${CONFIG}`);
  expect(kept.stdout).toBe("2");
  expect((await asRoot(programs.services, "log", "syncthing")).stdout).toContain("set back to the loopback");
});

it("comes back as the same device after kill -9 [A-02]", async () => {
  const { deviceId } = readSetup(await syncthing("setup"));
  await asRoot("pkill", "-KILL", "-x", "syncthing");
  await eventually(async () => expect(await service()).toMatchObject({ state: "ready" }));
  expect(readStatus(await syncthing("status")).deviceId).toBe(deviceId);
});

it.each([
  ["garbage", `echo garbage > ${CONFIG}`, "no configuration of Syncthing, or damaged"],
  ["half a file", `head -c 900 saved.xml > ${CONFIG}`, "damaged"],
  ["an empty file", `: > ${CONFIG}`, "damaged"],
  ["a directory", `mkdir ${CONFIG}`, "is not a file"],
  ["a link to nowhere", `ln -s /nowhere ${CONFIG}`, "is not a file"],
  ["a pipe", `mkfifo ${CONFIG}`, "is not a file"],
  ["a device", `ln -s /dev/zero ${CONFIG}`, "is not a file"],
  ["a large file", `truncate -s 20M ${CONFIG}`, "too large"],
  [
    "a listener in disguise",
    `sed 's,<listenAddress>[^<]*,<listenAddress><![CDATA[tcp://:1]]>,' saved.xml > ${CONFIG}`,
    "listenAddress",
  ],
  ["a file in place of the directory", "mv .config aside && echo > .config", "no directory"],
])(
  "says what is wrong with a configuration that is %s, and leaves the box alone [A-02] [FR-042]",
  async (_, harm, why) => {
    await asDev(`[ -e saved.xml ] || cp ${CONFIG} saved.xml; rm ${CONFIG}; ${harm}`);
    await expectFailing(why);
    await asDev(`rm -f .config; [ ! -e aside ] || mv aside .config; rm -rf ${CONFIG}; cp saved.xml ${CONFIG}`);
  },
);

it("goes on with its identity when the configuration is gone or right again [FR-042]", async () => {
  await asDev(`cp saved.xml ${CONFIG}`);
  await expectReady();
  const { deviceId, password } = readSetup(await syncthing("setup"));
  expect(password).toBeUndefined();
  await asDev(`rm ${CONFIG}`);
  await expectReady();
  const anew = readSetup(await syncthing("setup"));
  expect(anew.deviceId).toBe(deviceId);
  expect(anew.password).toMatch(/^.{20,}$/);
});

it("says that the disk is full, and comes up when there is room [A-02]", async () => {
  await runBox("--tmpfs=/home/dev:rw,size=16m,mode=0755,notmpcopyup");
  await asDev("head -c 100M /dev/zero > filler");
  await expectFailing("no space left");
  await asDev("rm filler");
  await expectReady();
  expect(readSetup(await syncthing("setup")).password).toBeDefined();
});
