import type { Secret } from "../../core/secret.ts";
import { tagsOf } from "../../core/tailnet.ts";
import type { Deps } from "../deps.ts";
import type { Step } from "../journal.ts";

/** A user's auth key, read when it is first asked for and never twice. */
export type KeyOnce = () => Promise<Secret>;

/**
 * The key of a box's owner, whoever asks: an administrator who starts somebody's box must not lend it their own key.
 */
export function keyOf(deps: Deps, owner: string): KeyOnce {
  let read: Promise<Secret> | undefined;
  return () => (read ??= readKey(deps, owner));
}

async function readKey(deps: Deps, owner: string): Promise<Secret> {
  // A name that fits no tag is refused before anything is asked for.
  tagsOf(owner);
  const store = await deps.secrets();
  return store.authKey(owner, deps.interrupt);
}

/** Reads the key before anything is made, so that a key that cannot be had costs nothing. */
export function keyStep(deps: Deps, owner: string, key: KeyOnce): Step {
  return {
    name: "key",
    title: "Auth key read",
    run: async () => {
      await key();
      return { detail: (await deps.secrets()).place(owner) };
    },
  };
}
