import type { Bounds } from "../config/lifecycle-config.ts";
import { DevboxError } from "../errors.ts";
import { quote } from "../text.ts";
import { parseDuration, spanText, type Millis } from "../time.ts";
import { within } from "./policy.ts";
import type { BoxPolicy } from "./records.ts";

/** What each of a policy's spans is called where people meet it. */
const POLICY_FLAGS: Readonly<Record<keyof BoxPolicy, string>> = {
  stopAfterIdle: "--stop-after",
  destroyAfterStopped: "--destroy-after",
};

const DEFAULT = "default";
const NEVER = "never";

/** A policy's span in a person's words: `7d`, `never`. */
export function policySpan(span: Millis | null): string {
  return span === null ? NEVER : spanText(span);
}

/**
 * What an owner chooses for a box.
 * @param text a span, `never`, or `default`, which is what its user and host have
 * @returns undefined for `default`
 * @throws {DevboxError} USAGE for what is none of these, LIMIT_LIFECYCLE for what is out of bounds
 */
export function chosenSpan(key: keyof BoxPolicy, text: string, bounds: Bounds): Millis | null | undefined {
  const word = text.trim().toLowerCase();
  if (word === DEFAULT) return undefined;
  const span = word === NEVER ? null : spanOf(key, text);
  const allowed = within(bounds, span);
  if (allowed === span) return span;
  throw outOfBounds(key, text, bounds, allowed);
}

function spanOf(key: keyof BoxPolicy, text: string): Millis {
  const span = parseDuration(text);
  if (span !== undefined && span > 0) return span;
  throw new DevboxError("USAGE", `${POLICY_FLAGS[key]} ${quote(text)} is no span of time.`, {
    why: `A span is a number above 0 with a unit (m, h or d), ${NEVER}, or ${DEFAULT} for what this host has.`,
    next: [`For example: ${POLICY_FLAGS[key]} 3d`],
  });
}

/** A hold is of use to whoever wants more than may be. */
function outOfBounds(key: keyof BoxPolicy, text: string, { min, max }: Bounds, allowed: Millis | null): DevboxError {
  const most = max === null ? "" : ` and ${spanText(max)}`;
  const between = max === null ? `at least ${spanText(min)}` : `between ${spanText(min)}${most}`;
  const span = parseDuration(text);
  const isLonger = span === undefined || (allowed !== null && span > allowed);
  return new DevboxError("LIMIT_LIFECYCLE", `${POLICY_FLAGS[key]} has to be ${between} here.`, {
    why: `${quote(text)} is outside of lifecycle.bounds.${key} of this host's configuration, which binds administrators, too.`,
    next: [
      `The nearest is: ${POLICY_FLAGS[key]} ${policySpan(allowed)}`,
      ...(isLonger ? ["For one time only: devbox-ctl hold NAME --for 3d"] : []),
    ],
  });
}
