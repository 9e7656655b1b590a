import { DevboxError } from "../../src/core/errors.ts";
import { Secret } from "../../src/core/secret.ts";
import { authKeyItem, type TailnetDevice } from "../../src/core/tailnet.ts";
import type { SecretStore } from "../../src/ports/secret-store.ts";
import type { Tailnet } from "../../src/ports/tailnet.ts";

/** A control plane in memory. `fault` is asked before each call, and may throw. */
export class FakeTailnet implements Tailnet {
  readonly title = "headscale";
  control = "headscale http://fake";
  readonly known = new Map<string, TailnetDevice>();
  readonly calls: string[] = [];
  fault: (call: string) => void = () => undefined;

  async #do<T>(call: string, act: () => T): Promise<T> {
    await Promise.resolve();
    this.fault(call.split(" ")[0] ?? call);
    this.calls.push(call);
    return act();
  }

  devices = () => this.#do("devices", () => [...this.known.values()]);
  device = (nodeId: string) => this.#do(`device ${nodeId}`, () => this.known.get(nodeId));
  remove = (nodeId: string) =>
    this.#do(`remove ${nodeId}`, () => {
      this.known.delete(nodeId);
    });
  rename = (nodeId: string, name: string) =>
    this.#do(`rename ${nodeId} ${name}`, () => {
      const device = this.known.get(nodeId);
      if (device === undefined) throw new DevboxError("TAILNET_FAILED", "no such device");
      this.known.set(nodeId, { ...device, name });
    });
}

/** A store in memory that counts its reads. */
export class FakeSecrets implements SecretStore {
  readonly keys = new Map<string, string>();
  readonly reads: string[] = [];
  fault: () => void = () => undefined;

  place = (user: string) => `memory · ${authKeyItem(user)}`;
  async authKey(user: string): Promise<Secret> {
    await Promise.resolve();
    this.reads.push(user);
    this.fault();
    const key = this.keys.get(user);
    if (key === undefined) throw new DevboxError("SECRETS_NO_ITEM", `there is no key for ${user}.`);
    return new Secret(key);
  }
  check = () => Promise.resolve();
}
