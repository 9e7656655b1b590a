import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testCli, type TestCli } from "../support/cli.ts";
import { runClean } from "../support/rootless.ts";

let cli: TestCli;

beforeAll(async () => {
  cli = await testCli();
});
afterAll(() => cli.remove());

const USAGE = 2;

describe("a command line that cannot be understood", () => {
  it.each([
    ["an unknown command", ["crate"], 'there is no command "crate".', "devbox-ctl create"],
    [
      "an unknown command of a topic",
      ["image", "biuld"],
      'there is no command "image biuld".',
      "devbox-ctl image build",
    ],
    ["an unknown command and --help", ["crate", "--help"], 'there is no command "crate".', "devbox-ctl create"],
    ["an unknown flag", ["list", "--usge"], 'there is no flag "--usge".', "--usage"],
    ["a missing argument", ["create"], "1 argument missing.", "devbox-ctl help create"],
    ["an argument too many", ["list", "api"], 'too many arguments: "api".', "devbox-ctl help list"],
    ["a flag without its value", ["create", "api", "--memory"], "--memory needs a value.", "devbox-ctl help create"],
    ["a word for a number", ["logs", "api", "--tail", "many"], "the value of --tail is wrong.", "devbox-ctl help logs"],
    ["a command for a box without --", ["exec", "api", "ls"], 'too many arguments: "ls".', "exec NAME -- COMMAND"],
    ["help about nothing", ["help", "crate"], 'there is no command "crate".', "devbox-ctl create"],
  ])("%s is named, with what to do", async (_, args, message, next) => {
    const { stdout, stderr, exitCode } = await cli.run(args);
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: USAGE });
    const [first, ...rest] = stderr.split("\n");
    expect(first).toBe(`  Error: ${message}`);
    expect(rest.find((line) => line.startsWith("    → ") && line.includes(next))).toBeDefined();
  });

  it.each([[["crate", "--json"]], [["list", "--usge", "--json"]], [["create", "--json"]]])(
    "is an error object under --json: %j [X-12]",
    async (args) => {
      const { stdout, stderr, exitCode } = await cli.run(args);
      expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: USAGE });
      expect(JSON.parse(stdout)).toMatchObject({ error: { code: "USAGE" } });
    },
  );
});

describe("help", () => {
  it("prints the table of exit codes", async () => {
    const { stdout, exitCode } = await cli.run(["help", "exit-codes"]);
    expect(exitCode).toBe(0);
    for (const line of ["    0   done", "    6   limit reached", "   75   busy, try again"])
      expect(stdout).toContain(line);
  });

  it.each([[[]], [["help"]], [["--help"]], [["-h"]]])("lists the commands: %j", async (args) => {
    const { stdout, exitCode } = await cli.run(args);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/COMMANDS\n[^]* {2}create +Create a box/);
  });

  it.each([[["help", "image", "build"]], [["image", "build", "--help"]]])("shows one command: %j", async (args) => {
    const { stdout, exitCode } = await cli.run(args);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("$ devbox-ctl image build [");
  });

  it("shows the version", async () => {
    const { stdout, exitCode } = await cli.run(["--version"]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^devbox-ctl\/\d/);
  });

  it("is no error when its reader has seen enough", async () => {
    const script = '{ "$0" help; echo "exit $?" >&2; } | true';
    const piped = await runClean(["bash", "-c", script, ...cli.argv], cli.env);
    expect(piped.stderr.trim()).toBe("exit 0");
  });
});
