import { DevboxError } from "../../core/errors.ts";
import { itemId, spokenItem } from "../../core/host/items.ts";
import { PLACES } from "../../core/host/places.ts";
import { messageOf } from "../../core/errors.ts";
import { redacted } from "../../core/secret.ts";
import { count } from "../../core/text.ts";
import type { Manifest } from "../../ports/host-system.ts";
import type { HostDeps } from "./deps.ts";
import type { SetupPlan } from "./plan.ts";

export interface SetupResult {
  /** How many items were made or mended. */
  readonly changed: number;
  readonly remarks: readonly string[];
}

/**
 * Makes what the plan found missing, in its order. Ended at any line, it goes on there the next time: what it is about
 * to make is written down before, so that it can be taken back too.
 * @throws {DevboxError} HOST_SETUP
 */
export async function applySetup(deps: HostDeps, plan: SetupPlan): Promise<SetupResult> {
  const { system, progress } = deps;
  const { parts, found } = plan;
  const changes = found.filter(({ state }) => state !== "ok");
  if (changes.length > 0) await system.keepManifest(extended(system.readManifest(), plan));
  for (const each of changes) {
    progress.begin(each.state === "make" ? "Made" : "Mended");
    await system.apply(each, parts);
    progress.done(spokenItem(itemId(each.item)));
  }
  await system.settle(
    changes.map(({ item }) => item),
    parts,
  );
  const last = [await prepareImages(deps, plan), await bringBack(deps, plan, changes.length > 0)];
  return { changed: changes.length, remarks: [...plan.remarks, ...last.filter((remark) => remark !== undefined)] };
}

function extended(before: Manifest | undefined, { account, parts, found, configText }: SetupPlan): Manifest {
  const made = found.filter(({ state }) => state === "make").map(({ item }) => itemId(item));
  const makesConfig = made.includes(`file:${PLACES.config}`) && configText !== null;
  return {
    ...{ account, home: parts.home },
    made: [...new Set([...(before?.made ?? []), ...made])],
    config: makesConfig ? configText : before?.config,
  };
}

/** Copies of images that owners' boxes need, so that nobody waits for them. @returns what an administrator has to do */
async function prepareImages({ system, progress }: HostDeps, { account, engine, parts }: SetupPlan) {
  if (await system.lacksImage(account, engine)) return "There is no box image yet: devbox-ctl image load FILE";
  progress.begin("Images prepared");
  const { exitCode, stdout, stderr } = await system.asAccount(account, [parts.program, "image", "prepare", "--json"]);
  if (exitCode === 0) {
    progress.done();
    return undefined;
  }
  progress.failed();
  const why = redacted(messageOf(answerIn(stdout).error?.message ?? stderr.trim()));
  return `Images were not prepared, so the first boxes take longer: ${why === "" ? `exit code ${exitCode}` : why}`;
}

/**
 * Boxes that are meant to run stop when setup is taken back: set up again, they start as after a boot. A run that had
 * nothing to do only names them.
 * @returns what an administrator has to do
 */
async function bringBack({ system, progress }: HostDeps, { account, parts }: SetupPlan, mayStart: boolean) {
  const { stdout } = await system.asAccount(account, [parts.program, "resume", "--dry-run", "--json"]);
  const names = (answerIn(stdout).boxes ?? []).filter(({ outcome }) => outcome === "to-start").map(({ name }) => name);
  if (names.length === 0) return undefined;
  const boxes = count(names.length, "box", "boxes");
  const why = `${boxes} that should run ${names.length === 1 ? "is" : "are"} stopped (${names.join(", ")})`;
  if (!mayStart) return `${why}. Start them: devbox-ctl resume`;
  progress.begin("Boxes started");
  if (await system.startUnit("devbox-resume.service")) {
    progress.done(names.join(" "));
    return undefined;
  }
  progress.failed();
  return `${why}, and not all could be started: journalctl -u devbox-resume`;
}

/** The part of the program's answers that is looked at here. */
interface Answer {
  readonly error?: { readonly message: string };
  readonly boxes?: readonly { readonly name: string; readonly outcome: string }[];
}

function answerIn(text: string): Answer {
  try {
    return JSON.parse(text) as Answer;
  } catch {
    return {};
  }
}

/** @throws {DevboxError} when another account's orchestrator is set up here */
export function refuseOther(manifest: Manifest | undefined, account: string): void {
  if (manifest === undefined || manifest.account === account) return;
  throw new DevboxError(
    "WRONG_STATE",
    `this host is set up for the account ${manifest.account}. Nothing was changed.`,
    {
      why: `The configuration names ${account}.`,
      next: [
        `Name ${manifest.account} in host.serviceUser`,
        "Or take it back first: devbox-ctl host setup --uninstall",
      ],
    },
  );
}
