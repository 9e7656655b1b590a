import { execFileSync } from "node:child_process";
import { mkdir, readFile, truncate, writeFile } from "node:fs/promises";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { refusal } from "../fixtures/bad-podman/refusal.ts";
import { testCli, type TestCli } from "../support/cli.ts";

// A state directory that fails us.

let cli: TestCli;
let ledger: string;

beforeEach(async () => {
  cli = await testCli();
  ledger = path.join(cli.stateDir, "ledger.db");
  await mkdir(cli.stateDir, { recursive: true });
});
afterEach(() => cli.remove());

function raw(sql: string): void {
  const db = new DatabaseSync(ledger);
  db.exec(sql);
  db.close();
}

describe("a ledger", () => {
  it("of garbage: exit 5 and the way to mend it, which works", async () => {
    await writeFile(ledger, Buffer.alloc(8192, "\u001b[31m"));
    for (const args of [["list"], ["create", "api"], ["status", "api"]]) {
      const { what, why, next } = refusal(await cli.run(args), 5);
      expect(what).toContain("is damaged");
      expect(why).toContain("not a database");
      expect(next.join()).toContain("devbox-ctl doctor --fix");
    }
    await cli.run(["doctor", "--fix"]);
    expect(await cli.run(["list"])).toMatchObject({ exitCode: 0 });
  });

  it("cut short", async () => {
    expect(await cli.run(["list"])).toMatchObject({ exitCode: 0 });
    await truncate(ledger, 5000);
    expect(refusal(await cli.run(["list"]), 5).what).toContain("is damaged");
  });

  it("of somebody else's program", async () => {
    raw("CREATE TABLE boxes (a); PRAGMA user_version = 1");
    expect(refusal(await cli.run(["list"]), 5).what).toContain("is damaged");
  });

  it("of a newer version: nothing touches it, not even the doctor", async () => {
    raw("CREATE TABLE later (a); PRAGMA user_version = 99");
    const before = await readFile(ledger);
    const { what, why, next } = refusal(await cli.run(["list"]), 5);
    expect(what).toContain("written by a newer devbox-ctl");
    expect(why).toContain("version 99");
    expect(next).toEqual(["Upgrade devbox-ctl on this host"]);
    expect(await cli.run(["doctor", "--fix"])).toMatchObject({ exitCode: 11 });
    expect((await readFile(ledger)).equals(before)).toBe(true);
  });
});

describe("a state directory", () => {
  it.each([
    ["below a file", () => path.join(cli.configFile, "state")],
    ["in the kernel's own file system", () => "/proc/devbox"],
    ["with a name that is too long", () => `${cli.home}/${"x".repeat(300)}`],
    ["with an escape in its name", () => path.join(cli.configFile, "\u001b[31m")],
  ])("%s: exit 4 and what to change", async (_, dir) => {
    await cli.writeConfig({ state: { dir: dir() } });
    const { what, why, next } = refusal(await cli.run(["list"], { timeout: 20_000 }), 4);
    expect(what).toMatch(/the state directory .* cannot be (made|written)/);
    expect(why).not.toBe("");
    expect(next.join()).toContain("state.dir");
  });

  const mount = (options: string): void =>
    void execFileSync("mount", ["-t", "tmpfs", "-o", options, "none", cli.stateDir]);
  const canMount = (): boolean => {
    try {
      mount("size=64k");
      execFileSync("umount", [cli.stateDir]);
      return true;
    } catch {
      return false;
    }
  };

  it("that is read-only: exit 4", async (ctx) => {
    ctx.skip(!canMount(), "file systems cannot be mounted here");
    mount("size=1m,ro");
    try {
      expect(refusal(await cli.run(["list"]), 4).what).toContain("cannot be written");
    } finally {
      execFileSync("umount", ["--lazy", cli.stateDir]);
    }
  });

  it("on a full disk: exit 10, and with room again all is well", async (ctx) => {
    ctx.skip(!canMount(), "file systems cannot be mounted here");
    mount("size=256k");
    try {
      const filler = path.join(cli.stateDir, "filler");
      for (const kib of [0, 12, 40]) {
        await writeFile(filler, Buffer.alloc((256 - kib) * 1024));
        const { what, next } = refusal(await cli.run(["list"]), 10);
        expect(what).toContain("disk that holds the ledger is full");
        expect(next.join()).toContain("Free some space");
        execFileSync("rm", [filler]);
        expect(await cli.run(["list"])).toMatchObject({ exitCode: 0 });
        execFileSync("sh", ["-c", `rm -f "$0"/ledger.db*`, cli.stateDir]);
      }
    } finally {
      execFileSync("umount", ["--lazy", cli.stateDir]);
    }
  });
});
