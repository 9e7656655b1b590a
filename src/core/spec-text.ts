import { DevboxError } from "./errors.ts";
import type { BoxSpec } from "./spec.ts";

/** Version of the creation spec that this program writes; older ones are migrated when read. */
export const SPEC_VERSION = 2 as const;

/** What boxes of version 1 were made with: the engine's own ids, no services of choice, a root that can be written. */
const BEFORE_2 = { idmap: null, services: [], readOnly: false } as const;

/**
 * A spec from text that this program wrote itself (the ledger), without the schema:
 * every command reads the ledger, and loading zod for it would cost each one some 10 ms.
 * @throws {DevboxError} LEDGER_NEWER or LEDGER_CORRUPT
 */
export function specText(json: string): BoxSpec {
  const value = parse(json);
  const version = typeof value === "object" && value !== null && "version" in value ? value.version : undefined;
  if (version === SPEC_VERSION) return value as BoxSpec;
  if (version === 1) return { ...(value as BoxSpec), version: SPEC_VERSION, ...BEFORE_2 };
  if (typeof version === "number" && version > SPEC_VERSION) {
    throw new DevboxError(
      "LEDGER_NEWER",
      `A box was created by a newer devbox-ctl (spec version ${String(version)}).`,
      {
        next: ["Upgrade devbox-ctl on this host"],
      },
    );
  }
  throw new DevboxError("LEDGER_CORRUPT", "The creation spec of a box cannot be read.", {
    next: ["devbox-ctl doctor"],
  });
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch {
    return undefined;
  }
}
