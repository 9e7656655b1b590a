import type { BoxRecord } from "../../core/box.ts";
import { DevboxError, messageOf as wordsOf } from "../../core/errors.ts";
import type { NoticeRecord } from "../../core/lifecycle/records.ts";
import { isDue } from "../../core/lifecycle/retry.ts";
import type { Channel, Message } from "../../ports/notifier.ts";
import type { Deps } from "../deps.ts";
import { showInBox } from "./in-box.ts";
import { firstDelivered, messageOf } from "./message.ts";

/** Name under which deliveries in the box are recorded. */
export const IN_BOX = "box";

/**
 * Tries every channel that has not delivered a notice yet and is due, all at once: one that fails or hangs keeps no other
 * from it. A try is taken in the ledger before it is made, so that two reapers do not make the same.
 * @returns whether somebody was told, now or before
 */
export async function deliverNotice(deps: Deps, notice: NoticeRecord, box: BoxRecord | undefined): Promise<boolean> {
  const message = messageOf(deps, notice);
  const ways = [...(await deps.channels()), ...inBox(deps, notice, box)];
  const now = deps.clock.now();
  const due = ways.filter((way) => {
    if (way.reaches?.(message) === false) return false;
    return isDue(deliveryBy(notice, way), now);
  });
  await Promise.all(due.map((way) => attempt(deps, notice, way, message)));
  const known = deps.ledger.noticeById(notice.id);
  return known !== undefined && firstDelivered(known) !== undefined;
}

const deliveryBy = ({ deliveries }: NoticeRecord, { name }: Channel) =>
  deliveries.find(({ channel }) => channel === name);

async function attempt(deps: Deps, notice: NoticeRecord, way: Channel, message: Message): Promise<void> {
  const { ledger, clock, interrupt } = deps;
  const before = deliveryBy(notice, way)?.attempts ?? 0;
  const triedAt = clock.now();
  if (!ledger.claimDelivery(notice.id, way.name, before, triedAt)) return;
  const delivery = { channel: way.name, attempts: before + 1, triedAt };
  // It is told within sentences and in rows of tables, so it is one line.
  const problem = (await problemOf(way.deliver(message, interrupt)))?.trim().replaceAll(/\s*\n\s*/g, " ");
  const deliveredAt = problem === undefined ? clock.now() : undefined;
  ledger.recordDelivery(notice.id, { ...delivery, deliveredAt, problem });
}

/** What a failed delivery is remembered by: one text, what happened and why. */
export async function problemOf(delivery: Promise<unknown>): Promise<string | undefined> {
  try {
    await delivery;
    return undefined;
  } catch (error) {
    // A bug in one channel must not keep the others' outcome from being written down.
    if (!(error instanceof DevboxError)) return wordsOf(error);
    return [error.message, error.why].filter((line) => line !== undefined).join(" ");
  }
}

/** The box itself, as one more way; for what is told while it is meant to run. */
function inBox(deps: Deps, notice: NoticeRecord, box: BoxRecord | undefined): Channel[] {
  const containerId = box?.containerId;
  if (notice.kind !== "stop" || box?.desired !== "running" || box.phase !== "ready" || containerId === undefined)
    return [];
  return [
    {
      name: IN_BOX,
      deliver: async ({ id, subject, body }) => {
        if ((await showInBox(deps, containerId, { subject, body, id })) > 0) return;
        throw new DevboxError("NOTIFY_FAILED", "nobody is at a terminal of the box; its next login shows it.");
      },
    },
  ];
}
