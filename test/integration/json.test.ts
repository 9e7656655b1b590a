import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testCli, type TestCli } from "../support/cli.ts";
import { testName } from "../support/ids.ts";
import { testImage } from "../support/image.ts";
import { expectValid } from "../support/schema.ts";

// Every finite command's --json, held against its schema, on real parts.

let cli: TestCli;
const box = testName();

beforeAll(async () => {
  cli = await testCli({ config: { image: await testImage(), users: { someone: { limits: { boxes: 1 } } } } });
});
afterAll(async () => {
  await cli.run(["destroy", box, "--yes"]);
  await cli.remove();
});

describe("the life of a box under --json [X-12]", () => {
  it("is as the schemas say", async () => {
    const created = expectValid("create", await cli.json(["create", box, "--memory", "128MiB", "--yes"]));
    expect(created).toMatchObject({ box: { name: box, memoryBytes: 128 * 1024 ** 2 }, state: "running" });
    expect(expectValid("status", await cli.json(["status", box])).state).toBe("running");
    expect(expectValid("list", await cli.json(["list", "--usage"])).boxes).toHaveLength(1);
    expect(expectValid("list", await cli.json(["list"])).boxes[0]?.usage).toBeNull();
    expect(expectValid("change", await cli.json(["start", box])).changed).toBe(false);
    expect(expectValid("change", await cli.json(["restart", box])).changed).toBe(true);
    expect(expectValid("change", await cli.json(["stop", box])).state).toBe("stopped");
    expect(expectValid("status", await cli.json(["status", box])).stoppedAt).not.toBeNull();
    expectValid("doctor", await cli.json(["doctor"]).catch((error: unknown) => doctorsReport(error)));
    const destroyed = expectValid("destroy", await cli.json(["destroy", box, "--keep-volume", "--yes"]));
    const volume = destroyed.keptVolume ?? "";
    expect(expectValid("volume-list", await cli.json(["volume", "list"])).volumes).toMatchObject([
      { name: volume, box: null, madeFor: box },
    ]);
    expect(expectValid("volume-remove", await cli.json(["volume", "remove", volume, "--yes"])).removed).toBe(true);
  });
});

/** The doctor ends with another exit code where this machine has problems; its report is the result all the same. */
async function doctorsReport(error: unknown): Promise<unknown> {
  const { stdout } = await cli.run(["doctor", "--json"]);
  if (!stdout.startsWith("{")) throw error;
  return JSON.parse(stdout) as unknown;
}

describe("what needs no box under --json [X-12]", () => {
  it("is as the schemas say", async () => {
    const shown = expectValid("config-show", await cli.json(["config", "show"]));
    expect(shown).toMatchObject({ file: cli.configFile, stateDir: cli.stateDir });
    expectValid("config-check", await cli.json(["config", "check", cli.configFile]));
    const { images } = expectValid("image-list", await cli.json(["image", "list"]));
    expect(images.some((image) => image.configured)).toBe(true);
    expectValid("completion", await cli.json(["completion", "fish"]));
    expectValid("help", await cli.json(["help", "create"]));
    expectValid("exit-codes", await cli.json(["help", "exit-codes"]));
    expect(await cli.json(["config", "schema"])).toMatchObject({ type: "object" });
  });

  it.each([
    ["USAGE", ["list", "--usge"]],
    ["USAGE", ["crate"]],
    ["BOX_NOT_FOUND", ["status", "nowhere"]],
    ["INVALID_NAME", ["create", "Nowhere"]],
    ["VOLUME_NOT_FOUND", ["volume", "remove", "nowhere", "--yes"]],
    ["NO_SUCH_FILE", ["image", "load", "/nowhere"]],
    ["INVALID_CONFIG", ["config", "check", "/nowhere"]],
  ])("is the error %s for %j", async (code, args) => {
    const { stdout, stderr, exitCode } = await cli.run([...args, "--json"]);
    expect(exitCode).toBeGreaterThan(0);
    expect(stderr).toBe("");
    expect(expectValid("error", JSON.parse(stdout)).error.code).toBe(code);
  });
});
