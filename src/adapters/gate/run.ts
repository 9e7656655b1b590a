import { existsSync } from "node:fs";
import { execa } from "execa";
import type { Boundary } from "../../core/gate/boundary-file.ts";

/** Where sudo is: by its whole path, so that no other program of that name is taken for it. */
function sudo(): string {
  const wrapped = "/run/wrappers/bin/sudo";
  return existsSync(wrapped) ? wrapped : "/usr/bin/sudo";
}

function wordsOf({ account, program }: Boundary, words: readonly string[]): string[] {
  return ["-n", "-u", account, "--", program, ...words];
}

/** Crosses with pipes for data of any size. A session of its own, so that Ctrl-C here ends it by its streams alone. */
export function crossWithPipes(boundary: Boundary, words: readonly string[]) {
  return execa(sudo(), wordsOf(boundary, words), {
    reject: false,
    detached: true,
    buffer: { stdout: false, stderr: true },
    stdin: "pipe",
    stdout: "pipe",
    maxBuffer: { stderr: 64 * 1024 },
    encoding: "utf8",
    verbose: "none",
  } as const);
}

/** Crosses with a file of the caller's as standard input, for an answer. */
export async function crossWithFile(boundary: Boundary, words: readonly string[], file: string) {
  return execa(sudo(), wordsOf(boundary, words), {
    reject: false,
    inputFile: file,
    maxBuffer: 1024 * 1024,
    verbose: "none",
  } as const);
}

/** Crosses with the caller's own streams and terminal. @returns the exit code */
export async function crossAttached(boundary: Boundary, words: readonly string[]): Promise<number> {
  const { exitCode } = await execa(sudo(), wordsOf(boundary, words), {
    reject: false,
    stdio: "inherit",
    verbose: "none",
  });
  return exitCode ?? 255;
}
