import { type AuditedBox, type AuditEnd, auditText } from "../../core/audit.ts";
import { EXIT } from "../../core/exit-codes.ts";
import type { SystemJournal } from "../../ports/system-journal.ts";
import { mayUse } from "../access.ts";
import type { Deps } from "../deps.ts";

/** Exit codes after which a box that was to be made is there. */
const MADE: readonly number[] = [EXIT.ok, EXIT.partial];

/** What a command is about, as far as that may be written down. */
export interface Audited {
  /** As it is typed. */
  readonly command: string;
  /** Name of the box, as it was typed. */
  readonly box: string | undefined;
  /** Whether the box comes into being by it: one that has the name already is none of its business. */
  readonly makesBox: boolean;
  readonly what: string | undefined;
}

export interface AuditDeps extends Pick<Deps, "ledger" | "clock" | "host" | "caller"> {
  /** Where records go as well; undefined where everybody runs their own boxes. */
  readonly journal: SystemJournal | undefined;
}

/** A record that is open until its command has ended. */
export interface OpenAudit {
  /** Closes the record; once is enough. */
  end(outcome: Pick<AuditEnd, "exitCode" | "error">): Promise<void>;
}

/**
 * Writes down that a command begins, before it does anything: what cannot be written down is not done.
 * @throws {DevboxError} as the ledger does
 */
export function beginAudit(deps: AuditDeps, audited: Audited): OpenAudit {
  const { ledger, clock, caller, journal } = deps;
  const since = clock.monotonic();
  const box = audited.box === undefined ? undefined : boxAtBeginning(deps, audited.box, audited.makesBox);
  const { user, via, address, admin } = caller;
  const begin = {
    ...{ at: clock.now(), user, via, address: address === undefined ? undefined : auditText(address), admin },
    ...{ command: audited.command, box, holder: deps.host.self() },
    what: audited.what === undefined ? undefined : auditText(audited.what),
  };
  const id = ledger.beginAudit(begin);
  journal?.write({ record: id, event: "begin", ...begin });
  return {
    end: async ({ exitCode, error }) => {
      const made = MADE.includes(exitCode) ? madeBox(deps, audited) : undefined;
      const end = { exitCode, error, duration: clock.monotonic() - since, box: made };
      ledger.endAudit(id, end);
      journal?.write({ record: id, event: "end", user, command: audited.command, ...end, box: made ?? box });
      await journal?.flush();
    },
  };
}

/** The box of that name, whosever it is: what is refused is to be found by its owner's administrators. */
function boxAtBeginning({ ledger }: AuditDeps, name: string, makesBox: boolean): AuditedBox {
  const box = makesBox ? undefined : ledger.boxByName(name);
  return box === undefined
    ? { name: auditText(name), id: undefined, owner: undefined }
    : { name: box.name, id: box.id, owner: box.owner };
}

function madeBox({ ledger, caller }: AuditDeps, { box: name, makesBox }: Audited): AuditedBox | undefined {
  const box = makesBox && name !== undefined ? ledger.boxByName(name) : undefined;
  if (box === undefined || !mayUse(caller, box.owner)) return undefined;
  return { name: box.name, id: box.id, owner: box.owner };
}
