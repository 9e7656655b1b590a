import { DevboxError, messageOf } from "../../core/errors.ts";
import { IMAGE } from "../../core/image-contract.ts";
import type { EngineFacts } from "../../ports/engine.ts";
import type { Deps } from "../deps.ts";
import { unenforcedBy, unenforcedSentence } from "../engine-facts.ts";
import type { Finding } from "./finding.ts";

/** Oldest Podman that the tests run on. */
const OLDEST = [4, 3];

/** A failure of the engine as a finding. */
export function problemFrom(check: string, error: unknown): Finding {
  if (!(error instanceof DevboxError)) throw error;
  const text = [error.message, error.why].filter(Boolean).join("\n");
  return { check, status: "problem", text, next: error.next.filter((step) => step !== "devbox-ctl doctor") };
}

/** The engine answers, is new enough, and enforces what boxes are promised. */
export async function checkEngine(
  deps: Pick<Deps, "engine">,
): Promise<{ facts: EngineFacts | undefined; findings: Finding[] }> {
  try {
    const facts = await deps.engine.facts();
    return { facts, findings: [engineLine(facts), limitsLine(facts)] };
  } catch (error) {
    return { facts: undefined, findings: [problemFrom("engine", error)] };
  }
}

function engineLine(facts: EngineFacts): Finding {
  const [major = 0, minor = 0] = facts.version.split(".").map(Number);
  const isOld = major < (OLDEST[0] ?? 0) || (major === OLDEST[0] && minor < (OLDEST[1] ?? 0));
  const kind = facts.rootless ? "rootless" : "as root";
  const text = `Podman ${facts.version}, ${kind}, cgroup ${facts.cgroupVersion}, ${facts.runtime}, ${facts.network}, storage ${facts.storageDriver}`;
  if (!isOld) return { check: "engine", status: "pass", text };
  return {
    check: "engine",
    status: "remark",
    text: `${text}; older than what is tested (${OLDEST.join(".")})`,
    next: ["Upgrade Podman"],
  };
}

function limitsLine(facts: EngineFacts): Finding {
  const sentence = unenforcedSentence(unenforcedBy(facts), facts);
  if (sentence === undefined)
    return { check: "limits", status: "pass", text: "CPU, memory and process limits are enforced" };
  return { check: "limits", status: "remark", text: sentence };
}

/** The image that `create` takes is here and keeps the contract. */
export async function checkImage(deps: Pick<Deps, "engine" | "config">): Promise<Finding> {
  const { image } = deps.config;
  try {
    const found = (await deps.engine.images()).find((candidate) => candidate.names.includes(image));
    if (found === undefined) {
      const text = `the image ${image} is not here, or is no box image`;
      return { check: "image", status: "problem", text, next: ["devbox-ctl image build"] };
    }
    if (found.contract !== String(IMAGE.contract)) {
      const text = `${image} keeps image contract ${found.contract}; this program needs ${String(IMAGE.contract)}`;
      return { check: "image", status: "problem", text, next: ["devbox-ctl image build"] };
    }
    return { check: "image", status: "pass", text: `Image ${image}, contract ${found.contract}` };
  } catch (error) {
    return { check: "image", status: "problem", text: `images cannot be listed: ${messageOf(error)}` };
  }
}
