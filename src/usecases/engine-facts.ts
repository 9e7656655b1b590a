import type { EngineFacts, UnenforcedLimit } from "../ports/engine.ts";
import type { Deps } from "./deps.ts";

/** Changes with what is kept, so that an older program's facts are not taken for whole. */
const FACT = "engine.2";

/** What the engine can do: kept from an earlier command unless the engine, its settings or the boot changed. */
export async function engineFacts(deps: Pick<Deps, "engine" | "ledger" | "host">): Promise<EngineFacts> {
  return keptFacts(deps) ?? (await freshFacts(deps));
}

/** Asks the engine anew and keeps the answer. */
export async function freshFacts(deps: Pick<Deps, "engine" | "ledger" | "host">): Promise<EngineFacts> {
  const facts = await deps.engine.facts();
  deps.ledger.setFact(FACT, JSON.stringify({ of: key(deps), facts }));
  return facts;
}

/** What is known without asking; undefined when nothing is, or it may be stale. */
function keptFacts(deps: Pick<Deps, "engine" | "ledger" | "host">): EngineFacts | undefined {
  const text = deps.ledger.fact(FACT);
  if (text === undefined) return undefined;
  const kept = JSON.parse(text) as { of: string; facts: EngineFacts };
  return kept.of === key(deps) ? kept.facts : undefined;
}

// A reboot may change the cgroup version and what is delegated, without any file of Podman's changing.
function key(deps: Pick<Deps, "engine" | "host">): string {
  return `${deps.host.self().bootId} ${deps.engine.fingerprint()}`;
}

/** Limits of boxes that this engine does not enforce. */
export async function unenforcedLimits(deps: Pick<Deps, "engine" | "ledger" | "host">): Promise<UnenforcedLimit[]> {
  return unenforcedBy(await engineFacts(deps));
}

/**
 * Limits that an engine does not enforce: rootless, cgroup v1 has none (Podman takes them, warns and goes on),
 * and v2 has those whose controller was delegated to the account.
 */
export function unenforcedBy(facts: EngineFacts): UnenforcedLimit[] {
  const controllers = { cpus: "cpu", memory: "memory", pids: "pids" } as const;
  const limits = ["cpus", "memory", "pids"] as const;
  if (facts.rootless && facts.cgroupVersion === "v1") return [...limits];
  return limits.filter((limit) => !facts.controllers.includes(controllers[limit]));
}

/** One sentence about limits that are not enforced, or undefined when all are. */
export function unenforcedSentence(limits: readonly UnenforcedLimit[], facts: EngineFacts): string | undefined {
  if (limits.length === 0) return undefined;
  const names = { cpus: "CPU", memory: "memory", pids: "process" } as const;
  const why = facts.rootless
    ? `rootless Podman on cgroup ${facts.cgroupVersion}${facts.cgroupVersion === "v2" ? " without delegation" : ""}`
    : "a controller is missing";
  return `${limits.map((limit) => names[limit]).join(", ")} limits are not enforced on this host (${why}); see docs/limits.md`;
}
