import { DevboxError } from "../../core/errors.ts";
import { itemId } from "../../core/host/items.ts";
import { PLACES } from "../../core/host/places.ts";
import { messageOf } from "../../core/errors.ts";
import { redacted } from "../../core/secret.ts";
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
  const { account, parts, found } = plan;
  const todo = found.filter(({ state }) => state !== "ok");
  if (todo.length > 0) await system.keepManifest(extended(system.readManifest(), plan));
  for (const each of todo) {
    progress.begin(each.state === "make" ? "Made" : "Mended");
    await system.apply(each, parts);
    progress.done("path" in each.item ? each.item.path : `${each.item.kind} ${each.item.name}`);
  }
  await system.settle(
    todo.map(({ item }) => item),
    parts,
  );
  const remark = await prepareImages(deps, account, parts.program);
  return { changed: todo.length, remarks: [...plan.remarks, ...(remark === undefined ? [] : [remark])] };
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
async function prepareImages({ system, progress }: HostDeps, account: string, program: string) {
  progress.begin("Images prepared");
  const { exitCode, stdout, stderr } = await system.asAccount(account, [program, "image", "prepare", "--json"]);
  if (exitCode === 0) {
    progress.done();
    return undefined;
  }
  const error = errorIn(stdout);
  if (error?.code === "IMAGE_NOT_FOUND") {
    progress.done("none yet");
    return "There is no box image yet: devbox-ctl image load FILE";
  }
  progress.failed();
  const why = redacted(messageOf(error?.message ?? stderr.trim()));
  return `Images were not prepared, so the first boxes take longer: ${why === "" ? `exit code ${exitCode}` : why}`;
}

function errorIn(text: string): { readonly code: string; readonly message: string } | undefined {
  try {
    return (JSON.parse(text) as { error?: { code: string; message: string } }).error;
  } catch {
    return undefined;
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
