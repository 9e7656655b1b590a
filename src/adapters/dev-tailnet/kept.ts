import { chmodSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { headscaleConfig } from "../../core/dev-tailnet/headscale-config.ts";
import { policyFor } from "../../core/dev-tailnet/policy.ts";
import { readRecord } from "../../core/dev-tailnet/record.ts";
import { Secret } from "../../core/secret.ts";
import { authKeyItem } from "../../core/tailnet.ts";
import { MINUTE, SECOND } from "../../core/time.ts";
import type { DevTailnet, DevTailnetPlaces } from "../../ports/dev-tailnet.ts";
import { privateDirectory, textOf, writePrivate } from "./files.ts";

/** Seconds after which headscale forgets a box that is gone: what Tailscale does at the earliest. */
const FORGET_AFTER = (30 * MINUTE) / SECOND;

/** Names in its directory. */
const CONFIG = "devbox.yaml";
const RECORD = "tailnet.json";
const POLICY = "policy.hujson";

/** Whether a configuration file is the one that a tailnet of one's own made for its boxes. */
export const isDevTailnetConfig = (file: string): boolean =>
  basename(file) === CONFIG && textOf(join(dirname(file), RECORD)) !== undefined;

export const placesIn = (dir: string, log: string): DevTailnetPlaces => ({
  dir,
  config: join(dir, CONFIG),
  keys: join(dir, "keys"),
  apiKey: join(dir, "api-key"),
  stateDir: `${dir}-boxes`,
  leftConfig: join(`${dir}-boxes`, CONFIG),
  log,
});

type KeptCalls = Pick<
  DevTailnet,
  | "places"
  | "record"
  | "keep"
  | "keptApiKey"
  | "keptKey"
  | "keepKey"
  | "keyFile"
  | "writeConfig"
  | "writeLeftConfig"
  | "purge"
> & { readonly keepApiKey: (key: Secret) => void };

/** The files of a tailnet of one's own, none of which anybody else can read. */
export function keptCalls(places: DevTailnetPlaces): KeptCalls {
  const { dir, keys, apiKey, config } = places;
  const recordFile = join(dir, RECORD);
  const keyFile = (user: string) => join(keys, authKeyItem(user));
  return {
    places,
    record: () => {
      const text = textOf(recordFile);
      return text === undefined ? undefined : readRecord(text, recordFile);
    },
    keep: (record) => {
      for (const each of [dir, keys]) {
        privateDirectory(each);
        chmodSync(each, 0o700);
      }
      const policy = policyFor(record.users);
      const file = join(dir, POLICY);
      const differs = textOf(file) !== policy;
      const place = { ...record, stunPort: record.port, policy: POLICY, forgetAfter: FORGET_AFTER };
      writePrivate(join(dir, "config.yaml"), headscaleConfig(place));
      writePrivate(file, policy);
      // Last: who finds a record finds the rest.
      writePrivate(recordFile, `${JSON.stringify(record, null, 2)}\n`);
      return differs;
    },
    keptApiKey: () => secretIn(apiKey),
    keepApiKey: (key) => {
      writePrivate(apiKey, key.reveal());
    },
    keptKey: (user) => secretIn(keyFile(user)),
    keepKey: (user, key) => {
      writePrivate(keyFile(user), key.reveal());
    },
    keyFile,
    writeConfig: (text) => {
      writePrivate(config, text);
    },
    writeLeftConfig: (text) => {
      privateDirectory(places.stateDir);
      writePrivate(places.leftConfig, text);
    },
    purge: () => {
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function secretIn(file: string): Secret | undefined {
  const text = textOf(file)?.trim() ?? "";
  return text === "" ? undefined : new Secret(text);
}
