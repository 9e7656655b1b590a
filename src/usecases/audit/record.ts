import { type AuditedBox, type AuditEnd, auditText } from "../../core/audit.ts";
import { DevboxError, messageOf } from "../../core/errors.ts";
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
  /** Whether the box is to be another's in the end, who then sees it too. */
  readonly handsOver?: boolean;
  readonly what: string | undefined;
}

export interface AuditDeps extends Pick<Deps, "ledger" | "clock" | "host" | "caller"> {
  /** Where records go as well; undefined where everybody runs their own boxes. */
  readonly journal: SystemJournal | undefined;
}

/** A record that is open until its command has ended. */
export interface OpenAudit {
  /** Says what box it is about, for a command that named it by something else; the caller must be allowed to know it. */
  about(box: AuditedBox): void;
  /** Closes the record; once is enough. */
  end(outcome: Outcome): Promise<void>;
}

type Outcome = Pick<AuditEnd, "exitCode" | "error">;

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
  let found: AuditedBox | undefined;
  return {
    about: (named) => {
      found = named;
    },
    end: async ({ exitCode, error }) => {
      const made = MADE.includes(exitCode) ? madeBox(deps, audited) : undefined;
      const late = found ?? made ?? givenBox(deps, audited, box);
      const end = { exitCode, error, duration: clock.monotonic() - since, box: late };
      ledger.endAudit(id, end);
      journal?.write({ record: id, event: "end", user, command: audited.command, ...end, box: late ?? box });
      await journal?.flush();
    },
  };
}

/** What a part of a command needs to have a record of its own. */
type RecordDeps = Pick<Deps, "ledger" | "clock" | "host" | "caller" | "progress" | "systemJournal">;

/**
 * Does a part of a command that is about one box, and writes it down as a command of its own: of one that is about many
 * boxes the history of each is to have what became of it.
 * @param failureIn what failed although the command goes on
 * @throws {DevboxError} as `act` and the ledger do
 */
export async function recorded<T>(
  deps: RecordDeps,
  audited: Omit<Audited, "makesBox">,
  act: () => Promise<T>,
  failureIn: (result: T) => DevboxError | undefined = () => undefined,
): Promise<T> {
  const open = beginAudit({ ...deps, journal: await deps.systemJournal() }, { ...audited, makesBox: false });
  const end = (outcome: Outcome) =>
    open.end(outcome).catch((problem: unknown) => {
      // What is done is done, and what comes next is not held up by it.
      deps.progress.remark(`the end of ${audited.command} is not in the audit log: ${messageOf(problem)}`);
    });
  let result: T;
  try {
    result = await act();
  } catch (error) {
    await end(error instanceof DevboxError ? outcomeOf(error) : { exitCode: EXIT.bug, error: "BUG" });
    throw error;
  }
  await end(outcomeOf(failureIn(result)));
  return result;
}

function outcomeOf(error: DevboxError | undefined): Outcome {
  return { exitCode: error?.exitCode ?? EXIT.ok, error: error?.code };
}

/** The box of that name, whosever it is: what is refused is to be found by its owner's administrators. */
function boxAtBeginning({ ledger }: AuditDeps, name: string, makesBox: boolean): AuditedBox {
  const box = makesBox ? undefined : ledger.boxByName(name);
  return box === undefined
    ? { name: auditText(name), id: undefined, owner: undefined }
    : { name: box.name, id: box.id, owner: box.owner };
}

/** The box that is another's since, however the command ended: the step which gives it may be done and a later one not. */
function givenBox(
  { ledger }: AuditDeps,
  { handsOver }: Audited,
  before: AuditedBox | undefined,
): AuditedBox | undefined {
  const box = handsOver === true && before?.id !== undefined ? ledger.boxById(before.id) : undefined;
  if (box === undefined || box.owner === before?.owner) return undefined;
  return { name: box.name, id: box.id, owner: box.owner };
}

function madeBox({ ledger, caller }: AuditDeps, { box: name, makesBox }: Audited): AuditedBox | undefined {
  const box = makesBox && name !== undefined ? ledger.boxByName(name) : undefined;
  if (box === undefined || !mayUse(caller, box.owner)) return undefined;
  return { name: box.name, id: box.id, owner: box.owner };
}
