import { isVoid } from "../../core/lifecycle/decide.ts";
import type { NoticeRecord } from "../../core/lifecycle/records.ts";
import type { Deps } from "../deps.ts";
import { withdraw } from "../notices/announce.ts";
import type { Judged } from "./survey.ts";

/** Takes back what owners were told of boxes that were used, held or stopped otherwise meanwhile. */
export async function withdrawVoid(deps: Deps, boxes: readonly Judged[]): Promise<void> {
  const told = Map.groupBy(deps.ledger.notices({}), ({ boxId }) => boxId);
  for (const { box, decision } of boxes) {
    for (const notice of told.get(box.id) ?? []) {
      if (isWarning(notice) && isVoid(notice, decision)) await withdraw(deps, notice);
    }
  }
}

function isWarning(notice: NoticeRecord): notice is NoticeRecord & { readonly kind: "stop" | "destroy" } {
  return notice.kind === "stop" || notice.kind === "destroy";
}
