import { expect, it } from "vitest";
import { IMAGE } from "../../src/core/image-contract.ts";
import { readSshKey } from "../../src/core/ssh-key.ts";
import { create } from "../../src/usecases/create.ts";
import { sshStdio } from "../../src/usecases/ssh-stdio.ts";
import { codeOf, createInput, World } from "../fakes/world.ts";
import { ed25519 } from "../support/ssh-keys.ts";

const keys = [readSshKey(ed25519("a comment; with $(words)")), readSshKey(ed25519())];

async function withBox(): Promise<World> {
  const world = new World();
  await create(world.process(), createInput("api"));
  return world;
}

it("runs the box's program with the keys alone, and counts as use [FR-002] [X-01]", async () => {
  using world = await withBox();
  world.now += 60_000;
  expect(await sshStdio(world.process(), { name: "api.devbox", keys })).toBe(0);
  const [session] = world.engine.sessions;
  const words = keys.flatMap(({ type, blob }) => ["--key", `${type} ${blob}`]);
  expect(session).toMatchObject({ command: [IMAGE.programs.sshStdio, ...words], tty: false, env: {} });
  expect(session?.command?.join(" ")).not.toContain("comment");
  expect(world.process().ledger.boxByName("api")).toMatchObject({ lastUsedBy: "ssh", lastUsedAt: world.now });
});

it("needs a key before it looks for a box [FR-002]", async () => {
  using world = await withBox();
  expect(await codeOf(sshStdio(world.process(), { name: "nobody", keys: [] }))).toBe("USAGE");
  expect(world.engine.sessions).toEqual([]);
});

it("answers for another's box as for none [SC-007]", async () => {
  using world = await withBox();
  for (const name of ["api", "api.devbox", "none.devbox"]) {
    expect(await codeOf(sshStdio(world.process("bob"), { name, keys }))).toBe("BOX_NOT_FOUND");
  }
  expect(world.engine.sessions).toEqual([]);
});

it("says what to do when the image has no server [FR-002]", async () => {
  using world = await withBox();
  for (const exitCode of [127, 4]) {
    world.engine.sessionEnd = { exitCode, signal: undefined };
    const failed = sshStdio(world.process(), { name: "api", keys });
    await expect(failed).rejects.toMatchObject({
      code: "WRONG_STATE",
      next: expect.arrayContaining([expect.stringContaining("rebuild api")]) as unknown,
    });
  }
  world.engine.sessionEnd = { exitCode: 1, signal: undefined };
  expect(await sshStdio(world.process(), { name: "api", keys })).toBe(1);
});
