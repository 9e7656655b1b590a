import { DevboxError, messageOf } from "../../core/errors.ts";
import { IMAGE } from "../../core/image-contract.ts";
import { checkImageName } from "../../core/image-name.ts";
import { labelsOf, objectNames, type ObjectIdentity } from "../../core/labels.ts";
import { SPEC_VERSION } from "../../core/spec-text.ts";
import type { BoxSpec } from "../../core/spec.ts";
import { type Millis, MINUTE } from "../../core/time.ts";
import type { ContainerEngine } from "../../ports/engine.ts";
import type { Deps } from "../deps.ts";
import type { Finding } from "../doctor/finding.ts";
import { engineFacts } from "../engine-facts.ts";
import { mappingFor } from "../id-mapping.ts";
import { imageMissing } from "../images.ts";
import { newContainer, STOP_GRACE } from "../steps.ts";
import { checkSettings } from "./settings.ts";
import { probedBox } from "./probe.ts";
import { PROBES } from "./probes.ts";

export interface ImageCheckResult {
  readonly image: string;
  readonly findings: readonly Finding[];
  readonly problems: number;
}

/** Milliseconds after which a trial box is nobody's any more; a check takes a fraction of it. */
const LEFT_AFTER = 15 * MINUTE;

/** Seconds that the trial box is given to become ready; as boxes are. */
const READY_LIMIT = 60;

/**
 * Tries whether an image keeps the image contract, in a box of its own that is removed afterwards: its settings, each
 * program, what dev may do, and that it stops and starts again.
 * @param deps.trial the engine, under a namespace in which no boxes are but those of trials
 * @throws {DevboxError} INVALID_SPEC, IMAGE_NOT_FOUND, the ENGINE_ codes
 */
export async function checkImage(
  deps: Deps & { readonly trial: { readonly engine: ContainerEngine; readonly namespace: string } },
  input: { readonly image: string },
): Promise<ImageCheckResult> {
  const { image } = input;
  deps.progress.begin("Settings read");
  const settings = await deps.engine.imageSettings(checkImageName(image));
  if (settings === undefined) throw imageMissing(deps, image);
  const findings = checkSettings(settings);
  deps.progress.done();
  findings.push(...(await tryOut(deps, image)));
  return { image, findings, problems: findings.filter(({ status }) => status === "problem").length };
}

async function tryOut(deps: Parameters<typeof checkImage>[0], image: string): Promise<Finding[]> {
  const { engine, namespace } = deps.trial;
  await removeLeftovers(engine, deps.clock.now() - LEFT_AFTER);
  const id = deps.host.newId(8);
  const name = `check-${id}`;
  const names = objectNames(namespace, name, id);
  const { home, private: secret } = names;
  const facts = await engineFacts(deps);
  const idmap = await mappingFor(deps, facts, { owner: deps.caller.user });
  const { limits } = deps.config;
  const spec: BoxSpec = {
    ...{
      version: SPEC_VERSION,
      image,
      cpus: 1,
      memory: limits.memory,
      pids: limits.pids,
      home,
      private: secret,
      idmap,
    },
    ...{ services: [], readOnly: false },
  };
  const createdAt = deps.clock.now();
  const unused = {
    containerId: undefined,
    stoppedAt: undefined,
    lastUsedAt: undefined,
    lastUsedBy: undefined,
    device: undefined,
  };
  const state = { phase: "creating", desired: "running" } as const;
  const box = { id, name, owner: deps.caller.user, createdAt, spec, ...state, ...unused };
  const trial = { ...deps, config: { ...deps.config, engine: { ...deps.config.engine, namespace } } };
  try {
    await engine.createVolume(home, labelsOf(namespace, "home", box), id);
    await engine.createVolume(secret, labelsOf(namespace, "private", box), id);
    return await findingsOf(trial, await engine.createBox(await newContainer(trial, box), true), id);
  } catch (error) {
    if (!(error instanceof DevboxError)) throw error;
    return [broken("a box of it starts", [error.message, error.why].filter(Boolean).join("\n"))];
  } finally {
    await engine.removeBox(id, 0, id);
    for (const volume of [home, secret]) await engine.removeVolume(volume, id);
  }
}

async function findingsOf(deps: Parameters<typeof checkImage>[0], containerId: string, token: string) {
  const { engine } = deps.trial;
  const findings: Finding[] = [];
  const ready = await becomesReady(deps, containerId, token);
  findings.push(ready);
  if (ready.status === "problem") return findings;
  const box = probedBox(engine, containerId);
  deps.progress.begin("Programs tried");
  for (const { promise, broken: problem } of PROBES) {
    const found = await problem(box).catch((error: unknown) => messageOf(error));
    findings.push(found === undefined ? kept(promise) : broken(promise, found));
  }
  deps.progress.done();
  findings.push(...(await stopsAndStarts(deps, containerId, token)));
  return findings;
}

async function becomesReady(deps: Parameters<typeof checkImage>[0], containerId: string, token: string) {
  deps.progress.begin("Box ready");
  const ready: string[] = [];
  const wait = { seconds: READY_LIMIT, token, onReady: (what: string) => ready.push(what) };
  const problems = await deps.trial.engine.waitReady(containerId, wait);
  deps.progress.done(ready.join(", "));
  const promise = "a box of it becomes ready";
  if (problems.length > 0) return broken(promise, problems.join("\n"));
  if (!ready.includes("shell")) return broken(promise, "ready --report does not name the shell");
  return kept(`${promise}: ${ready.join(", ")}`);
}

async function stopsAndStarts(deps: Parameters<typeof checkImage>[0], containerId: string, token: string) {
  const { engine } = deps.trial;
  deps.progress.begin("Stopped and started again");
  await engine.stopBox(containerId, STOP_GRACE, token);
  const detail = await engine.inspect(containerId);
  const promise = "SIGTERM ends it in time, with exit code 0";
  const code = detail?.exitCode ?? -1;
  const stops = code === 0 ? kept(promise) : broken(promise, `it ended with ${String(code)}`);
  await engine.startBox(containerId, token);
  const wait = { seconds: READY_LIMIT, token, onReady: () => undefined };
  const problems = await engine.waitReady(containerId, wait);
  const file = `${IMAGE.user.home}/.image-check`;
  const there = await engine.runProgram(containerId, { argv: ["test", "-s", file], user: "dev" });
  const again = "it starts again, and its home is as it was";
  deps.progress.done();
  if (problems.length > 0) return [stops, broken(again, problems.join("\n"))];
  return [stops, there.exitCode === 0 ? kept(again) : broken(again, `${file} is gone`)];
}

/** What a check that was killed has left. */
async function removeLeftovers(engine: ContainerEngine, before: Millis): Promise<void> {
  const isLeft = ({ identity }: { identity: ObjectIdentity }) => (identity.createdAt ?? 0) < before;
  for (const { identity } of (await engine.boxes()).filter(isLeft)) await engine.removeBox(identity.id, 0, identity.id);
  const volumes = (await engine.volumes()).filter(isLeft);
  for (const { name, identity } of volumes) await engine.removeVolume(name, identity.id);
}

const kept = (promise: string): Finding => ({ check: "image", status: "pass", text: promise });

function broken(promise: string, problem: string): Finding {
  return { check: "image", status: "problem", text: `not so: ${promise}\n${problem}` };
}
