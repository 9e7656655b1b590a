import { describe, expect, it } from "vitest";
import { DEFAULTS } from "../../src/core/config/defaults.ts";
import { checkArchiveRoom, endOf, isOver } from "../../src/core/lifecycle/archives.ts";
import type { ArchiveRecord } from "../../src/core/lifecycle/records.ts";
import { GIB } from "../../src/core/size.ts";
import { DAY } from "../../src/core/time.ts";

const archive: ArchiveRecord = {
  ...{ id: "a1", boxId: "b1", boxName: "web", owner: "alice", spec: "{}", state: "complete", reason: "reaped" },
  ...{ createdAt: 100 * DAY, expiresAt: 130 * DAY, size: 1, contentSize: 1, entries: 1, sha256: "", unpushed: [] },
};

describe("the end of an archive's time [X-04]", () => {
  it("is the later one of what its owner was told and of what is configured today", () => {
    expect(endOf(archive, 30 * DAY)).toBe(130 * DAY);
    expect(endOf(archive, 10 * DAY)).toBe(130 * DAY);
    expect(endOf(archive, 60 * DAY)).toBe(160 * DAY);
    expect(endOf(archive, null)).toBeUndefined();
    expect(endOf({ ...archive, expiresAt: undefined }, 10 * DAY)).toBeUndefined();
  });

  it("is reached at its very moment, and never by a clock that is before its beginning", () => {
    expect(isOver(archive, 30 * DAY, 130 * DAY - 1)).toBe(false);
    expect(isOver(archive, 30 * DAY, 130 * DAY)).toBe(true);
    expect(isOver({ ...archive, expiresAt: 50 * DAY }, -DAY, 99 * DAY)).toBe(false);
    expect(isOver({ ...archive, state: "writing" }, 30 * DAY, 200 * DAY)).toBe(false);
  });
});

describe("room for one more archive", () => {
  const config = (quota: number | null, perUser: number | null) => ({
    ...DEFAULTS,
    lifecycle: { ...DEFAULTS.lifecycle, archive: { ...DEFAULTS.lifecycle.archive, quota, perUser } },
    limits: { ...DEFAULTS.limits, reserve: { ...DEFAULTS.limits.reserve, disk: 10 * GIB } },
  });
  const of = (owner: string, size: number) => ({ owner, size: size * GIB });
  const archives = [of("alice", 3), of("bob", 4)];
  const usage = { archives, owner: "alice", size: 2 * GIB, toWrite: 2 * GIB, free: 12 * GIB };
  const code = (act: () => void): unknown => {
    try {
      act();
    } catch (error) {
      return (error as { code: unknown }).code;
    }
    return "room";
  };

  it.each([
    [null, null, "room"],
    [9, 5, "room"],
    [8.9, null, "ARCHIVE_QUOTA"],
    [null, 4.9, "ARCHIVE_QUOTA"],
  ])("with %j GiB for all and %j for each is %s", (quota, perUser, expected) => {
    const given = config(quota && quota * GIB, perUser && perUser * GIB);
    expect(code(() => checkArchiveRoom(given, usage))).toBe(expected);
  });

  it("is none where the host's reserve would be taken, as far as anybody can say", () => {
    const room = (free: number | undefined, toWrite = 2 * GIB) =>
      code(() => checkArchiveRoom(config(null, null), { ...usage, free, toWrite }));
    expect(room(12 * GIB - 1)).toBe("HOST_DISK");
    expect(room(12 * GIB - 1, GIB)).toBe("room");
    expect(room(undefined)).toBe("room");
  });
});
