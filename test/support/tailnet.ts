import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import path from "node:path";
import process from "node:process";
import { execa } from "execa";
import { isPrivate } from "../../src/core/dev-tailnet/headscale-config.ts";
import { policyFor } from "../../src/core/dev-tailnet/policy.ts";
import { startHeadscale, stayingInterfaces, type Headscale, type HeadscaleOptions } from "./headscale.ts";

/** The user who runs the tests, to whom boxes belong that the program itself makes. */
export const me = userInfo().username;

/** A tailnet for boxes of the program: a control plane, and users' keys in private files. */
export interface TestTailnet extends AsyncDisposable {
  readonly headscale: Headscale;
  readonly keys: string;
  /** The keys `secrets` and `tailnet` of a configuration. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Stores a key as a user's. */
  setKey(user: string, key: string): Promise<void>;
  /** Makes and stores a key as a user's boxes need it. */
  newKey(user: string): Promise<string>;
  remove(): Promise<void>;
}

/**
 * @param users who has a key; {@link me} alone unless told
 */
export async function testTailnet(
  users: readonly string[] = [me],
  options: HeadscaleOptions = {},
): Promise<TestTailnet> {
  const address = await privateAddress();
  const dir = await mkdtemp(path.join(tmpdir(), "dbxtest-tailnet-"));
  await chmod(dir, 0o700);
  const headscale = await startHeadscale({ policy: policyFor([...users]), address: address.text, ...options });
  const tokenFile = path.join(dir, "api-key");
  await writeFile(tokenFile, `${headscale.key}\n`, { mode: 0o600 });
  const setKey = (user: string, key: string) =>
    writeFile(path.join(dir, `${user}-tailscale-authkey`), `${key}\n`, { mode: 0o600 });
  const newKey = async (user: string) => {
    const { key } = await headscale.boxKey(user);
    await setKey(user, key);
    return key;
  };
  const remove = async () => {
    await headscale.remove();
    await rm(dir, { recursive: true, force: true });
    await address.remove();
  };
  for (const user of users) await newKey(user);
  return {
    headscale,
    keys: dir,
    config: {
      secrets: { provider: "file", dir },
      tailnet: {
        provider: "headscale",
        loginServer: headscale.url,
        env: { TS_DEBUG_USE_DERP_HTTP: "1" },
        api: { tokenFile },
      },
    },
    setKey,
    newKey,
    remove,
    [Symbol.asyncDispose]: remove,
  };
}

let addresses = 0;

/**
 * A private IPv4 address of this machine that stays as long as it is needed (Podman's bridge comes and goes), for the
 * reason that `hostAddress` tells; root makes one where there is none.
 */
export async function privateAddress(): Promise<{ readonly text: string; remove(): Promise<void> }> {
  const found = stayingInterfaces()
    .flatMap(([, each]) => each)
    .find(({ family, address }) => family === "IPv4" && isPrivate(address));
  if (found !== undefined) return { text: found.address, remove: () => Promise.resolve() };
  addresses += 1;
  const text = `10.${String(100 + (process.pid % 100))}.${String(Math.floor(process.pid / 100) % 250)}.${String(addresses)}`;
  const change = (verb: "add" | "del") => execa("ip", ["address", verb, `${text}/32`, "dev", "lo"]);
  await change("add");
  return {
    text,
    remove: async () => {
      await change("del");
    },
  };
}
