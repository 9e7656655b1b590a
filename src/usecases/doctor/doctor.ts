import { hasCode } from "../../core/errors.ts";
import type { Ledger } from "../../ports/ledger.ts";
import type { Deps } from "../deps.ts";
import { freshFacts } from "../engine-facts.ts";
import { checkArchives } from "./check-archives.ts";
import { checkBoxes, checkOperations } from "./check-boxes.ts";
import { checkChannels } from "./check-channels.ts";
import { checkEngine, checkImage, problemFrom } from "./check-engine.ts";
import { checkHost } from "./check-host.ts";
import { checkReaper } from "./check-reaper.ts";
import { checkServices } from "./check-services.ts";
import { checkTailnet } from "./check-tailnet.ts";
import type { Finding } from "./finding.ts";

/** The doctor is called when the ledger cannot be opened, so it opens it itself. */
export type DoctorDeps = Omit<Deps, "ledger"> & {
  readonly openLedger: () => Ledger;
  /** Renames a damaged ledger so that a new one can be made. @returns its new path */
  readonly setAsideLedger: () => string;
};

export interface DoctorResult {
  readonly findings: readonly Finding[];
  readonly problems: number;
  readonly remarks: number;
  readonly fixed: number;
}

/** Looks at everything that boxes need and at everything that was left; with `fix`, puts right what it may. */
export async function doctor(deps: DoctorDeps, input: { readonly fix: boolean }): Promise<DoctorResult> {
  const { facts, findings } = await checkEngine(deps);
  findings.push(...checkHost(deps, facts));
  if (facts) findings.push(await checkImage(deps));

  const opened = openLedger(deps, input.fix);
  findings.push(...opened.findings);
  if (opened.ledger) {
    try {
      findings.push(...(await checkLedger({ ...deps, ledger: opened.ledger }, facts !== undefined, input.fix)));
    } finally {
      opened.ledger.close();
    }
  }
  const having = (status: Finding["status"]) => findings.filter((finding) => finding.status === status).length;
  return { findings, problems: having("problem"), remarks: having("remark"), fixed: having("fixed") };
}

async function checkLedger(deps: Deps, engineWorks: boolean, fix: boolean): Promise<Finding[]> {
  if (!engineWorks) {
    const text = "Boxes were not looked at, because the engine does not answer";
    return [{ check: "boxes", status: "remark", text }];
  }
  await freshFacts(deps);
  return [
    ...(await checkOperations(deps, fix)),
    ...(await checkBoxes(deps, fix)),
    ...(await checkServices(deps)),
    ...(await checkTailnet(deps, fix)),
    ...(await checkArchives(deps, fix)),
    ...(await checkChannels(deps)),
    ...checkReaper(deps),
  ];
}

function openLedger(deps: DoctorDeps, fix: boolean): { ledger: Ledger | undefined; findings: Finding[] } {
  try {
    return { ledger: soundLedger(deps), findings: [] };
  } catch (error) {
    if (!fix || !hasCode(error, "LEDGER_CORRUPT"))
      return { ledger: undefined, findings: [problemFrom("ledger", error)] };
  }
  const kept = deps.setAsideLedger();
  const text = `the damaged ledger is kept as ${kept}; a new one is made from Podman's labels`;
  return { ledger: deps.openLedger(), findings: [{ check: "ledger", status: "fixed", text }] };
}

/** @throws {DevboxError} LEDGER_CORRUPT also for damage that opening alone does not meet */
function soundLedger(deps: DoctorDeps): Ledger {
  const ledger = deps.openLedger();
  try {
    ledger.check();
    ledger.boxes();
    return ledger;
  } catch (error) {
    ledger.close();
    throw error;
  }
}
