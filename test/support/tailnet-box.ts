import { expect } from "vitest";
import manifest from "../../containers/box/image.json" with { type: "json" };
import type { Headscale } from "./headscale.ts";
import { podman, podmanOk } from "./podman.ts";
import type { Ran } from "./rootless.ts";
import { runServiceBox, type ServiceBox } from "./service-box.ts";

/** The line of JSON that the box's program `tailnet` prints. */
export interface BoxNodeLine {
  readonly state: string;
  readonly id: string;
  readonly nodeKey: string;
  readonly hostname: string;
  readonly dnsName: string;
  readonly addresses: readonly string[];
  readonly tags: readonly string[];
  readonly online: boolean;
}

export interface TailnetBox extends ServiceBox {
  /** Runs its program `tailnet`, with a key on standard input. Never throws. */
  tailnet(args: readonly string[], key?: string): Promise<Ran>;
  node(): Promise<BoxNodeLine>;
}

export const { tailnet: TAILNET } = manifest.programs;

/** Who a box with only `tailnet` options at hand is: what every login of the tests asks for. */
export const loginOptions = (headscale: { readonly url: string }, hostname: string, ...more: string[]): string[] => {
  const common = ["--hostname", hostname, "--tags", "tag:devcontainer,tag:alice-container", "--timeout", "20"];
  return [...common, "--login-server", headscale.url, "--env", "TS_DEBUG_USE_DERP_HTTP=1", ...more];
};

/** Starts a box whose tailscaled answers. */
export async function runTailnetBox(image: string, options: readonly string[] = []): Promise<TailnetBox> {
  const box = await runServiceBox(image, options);
  const tailnet = (args: readonly string[], key?: string): Promise<Ran> =>
    podman(["exec", "--interactive", box.name, TAILNET, ...args], key === undefined ? {} : { input: key });
  await box.until("tailscaled", "ready");
  return {
    ...box,
    tailnet,
    async node() {
      const { stdout, stderr, exitCode } = await tailnet(["status"]);
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
      return JSON.parse(stdout) as BoxNodeLine;
    },
  };
}

/** The address of this machine on the box's own network. It is a private one, which `hostAddress` says is needed. */
export async function gatewayOf(box: { readonly name: string }): Promise<string> {
  return podmanOk(["inspect", "--format", "{{.NetworkSettings.Gateway}}", box.name]);
}

/** Logs a box in with a key of its owner's, and gives its node. */
export async function logIn(box: TailnetBox, headscale: Headscale, hostname: string): Promise<BoxNodeLine> {
  const { key } = await headscale.boxKey("alice");
  const { stdout, stderr, exitCode } = await box.tailnet(["login", ...loginOptions(headscale, hostname)], key);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  return JSON.parse(stdout) as BoxNodeLine;
}
