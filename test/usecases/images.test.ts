import { describe, expect, it } from "vitest";
import { KEY_LABEL, PARTS_LABEL } from "../../src/core/image-contract.ts";
import type { ContainerEngine } from "../../src/ports/engine.ts";
import type { BuildEvent, ImageBuilder, ImageRequest } from "../../src/ports/image-builder.ts";
import { buildImage } from "../../src/usecases/images.ts";
import { World } from "../fakes/world.ts";

const KEY = "0123456789abcdef".repeat(4);
const WHOLE: ImageRequest = { minimal: false, without: [] };

/** A builder that says these lines, and remembers what became of its archive. */
class FakeBuilder implements ImageBuilder {
  readonly events: readonly BuildEvent[];
  asked: ImageRequest | undefined;
  discarded = false;
  constructor(events: readonly BuildEvent[] = []) {
    this.events = events;
  }
  contentKey = () => Promise.resolve(KEY);
  build: ImageBuilder["build"] = (request, { onEvent }) => {
    this.asked = request;
    this.events.forEach(onEvent);
    const parts = [
      { name: "base", version: "debian-12" },
      { name: "tailscale", version: "1.100.0" },
    ];
    const discard = () => {
      this.discarded = true;
    };
    return Promise.resolve({ file: "/cache/root.tar", key: KEY, parts, discard });
  };
}

/** A world whose engine remembers what was imported, and whose progress is a list. */
function setUp(world: World, builder: FakeBuilder) {
  const said: string[] = [];
  const imported: (readonly string[])[] = [];
  const deps = world.process();
  const engine: ContainerEngine = world.engine;
  engine.importImage = (_file, changes) => {
    imported.push(changes);
    return Promise.resolve("id");
  };
  const progress = {
    failed: () => undefined,
    begin: (step: string) => said.push(step),
    done: (detail?: string) => said.push(`done ${detail ?? ""}`),
    remark: (text: string) => said.push(text),
  };
  return { said, imported, deps: { ...deps, progress, builder } };
}

describe("building the image", () => {
  it("labels it with its key and its parts, and keeps no archive", async () => {
    const builder = new FakeBuilder();
    using world = new World();
    const { imported, deps } = setUp(world, builder);
    const request: ImageRequest = { minimal: false, without: ["runtimes"] };
    const result = await buildImage(deps, { request, fresh: false });
    expect(result).toMatchObject({ built: true, parts: ["base", "tailscale"] });
    expect(builder.asked).toEqual(request);
    expect(imported[0]).toContain(`LABEL ${KEY_LABEL}=${KEY}`);
    expect(imported[0]).toContain(`LABEL ${PARTS_LABEL}=base,tailscale`);
    expect(builder.discarded).toBe(true);
  });

  it("keeps no archive when the import fails", async () => {
    const builder = new FakeBuilder();
    using world = new World();
    const { deps } = setUp(world, builder);
    world.engine.importImage = () => Promise.reject(new Error("no space"));
    await expect(buildImage(deps, { request: WHOLE, fresh: false })).rejects.toThrow("no space");
    expect(builder.discarded).toBe(true);
  });

  it("tells each part and how long it took", async () => {
    const builder = new FakeBuilder([
      { kind: "part", part: "node", state: "kept" },
      { kind: "part", part: "tailscale", state: "begun" },
      { kind: "part", part: "tailscale", state: "made", seconds: 203 },
      { kind: "phase", line: "adding the overlay" },
    ]);
    using world = new World();
    const { said, deps } = setUp(world, builder);
    await buildImage(deps, { request: WHOLE, fresh: false });
    expect(said.slice(0, 5)).toEqual([
      "Root file system made",
      "making tailscale",
      "tailscale made in 203 s",
      "adding the overlay",
      "done tailscale 203 s",
    ]);
  });

  it("takes the image that is here, unless a fresh one is asked for", async () => {
    const builder = new FakeBuilder();
    using world = new World();
    const { deps } = setUp(world, builder);
    const here = { id: "abc", names: [], createdAt: 0, size: 1, contract: "2", key: KEY, parts: ["base"] };
    const engine: ContainerEngine = world.engine;
    engine.images = () => Promise.resolve([here]);
    expect(await buildImage(deps, { request: WHOLE, fresh: false })).toMatchObject({ built: false, parts: ["base"] });
    expect(builder.asked).toBeUndefined();
    expect(await buildImage(deps, { request: WHOLE, fresh: true })).toMatchObject({ built: true });
  });
});
