import { DevboxError } from "../../core/errors.ts";
import type { Boundary } from "../../core/gate/boundary-file.ts";
import { errorInJson } from "../../core/gate/passed-error.ts";
import { printableLines } from "../../core/text.ts";
import { crossWithFile } from "./run.ts";

/** As `image load --json` prints it. */
interface LoadedAcross {
  readonly names: readonly string[];
  readonly missing: string | null;
}

/**
 * Has an archive loaded on the other side of the boundary; it is read here, with the caller's rights.
 * @throws {DevboxError} whatever the other side says
 */
export async function loadAcross(boundary: Boundary, file: string): Promise<LoadedAcross> {
  const { exitCode, stdout, stderr } = await crossWithFile(boundary, ["image:load", "-", "--json"], file);
  if (exitCode === 0) return JSON.parse(stdout) as LoadedAcross;
  const why = printableLines(stderr) || `exit code ${String(exitCode)}`;
  throw errorInJson(stdout) ?? new DevboxError("ENGINE_FAILED", "the image was not loaded.", { why });
}
