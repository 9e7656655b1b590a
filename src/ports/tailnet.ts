import type { TailnetDevice } from "../core/tailnet.ts";

/**
 * The control plane of a tailnet. Devices are named by their node id alone, never by a host name.
 * All calls throw {@link DevboxError}: TAILNET_NOT_SET_UP (no credential), TAILNET_UNREACHABLE, TAILNET_API_REFUSED,
 * TAILNET_RATE_LIMITED, TAILNET_FAILED; SECRETS_EXPOSED and SECRETS_FAILED for a credential's file that others can
 * read, or nobody.
 */
export interface Tailnet {
  /** What it is, for people: `Tailscale`, `headscale`. */
  readonly title: string;
  /**
   * Which control plane this is, for the ledger: a device is proven gone by the one that it was recorded at alone.
   * Such as `headscale http://10.0.0.1:8080` or `tailscale https://api.tailscale.com -`.
   */
  readonly control: string;
  /** All devices of the tailnet. */
  devices(): Promise<TailnetDevice[]>;
  /** One device, or undefined when the control plane says that there is none. */
  device(nodeId: string): Promise<TailnetDevice | undefined>;
  /** Removes a device; one that is not there is fine. */
  remove(nodeId: string): Promise<void>;
  /** Gives a device the name under which it is found. */
  rename(nodeId: string, name: string): Promise<void>;
}
