import { DevboxError } from "../errors.ts";
import { quote } from "../text.ts";
import { type Millis, parseDuration } from "../time.ts";
import { momentOf } from "./until.ts";

/**
 * The moment to come that `--at` names: a span from now on such as `3d`, or a time.
 * @param zone of times that name none
 * @throws {DevboxError} USAGE, also for a moment that is past
 */
export function momentAhead(text: string, zone: string, now: Millis): Millis {
  const span = parseDuration(text);
  const at = span === undefined ? momentOf(text, zone, "--at") : now + span;
  if (at >= now) return at;
  throw new DevboxError("USAGE", `--at ${quote(text)} is past.`, {
    why: "What was true then is not known any more.",
    next: ["Give a time to come, or a span: --at 3d"],
  });
}
