import { DevboxError } from "../../core/errors.ts";
import type { Tailnet } from "../../ports/tailnet.ts";
import type { Deps } from "../deps.ts";

/** @throws {DevboxError} TAILNET_NOT_SET_UP */
export async function needTailnet(deps: Deps): Promise<Tailnet> {
  const tailnet = await deps.tailnet();
  if (tailnet) return tailnet;
  throw new DevboxError("TAILNET_NOT_SET_UP", "boxes join no tailnet here.", {
    why: "The configuration has no tailnet.provider.",
    next: ["Try one on this machine: devbox-ctl tailnet dev up", "How to set one up: docs/tailnet.md"],
  });
}
