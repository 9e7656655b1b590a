import { expect, test } from "vitest";
import { exposure } from "../../src/core/private-file.ts";

const SELF = 1000;

test.each([0o400, 0o600, 0o700, 0o100_600])(
  "a file of one's own that nobody else reads is private: %o [FR-045]",
  (mode) => {
    expect(exposure({ mode, uid: SELF }, SELF)).toBeUndefined();
  },
);

test.each([0o604, 0o606, 0o601, 0o644])("one that everybody reads or changes is exposed: %o [FR-045]", (mode) => {
  expect(exposure({ mode, uid: SELF }, SELF)).toContain("everybody");
  expect(exposure({ mode, uid: 0 }, SELF)).toContain("everybody");
});

test("a group's right is what root gave on purpose, and else an exposure [FR-045]", () => {
  expect(exposure({ mode: 0o440, uid: 0 }, SELF)).toBeUndefined();
  expect(exposure({ mode: 0o640, uid: SELF }, SELF)).toBe("can be read or changed by its group (mode 640)");
});

test("a file of another user's is exposed, also to root [FR-045]", () => {
  expect(exposure({ mode: 0o600, uid: 1001 }, SELF)).toContain("1001");
  expect(exposure({ mode: 0o600, uid: 1001 }, 0)).toContain("1001");
});
