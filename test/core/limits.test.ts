import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DEFAULTS } from "../../src/core/config/defaults.ts";
import type { Config } from "../../src/core/config/config.ts";
import { DevboxError } from "../../src/core/errors.ts";
import {
  boxesAllowed,
  checkCounts,
  checkCpus,
  checkDisk,
  checkMemory,
  checkReserve,
  defaultCpus,
  MIN_MEMORY,
  type Usage,
} from "../../src/core/limits.ts";
import { GIB, MIB, parseSize, sizeFlag } from "../../src/core/size.ts";

const { limits } = DEFAULTS;
const usage = (own: number, global: number, promised = 0): Usage => ({
  owner: own,
  global,
  ownerNames: Array.from({ length: own }, (_, i) => `box${i}`),
  promised,
});
const having = (change: Partial<Config["limits"]>): Config => ({ ...DEFAULTS, limits: { ...limits, ...change } });

function thrown(act: () => unknown): DevboxError | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    if (error instanceof DevboxError) return error;
    throw error;
  }
}

describe("counts", () => {
  it("are five for a user and seven for a host unless told otherwise [FR-032] [FR-033]", () => {
    expect([limits.perUser, limits.global, limits.counts]).toEqual([5, 7, "existing"]);
  });

  it("let the last box in and not one more [FR-032] [FR-033]", () => {
    expect(thrown(() => checkCounts(DEFAULTS, "alice", usage(4, 6)))).toBeUndefined();
    expect(thrown(() => checkCounts(DEFAULTS, "alice", usage(5, 6)))).toMatchObject({
      code: "LIMIT_PER_USER",
      exitCode: 6,
    });
    expect(thrown(() => checkCounts(DEFAULTS, "alice", usage(4, 7)))).toMatchObject({
      code: "LIMIT_GLOBAL",
      exitCode: 6,
    });
    expect(thrown(() => checkCounts(having({ perUser: 0 }), "alice", usage(0, 0)))?.code).toBe("LIMIT_PER_USER");
    expect(thrown(() => checkCounts(having({ global: 0 }), "alice", usage(0, 0)))?.code).toBe("LIMIT_GLOBAL");
  });

  it("name the boxes that hold the slots, what counts and how to free one [FR-032]", () => {
    const error = thrown(() => checkCounts(having({ perUser: 2 }), "alice", usage(2, 2)));
    expect(error?.message).toContain("2 boxes");
    expect(error?.message).toContain("box0, box1");
    expect(error?.why).toContain("Stopped boxes count too");
    expect(error?.next.join()).toContain("devbox-ctl destroy NAME");
    const running = thrown(() => checkCounts(having({ perUser: 1, counts: "running" }), "alice", usage(1, 1)));
    expect(running?.message).toContain("1 box,");
    expect(running?.why).toContain("Only running boxes count");
    expect(running?.next.join()).toContain("devbox-ctl stop NAME");
  });

  it("follow a user's own limit [FR-032]", () => {
    const config: Config = { ...DEFAULTS, users: { alice: { limits: { boxes: 1 } }, bob: {} } };
    expect(["alice", "bob", "eve", "constructor", "__proto__"].map((user) => boxesAllowed(config, user))).toEqual([
      1, 5, 5, 5, 5,
    ]);
    expect(thrown(() => checkCounts(config, "alice", usage(1, 1)))?.code).toBe("LIMIT_PER_USER");
  });

  it("are kept for any numbers [FR-032] [FR-033] [X-08]", () => {
    const n = fc.nat({ max: 12 });
    fc.assert(
      fc.property(n, n, n, n, (perUser, global, own, others) => {
        const error = thrown(() => checkCounts(having({ perUser, global }), "a", usage(own, own + others)));
        expect(error === undefined).toBe(own < perUser && own + others < global);
      }),
    );
  });
});

describe("what must be left to the host", () => {
  const free = (memory: number, disk: number | undefined = 100 * GIB) => ({ memory, disk });

  it("is kept to the byte, memory and disk [X-08]", () => {
    expect(thrown(() => checkReserve(limits, 4 * GIB, free(6 * GIB), 0))).toBeUndefined();
    expect(thrown(() => checkReserve(limits, 4 * GIB, free(6 * GIB - 1), 0))).toMatchObject({
      code: "HOST_MEMORY",
      exitCode: 10,
    });
    expect(thrown(() => checkReserve(limits, 4 * GIB, free(6 * GIB, 10 * GIB), 0))).toBeUndefined();
    expect(thrown(() => checkReserve(limits, 4 * GIB, free(6 * GIB, 10 * GIB - 1), 0))).toMatchObject({
      code: "HOST_DISK",
      exitCode: 10,
    });
    expect(thrown(() => checkDisk(limits, free(0, undefined)))).toBeUndefined();
  });

  it("counts what is promised to boxes that are starting, and says so [X-08]", () => {
    expect(thrown(() => checkReserve(limits, 4 * GIB, free(10 * GIB), 4 * GIB))).toBeUndefined();
    const error = thrown(() => checkReserve(limits, 4 * GIB, free(10 * GIB), 4 * GIB + 1));
    expect(error?.code).toBe("HOST_MEMORY");
    expect(error?.why).toMatch(/4 GiB.*10 GiB are free.*promised.*2 GiB must be left/);
    expect(thrown(() => checkReserve(limits, 4 * GIB, free(0), 0))?.why).not.toContain("promised");
  });

  it("is kept for any numbers [X-08]", () => {
    const bytes = fc.nat({ max: 64 }).map((n) => n * GIB);
    fc.assert(
      fc.property(bytes, bytes, bytes, (memory, available, promised) => {
        const error = thrown(() => checkReserve(limits, memory, free(available), promised));
        expect(error === undefined).toBe(available - promised - memory >= limits.reserve.memory);
      }),
    );
  });
});

