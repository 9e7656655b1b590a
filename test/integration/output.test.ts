import { afterAll, beforeAll, expect, it } from "vitest";
import { testCli, type TestCli } from "../support/cli.ts";
import { testImage } from "../support/image.ts";
import { removeTestObjects } from "../support/podman.ts";
import { runClean } from "../support/rootless.ts";

let cli: TestCli;

beforeAll(async () => {
  const limits = { memory: "256MiB", reserve: { memory: "64MiB", disk: "64MiB" } };
  cli = await testCli({ config: { image: await testImage(), limits } });
});
afterAll(async () => {
  await removeTestObjects();
  await cli.remove();
});

const shell = (script: string) => runClean(["sh", "-c", script, cli.argv[0] ?? ""], cli.env);

it("goes on with a create when nobody reads what it says any more [FR-025]", async () => {
  await shell('"$0" create watched 2>&1 | true');
  const { boxes } = (await cli.json(["list"])) as { boxes: { name: string; state: string; interrupted: boolean }[] };
  expect(boxes).toMatchObject([{ name: "watched", state: "running", interrupted: false }]);
});

it("says in a sentence that its output cannot be written", async () => {
  const { exitCode, stderr } = await shell('"$0" list > /dev/full');
  expect(exitCode).toBe(10);
  expect(stderr).toContain("Error: the output cannot be written.");
  expect(stderr).not.toContain("at ");
});
