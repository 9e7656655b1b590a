import { execa } from "execa";
import { DevboxError } from "../../core/errors.ts";
import { printableLines } from "../../core/text.ts";
import { failedPart, parseEvent } from "./parse.ts";

/** Lines of the builder's own words that an error repeats. */
const WORDS = 15;

/** Exit code of the scripts for arguments that make no image. */
const USAGE = 2;

/**
 * Runs one of the image's build scripts to its end; its standard error is told line by line.
 * @returns its standard output
 * @throws {DevboxError} IMAGE_BUILD_FAILED, INVALID_SPEC or HOST_DISK, with the last lines it said
 */
export async function runScript(
  script: string,
  args: readonly string[],
  onLine: (line: string) => void = () => undefined,
): Promise<string> {
  const said: string[] = [];
  const child = execa(script, args, { reject: false, stdin: "ignore", buffer: { stdout: true, stderr: false } });
  for await (const line of child.iterable({ from: "stderr" })) {
    onLine(line);
    // Which parts are being made is no reason for a failure.
    if (parseEvent(line).kind === "phase") said.push(line);
    if (said.length > WORDS) said.shift();
  }
  const result = await child;
  if (result.exitCode === 0) return result.stdout;
  const why = printableLines(said.join("\n")) || (result.shortMessage ?? "");
  if (/no space left on device/i.test(why)) {
    throw new DevboxError("HOST_DISK", "the disk is full.", { why, next: ["Free some space, then run it again"] });
  }
  if (result.exitCode === USAGE) {
    const next = ["See how it is used: devbox-ctl help image build"];
    throw new DevboxError("INVALID_SPEC", "there is no such image to build.", { why, next });
  }
  const part = failedPart(said.join("\n"));
  throw new DevboxError(
    "IMAGE_BUILD_FAILED",
    `${part === undefined ? "the image" : `the part ${part}`} could not be built.`,
    {
      why,
      next: nextSteps(part),
    },
  );
}

/** What helps against a part that could not be made. */
function nextSteps(part: string | undefined): string[] {
  const again = "Then run it again: devbox-ctl image build (what was made is kept)";
  if (part === undefined || part === "debian") {
    return ["Is mmdebstrap here? apt-get install mmdebstrap", "Is the package mirror in reach? apt-get update", again];
  }
  if (part === "zed") return ["Check --zed-server and --zed-sha256, then run it again"];
  // Node is in for the sake of these two.
  const without = part === "node" ? "--without code-server --without runtimes" : `--without ${part}`;
  return [
    "Install what building takes: sh scripts/host-prepare.sh --image-tools",
    again,
    `Or leave it out: devbox-ctl image build ${without}`,
  ];
}
