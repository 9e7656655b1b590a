import type { Judged } from "./survey.ts";

/** Why a decision was taken, in a person's words. */
export function reasonText({ facts, decision }: Judged): string {
  return decision.reason === "in-use" ? `in use: ${facts.inUse ?? facts.lastActivity?.by ?? ""}` : decision.reason;
}
