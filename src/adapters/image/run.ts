import { execa } from "execa";
import { DevboxError } from "../../core/errors.ts";
import { printableLines } from "../../core/text.ts";

/** Lines of the builder's own words that an error repeats. */
const WORDS = 15;

/**
 * Runs one of the image's build scripts to its end; its standard error is told line by line.
 * @returns its standard output
 * @throws {DevboxError} IMAGE_BUILD_FAILED or HOST_DISK, with the last lines it said
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
    said.push(line);
    if (said.length > WORDS) said.shift();
  }
  const result = await child;
  if (result.exitCode === 0) return result.stdout;
  const why = printableLines(said.join("\n")) || (result.shortMessage ?? "");
  if (/no space left on device/i.test(why)) {
    throw new DevboxError("HOST_DISK", "the disk is full.", { why, next: ["Free some space, then run it again"] });
  }
  throw new DevboxError("IMAGE_BUILD_FAILED", "the image could not be built.", {
    why,
    next: [
      "Is mmdebstrap here? apt-get install mmdebstrap",
      "Is the package mirror in reach? apt-get update",
      "Then run it again: devbox-ctl image build",
    ],
  });
}
