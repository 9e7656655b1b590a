import type { TailnetConfig } from "../../core/config/config.ts";
import { DevboxError } from "../../core/errors.ts";
import { SECOND } from "../../core/time.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Tailnet } from "../../ports/tailnet.ts";
import type { TailnetCalls } from "./api.ts";
import { readCredential, type Sources } from "./credentials.ts";
import { createHeadscale, headscalePeer } from "./headscale.ts";
import { createTailscale, TAILSCALE_API, tailscalePeer } from "./tailscale.ts";

/** What it is made of, besides the configuration. */
export type TailnetParts = Pick<Sources, "credentials" | "read"> & { readonly clock: Clock };

/**
 * The configured control plane; undefined when boxes join none. Its credential is read when something is asked, so
 * that boxes can log in, and be recorded at it, also where nobody may remove devices.
 * @throws {DevboxError} TAILNET_NOT_SET_UP for a URL that cannot be one
 */
export function createTailnet(config: TailnetConfig, parts: TailnetParts): Tailnet | undefined {
  const { provider, api } = config;
  if (provider === "none") return undefined;
  const [url, setting] =
    api.url !== null
      ? ([api.url, "tailnet.api.url"] as const)
      : provider === "headscale"
        ? ([config.loginServer, "tailnet.loginServer"] as const)
        : ([TAILSCALE_API, undefined] as const);
  const base = baseOf(url);
  const make = (): TailnetCalls => {
    const credential = readCredential({ ...parts, api, provider });
    const peer = (provider === "headscale" ? headscalePeer : tailscalePeer)({ base, setting }, credential);
    const spoken = { peer, clock: parts.clock, timeout: config.timeout * SECOND };
    return provider === "headscale"
      ? createHeadscale(spoken, credential.key)
      : createTailscale(spoken, credential, api.tailnet);
  };
  let made: TailnetCalls | undefined;
  const calls = () => (made ??= make());
  return {
    title: provider === "headscale" ? "headscale" : "Tailscale",
    control: provider === "headscale" ? `headscale ${base}` : `tailscale ${base} ${api.tailnet}`,
    devices: async () => calls().devices(),
    device: async (nodeId) => calls().device(nodeId),
    remove: async (nodeId) => calls().remove(nodeId),
    rename: async (nodeId, name) => calls().rename(nodeId, name),
  };
}

/** The URL in one spelling, because the ledger keeps it: no slash at the end, the host in small letters. */
function baseOf(url: string | null): string {
  const { protocol, host, pathname, username, password, search, hash } = new URL(url ?? "");
  if (username + password + search + hash === "") return `${protocol}//${host}${pathname.replace(/\/+$/, "")}`;
  // Not shown: a password may be in it.
  throw new DevboxError("TAILNET_NOT_SET_UP", "the tailnet's URL has parts that it cannot have.", {
    why: "A user name, a password, ?… or #… is in tailnet.api.url or tailnet.loginServer.",
    next: ["Write it like https://headscale.example.com; keys belong into tailnet.api.tokenFile"],
  });
}
