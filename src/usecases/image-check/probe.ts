import { clipped } from "../../core/text.ts";
import type { ContainerEngine, ProgramResult, ProgramRun } from "../../ports/engine.ts";

/** One thing that the contract asks of an image, tried in a box. */
export interface Probe {
  /** As a sentence about the image when it keeps it. */
  readonly promise: string;
  /** @returns what is wrong, or undefined */
  readonly broken: (box: ProbedBox) => Promise<string | undefined>;
}

/** A running box made from the image. */
export interface ProbedBox {
  run(run: Omit<ProgramRun, "argv"> & { readonly argv: readonly string[] }): Promise<ProgramResult>;
}

/** @param containerId a running container of the image */
export function probedBox(engine: ContainerEngine, containerId: string): ProbedBox {
  return { run: (run) => engine.runProgram(containerId, run) };
}

/** What a failed program says of itself. */
export const told = ({ exitCode, stdout, stderr }: ProgramResult) =>
  `exit code ${String(exitCode)}${stderr || stdout ? `: ${clipped(stderr || stdout)}` : ""}`;

/** A program that must end well. */
export async function ends(box: ProbedBox, run: ProgramRun): Promise<string | undefined> {
  const result = await box.run(run);
  return result.exitCode === 0 ? undefined : `${run.argv[0] ?? ""}: ${told(result)}`;
}

export const shell = (script: string, as: "root" | "dev"): ProgramRun => ({ argv: ["sh", "-c", script], user: as });
