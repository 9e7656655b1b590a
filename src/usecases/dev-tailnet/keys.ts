import { DevboxError, hasCode } from "../../core/errors.ts";
import type { DevTailnetRecord } from "../../core/dev-tailnet/record.ts";
import type { Secret } from "../../core/secret.ts";
import { tagsOf } from "../../core/tailnet.ts";
import { DAY, type Millis } from "../../core/time.ts";
import type { DevControl, ShownKey, TailnetTools } from "../../ports/dev-tailnet.ts";
import type { DevTailnetDeps } from "./deps.ts";

/** How long keys are good for, in milliseconds. */
const KEY_LIFE = 90 * DAY;
/** A key that has less left than this is made anew. */
const KEY_LEFT = 14 * DAY;

export interface UserKey {
  readonly name: string;
  /** File that holds the auth key of this user's boxes. */
  readonly keyFile: string;
  readonly keyExpiresAt: Millis;
}

const shownOf = (keys: readonly ShownKey[], kept: Secret | undefined): ShownKey | undefined =>
  keys.find(({ prefix }) => prefix !== "" && kept?.reveal().startsWith(prefix) === true);

/** headscale with an API key that is good for some time yet; made anew where it is not. @throws {DevboxError} TAILNET_FAILED */
export async function controlFor(
  { tailnet, clock }: DevTailnetDeps,
  tools: TailnetTools,
  record: DevTailnetRecord,
): Promise<DevControl> {
  const kept = tailnet.keptApiKey();
  if (kept !== undefined) {
    const control = tailnet.control(record);
    const keys = await control.apiKeys().catch((error: unknown) => {
      if (hasCode(error, "TAILNET_API_REFUSED")) return [];
      throw error;
    });
    const shown = shownOf(keys, kept);
    if (shown !== undefined && shown.expiresAt - clock.now() > KEY_LEFT) return control;
  }
  await tailnet.renewApiKey(tools, KEY_LIFE);
  return tailnet.control(record);
}

/**
 * Sees to it that each user is there and has an auth key for boxes: reusable, ephemeral, with exactly their tags; the
 * keys are kept in files. FR-046, FR-049 to FR-051
 * @returns each user's key, without the key itself
 */
export async function keysFor(
  { tailnet, clock }: DevTailnetDeps,
  control: DevControl,
  users: readonly string[],
): Promise<UserKey[]> {
  const there = await control.users();
  for (const user of users) if (!there.has(user)) await control.addUser(user);
  const shown = await control.authKeys();
  const found: UserKey[] = [];
  for (const user of users) {
    const good = shownOf(shown, tailnet.keptKey(user));
    let keyExpiresAt = good?.expiresAt ?? 0;
    if (keyExpiresAt - clock.now() <= KEY_LEFT) {
      const key = await control.addAuthKey({ tags: tagsOf(user), reusable: true, life: KEY_LIFE });
      if (key.reveal() === "") throw new DevboxError("TAILNET_FAILED", `headscale made no key for ${user}.`);
      tailnet.keepKey(user, key);
      keyExpiresAt = clock.now() + KEY_LIFE;
    }
    found.push({ name: user, keyFile: tailnet.keyFile(user), keyExpiresAt });
  }
  return found;
}
