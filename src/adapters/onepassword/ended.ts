import { DevboxError } from "../../core/errors.ts";
import { noAnswer } from "./failures.ts";
import type { PrivateEnd } from "./run.ts";

interface Circumstances {
  readonly timeout: number;
  readonly missing: () => DevboxError;
}

/** What a program said that came to its own end; the others are errors. */
export function ended(end: PrivateEnd, { timeout, missing }: Circumstances) {
  switch (end.how) {
    case "exited":
      return end;
    case "timeout":
      throw noAnswer(timeout);
    case "interrupted":
      throw interrupted();
    case "missing":
      throw missing();
    case "flooded":
      throw broken("It printed far more than a key, and was ended.");
    case "killed":
      throw broken("It was ended from outside.");
  }
}

export function interrupted(): DevboxError {
  return new DevboxError("INTERRUPTED", "interrupted.", { why: "Reading the auth key was given up." });
}

function broken(why: string): DevboxError {
  return new DevboxError("SECRETS_FAILED", "1Password gave no auth key.", {
    why,
    next: ["Try again; how it is set up: docs/secrets.md"],
  });
}
