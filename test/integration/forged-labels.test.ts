import { afterAll, beforeAll, expect, it } from "vitest";
import { createPodmanEngine } from "../../src/adapters/podman/engine.ts";
import { LABEL } from "../../src/core/labels.ts";
import { testCli, type TestCli } from "../support/cli.ts";
import { testName } from "../support/ids.ts";
import { testImage } from "../support/image.ts";
import { podman, podmanOk } from "../support/podman.ts";
import { expectValid } from "../support/schema.ts";

// An image may carry labels of ours, and a container has all labels of its image that it is not given itself.

let cli: TestCli;
const namespace = testName("forged");
const image = `localhost/${testName("forged-image")}`;
const victim = testName("victim");

beforeAll(async () => {
  cli = await testCli({ config: { image: await testImage(), engine: { namespace } } });
  const { box } = expectValid("create", await cli.json(["create", victim, "--memory", "128MiB", "--yes"]));
  const forged = {
    [LABEL.namespace]: namespace,
    [LABEL.kind]: "box",
    [LABEL.box]: victim,
    [LABEL.id]: box.id,
    [LABEL.owner]: "alice",
    [LABEL.ids]: "7:65536",
    [LABEL.spec]: "{}",
  };
  const changes = Object.entries(forged).flatMap(([key, value]) => ["--change", `LABEL ${key}=${value}`]);
  const source = testName("forged-source");
  await podmanOk(["create", "--name", source, await testImage()]);
  await podmanOk(["commit", "--quiet", ...changes, source, image]);
  await podmanOk(["rm", source]);
});

afterAll(async () => {
  await cli.run(["destroy", victim, "--yes"]);
  await cli.remove();
});

it("do not make a box of such an image somebody else's [FR-026] [SC-007]", async () => {
  const name = testName("own");
  const { box } = expectValid(
    "create",
    await cli.json(["create", name, "--image", image, "--no-start", "--memory", "128MiB", "--yes"]),
  );
  expect(box.owner).not.toBe("alice");
  const [labels] = JSON.parse(
    await podmanOk(["inspect", "--format", "[{{json .Config.Labels}}]", `${namespace}-${name}`]),
  ) as [Record<string, string>];
  expect(labels).toMatchObject({ [LABEL.owner]: box.owner, [LABEL.id]: box.id, [LABEL.box]: name });
  expect(labels[LABEL.ids]).not.toBe("7:65536");
  const listed = expectValid("list", await cli.json(["list"])).boxes.map(
    (each) => `${each.name} ${each.owner} ${each.state}`,
  );
  expect(listed.sort()).toEqual([`${name} ${box.owner} stopped`, `${victim} ${box.owner} running`].sort());
  // Destroying it takes nothing of the box whose id the image carries.
  expect((await cli.run(["destroy", name, "--yes"])).exitCode).toBe(0);
  expect(expectValid("status", await cli.json(["status", victim])).state).toBe("running");
});

it("do not make a box of what an image is made ready by [FR-026]", async () => {
  const settings = { namespace, runtime: null, hook: { dir: "/nowhere", program: "/nowhere", blocked: [] } };
  const engine = createPodmanEngine({ path: "podman", timeout: 60_000 }, settings);
  const seen = new Set<string>();
  const state = { over: false };
  const preparing = engine.prepareImage(image, { first: 1_879_048_192, size: 65_536 }).finally(() => {
    state.over = true;
  });
  do for (const { identity } of await engine.boxes()) seen.add(identity.owner);
  while (!state.over);
  await preparing;
  expect([...seen]).not.toContain("alice");
  expect((await podman(["ps", "--all", "--filter", `ancestor=${image}`, "--quiet"])).stdout.trim()).toBe("");
});

it("are what image prune goes by as little as by others: only images that nobody has named go [X-06]", async () => {
  const pruned = expectValid("image-prune", await cli.json(["image", "prune", "--dry-run"]));
  expect(pruned.images.flatMap(({ names }) => names)).not.toContain(`${image}:latest`);
});
