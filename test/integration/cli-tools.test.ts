import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { readCliTools } from "../../scripts/lib/docs/cli-tools.ts";
import { testName } from "../support/ids.ts";
import { fullImage } from "../support/image.ts";
import { podmanOk } from "../support/podman.ts";

const root = path.resolve(import.meta.dirname, "../..");
const commands = readCliTools(root).flatMap((tool) => tool.commands);

/** Prints those of its arguments that are no commands. */
const MISSING = 'for name do command -v -- "$name" >/dev/null || printf "%s\\n" "$name"; done';

describe("a session in the whole image", () => {
  let image: string;
  beforeAll(async () => {
    image = await fullImage();
  });

  const session = (...argv: readonly string[]): Promise<string> => {
    const program = ["--user=dev", "--entrypoint=/usr/libexec/devbox/session", image, "--", ...argv];
    return podmanOk(["run", "--rm", "--network=none", `--name=${testName("tools")}`, ...program]);
  };

  it("has every command of the list on its PATH [FR-007, SC-008]", async () => {
    expect(await session("sh", "-c", MISSING, "sh", ...commands)).toBe("");
    expect(await session("sh", "-c", MISSING, "sh", "no-such-command")).toBe("no-such-command");
  });

  it("has the usual names of what Debian calls otherwise", async () => {
    expect(await session("fd", "--version")).toMatch(/^fd(?:find)? \d/);
    expect(await session("bat", "--version")).toMatch(/^bat(?:cat)? \d/);
  });
});
