import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testCli, type TestCli } from "../support/cli.ts";
import { testName } from "../support/ids.ts";
import { testImage } from "../support/image.ts";
import { expectValid } from "../support/schema.ts";

// The audit log of one's own machine, by the built program on real Podman.

let cli: TestCli;
const box = testName();

beforeAll(async () => {
  const limits = { memory: "128MiB", reserve: { memory: "64MiB", disk: "64MiB" } };
  cli = await testCli({ config: { image: await testImage(), limits } });
  expect(await cli.run(["create", box, "--yes"])).toMatchObject({ exitCode: 0 });
});
afterAll(async () => {
  await cli.run(["destroy", box, "--yes"]);
  await cli.remove();
});

const audit = async (...words: string[]) => expectValid("audit", await cli.json(["audit", ...words])).records;

describe("the audit log in personal mode [X-09]", () => {
  it("says what was done to a box, with its id from the beginning, and how it ended", async () => {
    expect(await cli.run(["exec", box, "--", "sh", "-c", "exit 7 # secret"])).toMatchObject({ exitCode: 7 });
    expect(await cli.run(["start", "no-such-box"])).toMatchObject({ exitCode: 3 });
    await cli.run(["list"]);
    await cli.run(["status", "no-such-box"]);
    const records = await audit();
    expect(records.map(({ command, what, exitCode, error }) => [command, what, exitCode, error])).toEqual([
      ["create", null, 0, null],
      ["exec", "sh", 7, null],
      ["start", null, 3, "BOX_NOT_FOUND"],
    ]);
    expect(JSON.stringify(records)).not.toContain("secret");
    const [created, ran] = records;
    expect(created?.box?.id).toMatch(/^[a-z0-9]{8}$/);
    expect(ran?.box).toEqual(created?.box);
    expect(await audit("--box", box)).toHaveLength(2);
    expect(await audit("--box", created?.box?.id ?? "")).toHaveLength(2);
    expect((await cli.run(["audit", "--box", box])).stdout).toContain("exec sh");
  });

  it("has the removal of a home on the box whose home it was", async () => {
    const name = testName("home");
    expect(await cli.run(["create", name, "--no-start", "--yes"])).toMatchObject({ exitCode: 0 });
    const { keptVolume } = expectValid("destroy", await cli.json(["destroy", name, "--keep-volume", "--yes"]));
    const volume = keptVolume ?? "";
    expect(await cli.run(["volume", "remove", volume, "--yes"])).toMatchObject({ exitCode: 0 });
    const records = await audit("--box", name);
    expect(records.map(({ command, what }) => [command, what])).toEqual([
      ["create", null],
      ["destroy", "--keep-volume"],
      ["volume remove", volume],
    ]);
  });

  it("shows a session that was killed as one that did not end", async () => {
    const argv = [...cli.argv, "exec", box, "--", "sleep", "60"];
    const session = spawn(argv[0] ?? "", argv.slice(1), { env: { ...cli.env }, stdio: "ignore" });
    await expect.poll(async () => (await audit("--limit", "1"))[0]?.state, { timeout: 20_000 }).toBe("running");
    session.kill("SIGKILL");
    await once(session, "exit");
    expect((await audit("--limit", "1"))[0]).toMatchObject({ command: "exec", state: "killed", exitCode: null });
  });
});
