import { Args, Flags, Parser } from "@oclif/core";
import { describe, expect, it } from "vitest";
import { usageError } from "../../src/cli/usage-error.ts";

const flags = {
  usage: Flags.boolean(),
  start: Flags.boolean({ allowNo: true }),
  memory: Flags.string(),
  tail: Flags.integer({ min: 0 }),
};
const args = { name: Args.string({ required: true, description: "Name of the box" }) };

/** What a person is told of oclif's own complaint about these arguments. */
async function told(argv: readonly string[], command = "image:build") {
  const complaint: unknown = await Parser.parse([...argv], { flags, args }).catch((error: unknown) => error);
  const usage = usageError(complaint, command);
  return usage && [usage.message, usage.why, ...usage.next];
}

const HELP = "See how it is used: devbox-ctl help image build";

describe("a complaint about arguments", () => {
  it("names the nearest flag", async () => {
    expect(await told(["api", "--usge"])).toEqual([
      'there is no flag "--usge".',
      undefined,
      "Did you mean --usage?",
      HELP,
    ]);
    expect(await told(["api", "--memry=4GiB"])).toContain("Did you mean --memory?");
    expect(await told(["api", "--no-strat"])).toContain("Did you mean --no-start?");
    expect(await told(["api", "--xyzzy", "--usge"])).toEqual([
      'unknown flags: "--xyzzy", "--usge".',
      undefined,
      "Did you mean --usage?",
      HELP,
    ]);
  });

  it("names what is missing", async () => {
    expect(await told([])).toEqual(["1 argument missing.", "NAME   Name of the box", HELP]);
    expect(await told(["api", "--memory"])).toEqual(["--memory needs a value.", undefined, HELP]);
  });

  it("names what is too much", async () => {
    expect(await told(["api", "b\u001bc"])).toEqual(['too many arguments: "b\\u{1b}c".', undefined, HELP]);
    expect(await told(["api", "ls"], "exec")).toContain(
      "The command for the box follows --: devbox-ctl exec NAME -- COMMAND",
    );
    expect(await told(["api", "--tail", "1", "--tail", "2"])).toEqual(["--tail is given twice.", undefined, HELP]);
  });

  it("names the words there are to choose from", async () => {
    const shell = Flags.string({ options: ["bash", "zsh"] });
    const complaint: unknown = await Parser.parse(["--shell", "tcsh"], { flags: { shell } }).catch(
      (error: unknown) => error,
    );
    expect(usageError(complaint, "completion")?.message).toBe('"--shell=tcsh" is none of: bash, zsh.');
  });

  it("names flags that go together, and those that do not", async () => {
    const parsed = {
      at: Flags.string({ dependsOn: ["dry-run"] }),
      "dry-run": Flags.boolean(),
      for: Flags.string({ exclusive: ["at"] }),
    };
    const said = async (...argv: string[]) => {
      const complaint: unknown = await Parser.parse(argv, { flags: parsed }).catch((error: unknown) => error);
      return usageError(complaint, "reap")?.message;
    };
    expect(await said("--at", "3d")).toBe("--at goes with --dry-run alone.");
    expect(await said("--at", "3d", "--dry-run", "--for", "3d")).toBe("--at and --for do not go together.");
  });

  it("names what is wrong with a number", async () => {
    expect(await told(["api", "--tail", "abc"])).toEqual([
      "the value of --tail is wrong.",
      "Expected an integer but received: abc",
      HELP,
    ]);
    expect(await told(["api", "--tail=-3"])).toContain(
      "Expected an integer greater than or equal to 0 but received: -3",
    );
  });
});

it("leaves everything else alone", () => {
  expect(usageError(new Error("a bug"), "list")).toBeUndefined();
  expect(usageError("nothing", undefined)).toBeUndefined();
});
