import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { setTimeout } from "node:timers/promises";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createArchiveStore } from "../../src/adapters/archive/store.ts";
import { codeOf } from "../fakes/world.ts";
import { manifestOf, tasksOf, wayOfAHome } from "../support/archives.ts";
import { testCli, type TestCli } from "../support/cli.ts";
import { testName } from "../support/ids.ts";
import { testImage } from "../support/image.ts";
import { podmanService, type PodmanService } from "../support/podman-service.ts";
import { removeTestObjects } from "../support/podman.ts";
import { inPieces, tarOf } from "../support/tar.ts";

const MINUTE = 60_000;
const SUMS = "cd /home/dev && find . -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum";

const config = (image: string, more: Record<string, unknown> = {}) => ({
  ...{ image, limits: { memory: "512MiB", reserve: { memory: "64MiB", disk: "64MiB" } } },
  ...more,
});

let image: string;
beforeAll(async () => {
  image = await testImage();
});
afterAll(() => removeTestObjects());

describe("a home that is put away", () => {
  wayOfAHome(() => Promise.resolve(undefined));
});

/** Starts the program and kills it, with all that is in its session, after so many milliseconds. */
async function killed(cli: TestCli, args: readonly string[], after: number): Promise<boolean> {
  const [command = "", ...rest] = [...cli.argv, ...args];
  const child = spawn(command, rest, { env: cli.env, stdio: "ignore", detached: true });
  const ended = new Promise<boolean>((resolve) => {
    child.on("exit", (_code, signal) => {
      resolve(signal === "SIGKILL");
    });
  });
  await Promise.race([setTimeout(after), ended]);
  try {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  } catch {
    // It was through.
  }
  return ended;
}

interface Listed {
  readonly boxes: readonly { readonly name: string; readonly state: string }[];
}

describe.each([["Podman itself"], ["Podman's service"]] as const)("a program that is killed, by %s,", (by) => {
  let cli: TestCli;
  let service: PodmanService | undefined;
  beforeAll(async () => {
    service = by === "Podman itself" ? undefined : await podmanService();
    cli = await testCli({ config: config(image, service && { engine: { socket: service.socket } }) });
  });
  afterAll(async () => {
    await cli.remove();
    await service?.[Symbol.asyncDispose]();
  });

  it(
    "loses nothing of a home, and the next one goes on [X-04]",
    async () => {
      const name = testName("kill");
      expect(await cli.run(["create", name])).toMatchObject({ exitCode: 0 });
      const fill =
        "head -c 200000000 /dev/urandom > a; head -c 40000000 /dev/urandom | base64 > b; seq 2000 | xargs touch";
      expect(await cli.run(["exec", name, "--", "sh", "-c", fill])).toMatchObject({ exitCode: 0 });
      await cli.run(["stop", name]);
      const before = await manifestOf({ name, image, cli }, SUMS);

      const archives = path.join(cli.stateDir, "archives");
      let kills = 0;
      let whole = false;
      for (let round = 0; round < 8 && !whole; round += 1) {
        const after = 400 + ((round * 1777) % 6000);
        if (await killed(cli, ["destroy", name, "--archive", "--yes"], after)) kills += 1;
        const { boxes } = (await cli.json(["list"])) as Listed;
        const stored = (await readdir(archives).catch(() => [])).filter((file) => file.endsWith(".tar.zst"));
        whole = !boxes.some((box) => box.name === name);
        // Either the box is there as it was, or its home is whole in an archive.
        expect(boxes.some((box) => box.state === "stopped") || stored.length > 0).toBe(true);
      }
      expect(kills).toBeGreaterThan(1);
      if (!whole) {
        const last = await cli.run(["destroy", name, "--archive", "--yes"]);
        expect([0, 3]).toContain(last.exitCode);
      }
      expect((await cli.run(["archive", "verify", "--all"])).exitCode).toBe(0);
      expect((await readdir(archives)).map((file) => file.slice(8)).sort()).toEqual([".json", ".tar.zst"]);

      let restores = 0;
      for (const after of [700, 1500, 2300]) {
        if (await killed(cli, ["restore", name, "--no-start"], after)) restores += 1;
        else break;
      }
      const restored = await cli.run(["restore", name, "--no-start"]);
      // A kill may have come after its last word.
      if (restored.exitCode !== 0) expect(restored).toMatchObject({ exitCode: 5 });
      expect(restores).toBeGreaterThan(0);
      expect(await manifestOf({ name, image, cli }, SUMS)).toBe(before);
      await cli.run(["destroy", name, "--yes"]);
      expect(await tasksOf(cli)).toBe("");
    },
    8 * MINUTE,
  );
});

describe("an archive that does not fit", () => {
  let disk: string;
  beforeAll(async () => {
    disk = await mkdtemp(path.join(tmpdir(), "dbxtest-disk-"));
    await execa("mount", ["-t", "tmpfs", "-o", "size=80m", "tmpfs", disk]);
  });
  afterAll(async () => {
    await execa("umount", [disk]);
    await rm(disk, { recursive: true });
  });

  it.each([
    [{ quota: "10MiB" }, 6, "ARCHIVE_QUOTA"],
    [{ perUser: "10MiB" }, 6, "ARCHIVE_QUOTA"],
    [{ dir: "DISK" }, 10, "HOST_DISK"],
  ])(
    "is refused before the box is stopped: %j [X-04]",
    async (archive, exitCode, code) => {
      const given = "dir" in archive ? { dir: path.join(disk, "archives") } : archive;
      await using cli = await testCli({ config: config(image, { lifecycle: { archive: given } }) });
      const name = testName("full");
      expect(await cli.run(["create", name])).toMatchObject({ exitCode: 0 });
      await cli.run(["exec", name, "--", "sh", "-c", "head -c 30000000 /dev/urandom > a"]);
      const ran = await cli.run(["destroy", name, "--archive", "--yes", "--json"]);
      expect(ran.exitCode).toBe(exitCode);
      expect(JSON.parse(ran.stdout)).toMatchObject({ error: { code } });
      expect(((await cli.json(["list"])) as Listed).boxes).toMatchObject([{ name, state: "running" }]);
      await cli.run(["destroy", name, "--yes"]);
    },
    MINUTE,
  );

  it("is given up when the disk is full in the middle of it [X-04]", async () => {
    const store = createArchiveStore(path.join(disk, "small"));
    await writeFile(path.join(disk, "other"), randomBytes(60_000_000));
    const content = tarOf([["./a", randomBytes(40_000_000)]]);
    expect(
      await codeOf(store.write("a1b2c3d4", inPieces(content, { piece: 100_000 }), { check: () => undefined })),
    ).toBe("HOST_DISK");
    store.remove("a1b2c3d4");
    expect(await readdir(store.dir)).toEqual([]);
  });
});
