import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mappingAt, mappingFrom, mappingsIn, mappingText, MAPPING_SIZE, slotOf } from "../../src/core/id-mapping.ts";

const anySlot = fc.integer({ min: 0, max: 4093 });

describe("the ids of an owner's boxes", () => {
  it("are never the account's own, nor the host's root [A-02]", () => {
    fc.assert(
      fc.property(anySlot, fc.boolean(), (slot, rootless) => {
        expect(mappingAt(slot, rootless).first).toBeGreaterThan(0);
        expect(slotOf(mappingAt(slot, rootless), rootless)).toBe(slot);
      }),
    );
    expect(mappingAt(0, false).first).toBeGreaterThan(2 ** 30);
  });

  it("of two owners have none in common [A-02]", () => {
    fc.assert(
      fc.property(anySlot, anySlot, fc.boolean(), (one, two, rootless) => {
        fc.pre(one < two);
        const [low, high] = [mappingAt(one, rootless), mappingAt(two, rootless)];
        expect(low.first + low.size).toBeLessThanOrEqual(high.first);
      }),
    );
  });

  it.each([
    [0, 0],
    [65_535, 0],
    [65_536, 1],
    [16_777_216, 256],
  ])("with %i subordinate ids have room for %i owners", (subids, owners) => {
    expect(mappingsIn(subids, true)).toBe(owners);
    const last = mappingAt(owners - 1, true);
    // Intermediate ids 1 to `subids` exist.
    if (owners > 0) expect(last.first + last.size - 1).toBeLessThanOrEqual(subids);
  });

  it("for root's Podman stay below what systemd gives to others, and need no subordinate ids", () => {
    const last = mappingAt(mappingsIn(0, false) - 1, false);
    expect(last.first + last.size - 1).toBeLessThanOrEqual(2_147_352_575);
  });

  it("are read back from a label, and nothing else is", () => {
    fc.assert(
      fc.property(anySlot, fc.boolean(), (slot, rootless) => {
        const mapping = mappingAt(slot, rootless);
        expect(mappingFrom(mappingText(mapping))).toEqual(mapping);
      }),
    );
    for (const text of [undefined, "", "0:65536", "1:0", "1", "-1:5", "1:65536:2", "1e3:5", "auto"]) {
      expect(mappingFrom(text)).toBeUndefined();
    }
    expect(slotOf({ first: 2, size: MAPPING_SIZE }, true)).toBeUndefined();
    expect(slotOf({ first: 1, size: 1000 }, true)).toBeUndefined();
  });
});
