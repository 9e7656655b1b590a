import { DevboxError, messageOf } from "../../core/errors.ts";
import { redacted, type Secret } from "../../core/secret.ts";
import { clipped } from "../../core/text.ts";

/** What a channel needs to say that it failed. */
export interface Failure {
  /** A sentence: `the mail server mail.example.com refused the notice.` */
  readonly what: string;
  /** In the words of whoever refused. */
  readonly why?: string | undefined;
  readonly next?: readonly string[];
  /** Taken out of `why`. */
  readonly secrets?: readonly Secret[];
}

/** The error of a notice that was not delivered; neither secrets nor a secret's place in an address are in it. */
export function notifyFailed({ what, why, next = [], secrets = [] }: Failure): DevboxError {
  return new DevboxError("NOTIFY_FAILED", what, {
    why: why === undefined || why === "" ? undefined : redacted(why, ...secrets),
    next: [...next, "Try it again: devbox-ctl notify test"],
  });
}

/** Somebody else's answer, so far as one line of an error holds it. */
export function quotedAnswer(text: string, secrets: readonly Secret[]): string {
  // Before it is cut: half a secret is not found any more.
  return clipped(redacted(text, ...secrets).trim());
}

/** Whatever a file with a secret was refused for, as a failure of the channel that needs it. */
export function secretFailed(error: unknown): DevboxError {
  if (!(error instanceof DevboxError)) return notifyFailed({ what: messageOf(error) });
  return new DevboxError("NOTIFY_FAILED", error.message, { why: error.why, next: error.next, cause: error });
}
