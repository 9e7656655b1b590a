import { expect, it } from "vitest";
import { writeForGroup } from "../../src/adapters/system/files.ts";
import type { DevboxError } from "../../src/core/errors.ts";

it("a file that cannot be written is named as it was asked for, not as it is called until it is whole [X-10]", () => {
  try {
    writeForGroup("/nonexistent/x", "text");
    expect.unreachable();
  } catch (error) {
    expect(error).toMatchObject({ code: "NO_SUCH_FILE", message: '"/nonexistent/x" cannot be written.' });
    expect((error as DevboxError).why).toContain("'/nonexistent/x'");
  }
});