describe("CPU cores", () => {
  it.each([
    ["2", 2],
    ["0.5", 0.5],
    ["0.1", 0.1],
    [" 1 ", 1],
    ["+1", 1],
    ["4", 4],
  ])("%j are taken [FR-029]", (text, cpus) => {
    expect(checkCpus(text, limits, 4)).toBe(cpus);
  });

  it.each([
    ["0", "is zero", "INVALID_SPEC", 2],
    ["-0", "is zero", "INVALID_SPEC", 2],
    ["0.0", "is zero", "INVALID_SPEC", 2],
    ["-1", "is negative", "INVALID_SPEC", 2],
    ["0.05", "too little", "INVALID_SPEC", 2],
    ["", "not a number", "INVALID_SPEC", 2],
    ["two", "not a number", "INVALID_SPEC", 2],
    ["NaN", "not a number", "INVALID_SPEC", 2],
    ["Infinity", "not a number", "INVALID_SPEC", 2],
    ["1e1", "not a number", "INVALID_SPEC", 2],
    ["0x2", "not a number", "INVALID_SPEC", 2],
    ["1,5", "not a number", "INVALID_SPEC", 2],
    ["2 cores", "not a number", "INVALID_SPEC", 2],
    ["2\u001b[31m", "not a number", "INVALID_SPEC", 2],
    ["8.1", "at most 8", "LIMIT_CPUS", 6],
    ["9".repeat(400), "at most 8", "LIMIT_CPUS", 6],
    ["5", "this host has 4", "HOST_CPU", 10],
  ])("%j: %s [FR-029] [X-08]", (text, says, code, exitCode) => {
    const error = thrown(() => checkCpus(text, limits, 4));
    expect(error).toMatchObject({ code, exitCode });
    expect(error?.message).toContain(says);
    expect(error?.next).not.toHaveLength(0);
  });

  it("are all there are on a host with fewer than the default [FR-029]", () => {
    expect([defaultCpus(limits, 1), defaultCpus(limits, 2), defaultCpus(limits, 64)]).toEqual([1, 2, 2]);
  });

  it("are suggested so that the suggestion is taken [X-08]", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 64 }),
        fc.integer({ min: 1, max: 64 }),
        fc.integer({ min: 1, max: 200 }),
        (max, cores, asked) => {
          const error = thrown(() => checkCpus(String(asked), { ...limits, maxCpus: max }, cores));
          if (error === undefined) return;
          const suggested = /--cpus (\S+)$/.exec(error.next[0] ?? "")?.[1] ?? "";
          expect(checkCpus(suggested, { ...limits, maxCpus: max }, cores)).toBeGreaterThan(0);
        },
      ),
    );
  });
});

describe("memory", () => {
  const check = (text: string, max = limits.maxMemory) =>
    checkMemory(text, sizeFlag("--memory", text), { ...limits, maxMemory: max });

  it.each(["64MiB", "512M", "16GiB", "16G"])("%s is taken [FR-029]", (text) => {
    expect(check(text)).toBeGreaterThanOrEqual(MIN_MEMORY);
  });

  it.each([
    ["1", "has no unit", "INVALID_SPEC", 2],
    ["4096", "has no unit", "INVALID_SPEC", 2],
    ["0", "is zero", "INVALID_SPEC", 2],
    ["0GiB", "is zero", "INVALID_SPEC", 2],
    ["-4GiB", "is negative", "INVALID_SPEC", 2],
    ["1k", "too little", "INVALID_SPEC", 2],
    ["63MiB", "too little", "INVALID_SPEC", 2],
    ["17GiB", "at most 16 GiB", "LIMIT_MEMORY", 6],
    ["8000TiB", "at most 16 GiB", "LIMIT_MEMORY", 6],
    ["99999999TiB", "absurdly large", "INVALID_SPEC", 2],
  ])("%s: %s [FR-029] [X-08]", (text, says, code, exitCode) => {
    const error = thrown(() => check(text));
    expect(error).toMatchObject({ code, exitCode });
    expect(error?.message).toContain(says);
    expect(error?.next).not.toHaveLength(0);
  });

  it("is suggested so that the suggestion is taken [X-08]", () => {
    fc.assert(
      fc.property(fc.integer({ min: 64 * MIB, max: 900 * GIB }), (max) => {
        const error = thrown(() => check("8000TiB", max));
        const suggested = /--memory (\S+)$/.exec(error?.next[0] ?? "")?.[1] ?? "";
        expect(parseSize(suggested)).toHaveProperty("bytes");
        expect(check(suggested, max)).toBeLessThanOrEqual(max);
      }),
    );
  });
});
