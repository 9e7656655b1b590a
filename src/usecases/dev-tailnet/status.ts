import { headscaleUrl } from "../../core/dev-tailnet/headscale-config.ts";
import { DevboxError } from "../../core/errors.ts";
import type { DaemonState, DevNode } from "../../ports/dev-tailnet.ts";
import type { DevTailnetDeps } from "./deps.ts";

export interface DevStatusResult {
  readonly state: DaemonState | "none";
  readonly url: string | undefined;
  readonly users: readonly { readonly name: string; readonly keyFile: string }[];
  /** Undefined when headscale cannot be asked. */
  readonly nodes: readonly DevNode[] | undefined;
  readonly config: string;
  /** Whether the configuration in force is that one. */
  readonly inForce: boolean;
  /** What headscale says. */
  readonly log: string;
  /** Why it cannot be asked, though it runs. */
  readonly problem: string | undefined;
}

/**
 * Whether there is a tailnet of one's own, and what it has. Changes nothing.
 * @throws {DevboxError} WRONG_STATE, NOT_PERMITTED
 */
export async function devTailnetStatus(
  { tailnet }: Pick<DevTailnetDeps, "tailnet">,
  { configFile }: { readonly configFile: string | undefined },
): Promise<DevStatusResult> {
  const { config, log } = tailnet.places;
  const record = tailnet.record();
  const inForce = configFile === config;
  const common = { config, inForce, log };
  if (record === undefined) {
    return { ...common, state: "none", url: undefined, users: [], nodes: undefined, problem: undefined };
  }
  const state = tailnet.state();
  const asked = state === "running" ? await nodesOf(() => tailnet.control(record).nodes()) : {};
  return {
    ...common,
    state,
    url: headscaleUrl(record),
    users: record.users.map((name) => ({ name, keyFile: tailnet.keyFile(name) })),
    nodes: asked.nodes,
    problem: asked.problem,
  };
}

async function nodesOf(ask: () => Promise<DevNode[]>): Promise<{ nodes?: DevNode[]; problem?: string }> {
  try {
    return { nodes: await ask() };
  } catch (error) {
    if (error instanceof DevboxError) return { problem: error.message };
    throw error;
  }
}
