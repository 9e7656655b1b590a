import { DevboxError } from "../../core/errors.ts";
import type { Boundary } from "../../core/gate/boundary-file.ts";
import { passedError } from "../../core/gate/passed-error.ts";
import { transferWords, type TransferWords } from "../../core/gate/transfer-words.ts";
import { printableLines } from "../../core/text.ts";
import type { BoxTransfers, Transfer } from "../../ports/box-transfers.ts";
import { crossWithPipes } from "./run.ts";

/** Copies with boxes behind this host's boundary: the files are the caller's, and read and written here. */
export function crossingTransfers(boundary: Boundary): BoxTransfers {
  const begin = (what: TransferWords): Promise<Transfer> => Promise.resolve(cross(boundary, what));
  return {
    send: ({ name, typed }) => begin({ box: name, path: typed, receive: undefined }),
    receive: ({ name, typed }, receive) => begin({ box: name, path: typed, receive }),
  };
}

function cross(boundary: Boundary, what: TransferWords): Transfer {
  const child = crossWithPipes(boundary, ["transfer", ...transferWords(what)]);
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    ended: child.then(({ exitCode, stderr, shortMessage }) =>
      exitCode === 0 ? undefined : (passedError(stderr) ?? brokenOff(exitCode, stderr, shortMessage)),
    ),
    // The disk is looked at on the other side, where it can be seen.
    onBytes: () => undefined,
    kill: () => {
      // sudo belongs to root and cannot be ended by us; without its streams what it started ends by itself.
      child.stdin.destroy();
      child.stdout.destroy();
    },
  };
}

function brokenOff(exitCode: number | undefined, stderr: string, words: string | undefined): DevboxError {
  const why = printableLines(stderr.trim() || (words ?? ""));
  if (exitCode === 1 && why.startsWith("sudo:")) {
    return new DevboxError("NOT_PERMITTED", "you were not let through to the account that runs the boxes.", {
      why,
      next: ["Ask an administrator to run: devbox-ctl host setup"],
    });
  }
  return new DevboxError("ENGINE_FAILED", "the copy broke off.", {
    why: why || `exit code ${String(exitCode)}`,
    next: ["Nothing half is left; run it again"],
  });
}
