import { isVoid } from "../../core/lifecycle/decide.ts";
import type { Deps } from "../deps.ts";
import type { Judged } from "./survey.ts";

/** Takes back what owners were told of boxes that were used, held or stopped otherwise meanwhile. */
export function withdrawVoid(deps: Pick<Deps, "ledger" | "clock">, boxes: readonly Judged[]): void {
  for (const { box, facts, decision } of boxes) {
    // All of a kind are counted from one moment, or the old ones are void already.
    const kinds = (["stop", "destroy"] as const).filter((kind) => {
      const told = facts.notices.filter((notice) => notice.kind === kind);
      return told.length > 0 && told.every((notice) => isVoid(notice, decision));
    });
    if (kinds.length > 0) deps.ledger.withdrawNotices(box.id, kinds, deps.clock.now());
  }
}
