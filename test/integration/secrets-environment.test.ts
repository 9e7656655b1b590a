import { chmod, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testCli, type TestCli } from "../support/cli.ts";
import { CANARY } from "../support/secrets.ts";

// The service account's token is in the environment that the program starts with, and in no other.

const TOKEN = `ops_${CANARY}`;
const DEBUG = { DEBUG: "*", NODE_DEBUG: "execa,child_process" };
let cli: TestCli;
let seen: string;

beforeAll(async () => {
  cli = await testCli({ env: { OP_SERVICE_ACCOUNT_TOKEN: TOKEN } });
  seen = path.join(cli.home, "seen");
  const podman = path.join(cli.home, "podman");
  // What Podman is given, its watcher of a box is given too, which runs for as long as the box does.
  await writeFile(podman, `#!/bin/sh\nenv >>'${seen}'\necho "$@" >>'${seen}.argv'\nexec podman "$@"\n`);
  await chmod(podman, 0o755);
  await cli.writeConfig({ engine: { path: podman }, image: "localhost/dbxtest-none:latest" });
});
afterAll(() => cli.remove());

const calls = async (): Promise<string> => `${await readFile(seen, "utf8")}${await readFile(`${seen}.argv`, "utf8")}`;

describe("OP_SERVICE_ACCOUNT_TOKEN", () => {
  it.each([
    ["list"],
    ["list", "--json"],
    ["volume", "list"],
    ["image", "list"],
    ["create", "api"],
    ["doctor"],
    ["help"],
    ["config", "show"],
    ["nonsense"],
  ])("reaches neither Podman nor what is said: %s %s [FR-015] [FR-045]", async (...args) => {
    for (const env of [{}, DEBUG]) {
      const { stdout, stderr } = await cli.run(args.filter(Boolean), { env });
      expect(stdout + stderr).not.toContain(CANARY);
    }
    expect(await calls()).toMatch(/^PATH=/m);
    expect(await calls()).not.toContain(CANARY);
    expect(await calls()).not.toContain("OP_SERVICE_ACCOUNT_TOKEN");
  });

  it("is in no file that the program keeps [FR-015]", async () => {
    const { stdout } = await execa("grep", ["-rl", CANARY, cli.home], { reject: false });
    expect(stdout).toBe("");
  });
});
