import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testCli, type TestCli } from "../support/cli.ts";
import { testName } from "../support/ids.ts";
import { fullImage } from "../support/image.ts";

// What a person sees of a box's services, by the program; what the services do is in box-services.test.ts.

interface Service {
  readonly name: string;
  readonly state: string;
  readonly lines: readonly string[];
}

const namespace = testName("services");
let cli: TestCli;
let created: {
  readonly services: string[];
  readonly syncthing: { readonly deviceId: string; gui: { password: string } };
};

beforeAll(async () => {
  const limits = { memory: "2GiB", reserve: { memory: "64MiB", disk: "64MiB" } };
  cli = await testCli({ config: { image: await fullImage(), limits, engine: { namespace } } });
  created = (await cli.json(["create", "api", "--with-syncthing", "--yes"])) as typeof created;
}, 3_000_000);
afterAll(async () => {
  await cli.run(["destroy", "api", "--yes"]);
  await cli.remove();
});

const states = async (): Promise<Record<string, string>> => {
  const { services } = (await cli.json(["status", "api"])) as { services: Service[] };
  return Object.fromEntries(services.map(({ name, state }) => [name, state]));
};
const dev = (script: string) => cli.run(["exec", "api", "--", "sh", "-c", script]);

describe("a box with all services", () => {
  it("is created with each of them ready, and Syncthing's password shown [FR-008] [FR-009] [FR-037] [SC-002]", async () => {
    expect(created.services.toSorted()).toEqual(["code-server", "syncthing", "tailscaled"]);
    expect(created.syncthing.gui.password).toMatch(/^\w{20,}$/);
    expect(await states()).toEqual({ tailscaled: "ready", "code-server": "ready", syncthing: "ready" });
    const again = (await cli.json(["syncthing", "enable", "api"])) as typeof created.syncthing;
    expect(again).toMatchObject({ deviceId: created.syncthing.deviceId, gui: { password: null } });
  });

  it("has them again after a restart, and after a rebuild [FR-042] [SC-004]", async () => {
    for (const command of ["restart", "rebuild"]) {
      await cli.json([command, "api"]);
      expect(await states()).toEqual({ tailscaled: "ready", "code-server": "ready", syncthing: "ready" });
      const { deviceId } = (await cli.json(["syncthing", "status", "api"])) as { deviceId: string };
      expect(deviceId).toBe(created.syncthing.deviceId);
    }
  });

  it("lets its owner turn one off for good, and on again", async () => {
    await cli.json(["service", "disable", "api", "code-server"]);
    expect(await states()).toMatchObject({ "code-server": "stopped" });
    await cli.json(["restart", "api"]);
    expect(await states()).toMatchObject({ "code-server": "stopped", tailscaled: "ready" });
    await cli.json(["service", "enable", "api", "code-server"]);
    await expect.poll(states, { timeout: 30_000, interval: 500 }).toMatchObject({ "code-server": "ready" });
    expect(await cli.run(["service", "disable", "api", "nonsense"])).toMatchObject({ exitCode: 3 });
    expect(await cli.run(["service", "disable", "api", "--help-me"])).toMatchObject({ exitCode: 2 });
  });

  it("shows what one of them said", async () => {
    const { stdout, exitCode } = await cli.run(["logs", "api", "--service", "tailscaled", "--tail", "20"]);
    expect(exitCode).toBe(0);
    expect(stdout.split("\n").length).toBeGreaterThan(3);
    expect(await cli.run(["logs", "api", "--service", "nonsense"])).toMatchObject({ exitCode: 3 });
  });

  it("names the one that keeps failing, in start, status and doctor, and can be used meanwhile [FR-009]", async () => {
    // A file that is there but cannot be read may hold a password, so code-server refuses to run.
    await dev("chmod 000 ~/.config/code-server/config.yaml");
    const { stdout, exitCode } = await cli.run(["restart", "api", "--json"]);
    expect(exitCode).toBe(11);
    expect(JSON.parse(stdout)).toMatchObject({
      error: { code: "SERVICE_NOT_READY", cause: expect.stringContaining("service code-server") as unknown },
    });
    expect(await states()).toMatchObject({ "code-server": "failing", tailscaled: "ready", syncthing: "ready" });
    const status = await cli.run(["status", "api"]);
    expect(status.stdout).toMatch(/✗ code-server: keeps failing, \d+ restarts[^]*config\.yaml cannot be read/);
    const doctor = await cli.run(["doctor"]);
    expect(doctor.exitCode).toBe(11);
    expect(doctor.stdout).toMatch(/✗ code-server in api keeps failing[^]*config\.yaml cannot be read/);
    expect((await dev("chmod 600 ~/.config/code-server/config.yaml && echo still here")).stdout.trim()).toBe(
      "still here",
    );
    await cli.json(["restart", "api"]);
    expect(await states()).toMatchObject({ "code-server": "ready" });
  });
});
