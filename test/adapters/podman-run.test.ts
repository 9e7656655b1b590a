import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { classify, runPodman, words } from "../../src/adapters/podman/run.ts";
import { createPodmanEngine } from "../../src/adapters/podman/engine.ts";

const BAD = path.resolve(import.meta.dirname, "../fixtures/bad-podman/podman");
/** No box is started here, so the hook is not written. */
const NO_HOOK = { dir: "/nonexistent", program: "/nonexistent", blocked: [] };
const folder = mkdtempSync(path.join(tmpdir(), "dbxtest-run-"));
let mark: string;

beforeEach(() => {
  mark = randomBytes(6).toString("hex");
  vi.stubEnv("BAD_MARK", mark);
});
afterEach(() => {
  vi.unstubAllEnvs();
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Processes that the bad podman of this test left running. */
function left(): string[] {
  return readdirSync("/proc").filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, "utf8").includes(`BAD_MARK=${mark}`);
    } catch {
      return false;
    }
  });
}

const run = (action: string, timeout = 10_000) => {
  vi.stubEnv("BAD_PODMAN", `all ${action}`);
  return runPodman({ path: BAD, timeout }, ["volume", "ls"]);
};

describe("a podman that does not answer in time", () => {
  it.each([
    ["hang", 300],
    ["stubborn", 300],
    ["leaves", 300],
  ])("%s: given up, named, and nothing of it is left", async (action, timeout) => {
    const since = performance.now();
    await expect(run(action, timeout)).rejects.toMatchObject({
      code: "ENGINE_TIMEOUT",
      exitCode: 7,
      message: "podman volume ls did not answer within 0.3 s.",
      why: expect.stringContaining(BAD) as unknown,
      next: expect.arrayContaining([expect.stringContaining("engine.timeout")]) as unknown,
    });
    expect(performance.now() - since).toBeLessThan(5000);
    await vi.waitFor(() => expect(left()).toEqual([]));
  });
});

describe("a podman that answers badly", () => {
  it.each([
    ["fail", "ENGINE_FAILED", "podman volume ls failed.", "the \\u{1b}[31mred\\u{1b}[0m thing \\u{7} failed"],
    ["quiet", "ENGINE_FAILED", "podman volume ls failed.", "exit code 3"],
    ["killed", "ENGINE_FAILED", "podman volume ls was ended from outside.", "SIGSEGV"],
    ["endless", "ENGINE_GARBAGE", "podman volume ls printed more than devbox-ctl reads.", "64 MiB"],
    ["nospace", "HOST_DISK", "the disk is full.", "no space left on device"],
  ])("%s: %s", async (action, code, message, why) => {
    await expect(run(action)).rejects.toMatchObject({ code, message, why: expect.stringContaining(why) as unknown });
    await vi.waitFor(() => expect(left()).toEqual([]));
  });

  it("with hundreds of lines: the last dozen is repeated", async () => {
    const error = await run("lines").catch((e: unknown) => e as { why: string });
    expect((error as { why: string }).why.split("\n")).toEqual(
      Array.from({ length: 12 }, (_, i) => `line ${i + 489} of many`),
    );
  });

  it("with nothing at all: that is no empty list", async () => {
    vi.stubEnv("BAD_PODMAN", "all nothing");
    const engine = createPodmanEngine(
      { path: BAD, timeout: 5000 },
      { namespace: "devbox", runtime: null, hook: NO_HOOK },
    );
    for (const call of [engine.boxes(), engine.volumes(), engine.images(), engine.facts()]) {
      await expect(call).rejects.toMatchObject({ code: "ENGINE_GARBAGE" });
    }
  });
});

describe("a podman that cannot be started", () => {
  it.each([
    ["/nonexistent/podman", "ENOENT"],
    ["/etc/passwd/podman", "ENOTDIR"],
    [folder, "EACCES"],
    ["devbox-ctl-no-such-program", "ENOENT"],
  ])("%s: %s", async (file, reason) => {
    await expect(runPodman({ path: file, timeout: 1000 }, ["ps"])).rejects.toMatchObject({
      code: "ENGINE_MISSING",
      exitCode: 7,
      why: expect.stringContaining(reason) as unknown,
      next: expect.arrayContaining([expect.stringContaining("apt-get install podman")]) as unknown,
    });
  });

  it("with so many arguments", async () => {
    const args = ["exec", "x".repeat(200_000)];
    await expect(runPodman({ path: BAD, timeout: 1000 }, args)).rejects.toMatchObject({ code: "USAGE", exitCode: 2 });
  });
});

describe("the engine's own words", () => {
  it.each([
    ['Error: no container with name or ID "x" found: no such container', "CONTAINER_GONE"],
    ["Error: inspecting object: no such container 000", "CONTAINER_GONE"],
    ["Error: localhost/x:1: image not known", "IMAGE_NOT_FOUND"],
    ["Error: volume v is being used by the following container(s): 637a: volume is being used", "VOLUME_IN_USE"],
    ["Error: write /x: disk quota exceeded", "HOST_DISK"],
    ["Error: something else", "ENGINE_FAILED"],
  ])("%s: %s", (stderr, code) => {
    expect(classify(["start", "x"], stderr, 125)).toMatchObject({ code, why: stderr.replace("Error: ", "") });
  });

  it("lose their decoration and nothing that could trouble a terminal comes through", () => {
    expect(words("Error: one\r\n\n\u001b[31mtwo  \n")).toBe("one\n\\u{1b}[31mtwo");
  });
});
