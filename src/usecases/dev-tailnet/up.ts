import { keyNameOf } from "../../core/auth-key.ts";
import { headscaleUrl } from "../../core/dev-tailnet/headscale-config.ts";
import type { DevTailnetRecord } from "../../core/dev-tailnet/record.ts";
import { trialConfig } from "../../core/dev-tailnet/trial-config.ts";
import { DevboxError, hasCode } from "../../core/errors.ts";
import { tagsOf } from "../../core/tailnet.ts";
import { quote } from "../../core/text.ts";
import type { DevNode } from "../../ports/dev-tailnet.ts";
import { type DevTailnetDeps, toolsFor } from "./deps.ts";
import { controlFor, keysFor, type UserKey } from "./keys.ts";
import { addressFor, listen } from "./listen.ts";

export interface DevUpInput {
  /** Users besides the caller and those who are there. */
  readonly users: readonly string[];
  readonly address: string | undefined;
  readonly port: number | undefined;
  /** The configuration document in force, as it was written; undefined for none. */
  readonly document: unknown;
  /** Makes a file's text of a document. */
  readonly format: (document: unknown) => string;
}

export interface DevUpResult {
  readonly url: string;
  readonly users: readonly UserKey[];
  /** The configuration file that makes boxes join. */
  readonly config: string;
  /** False when headscale ran already. */
  readonly started: boolean;
}

/**
 * Starts a headscale on this machine and makes what boxes need to join it. Doing it again mends what is missing: a
 * process that ended, a user, keys that are about to expire.
 * @throws {DevboxError} TAILNET_WRONG_TAGS for the caller's name, INVALID_NAME for another user's, USAGE, TAILNET_NOT_SET_UP, TAILNET_FAILED, PORT_TAKEN,
 * WRONG_STATE, BUSY, STATE_UNWRITABLE, HOST_DISK, INTERRUPTED
 */
export async function devTailnetUp(deps: DevTailnetDeps, input: DevUpInput): Promise<DevUpResult> {
  const { tailnet, caller } = deps;
  tagsOf(caller.user);
  for (const user of input.users) requireUser(user);
  // Before anything is built, which takes minutes.
  const address = addressFor(deps, tailnet.record(), input.address);
  const tools = await toolsFor(deps);
  return tailnet.alone(async () => {
    const before = tailnet.record();
    const users = [...new Set([...(before?.users ?? []), caller.user, ...input.users])].sort();
    const { record, started } = await listen(deps, tools, before, { users, address, port: input.port });
    const control = await controlFor(deps, tools, record);
    const keys = await keysFor(deps, control, users);
    const url = headscaleUrl(record);
    const { apiKey, keys: dir, stateDir, config } = tailnet.places;
    const document = trialConfig(input.document, { url, apiKey, keys: dir, stateDir });
    tailnet.writeConfig(
      `# Made by: devbox-ctl tailnet dev up (anew each time). For trying only.\n${input.format(document)}`,
    );
    remarkOnMove(deps, { before, record, nodes: await control.nodes() });
    return { url, users: keys, config, started };
  });
}

/** A name that was given, unlike the caller's own, can be given better: no administrator is needed. */
function requireUser(name: string): void {
  try {
    tagsOf(name);
    keyNameOf(name);
  } catch (error) {
    if (!hasCode(error, "TAILNET_WRONG_TAGS") && !hasCode(error, "SECRETS_NO_ITEM")) throw error;
    throw new DevboxError("INVALID_NAME", `${quote(name)} cannot be a user of a tailnet.`, {
      why: "It is part of a tag and of a key's name: small letters, digits and hyphens, a letter first, 64 characters at most.",
      next: ["Name them otherwise: devbox-ctl tailnet dev up --user bob"],
      cause: error,
    });
  }
}

interface Move {
  readonly before: DevTailnetRecord | undefined;
  readonly record: DevTailnetRecord;
  readonly nodes: readonly DevNode[];
}

/** Boxes keep the address at which they logged in, so those of another one are out of touch. */
function remarkOnMove({ progress }: DevTailnetDeps, { before, record, nodes }: Move): void {
  if (before === undefined || nodes.length === 0) return;
  const [old, now] = [headscaleUrl(before), headscaleUrl(record)];
  if (old === now) return;
  const names = nodes.map(({ name }) => name).join(", ");
  const back = `devbox-ctl tailnet dev up --address ${before.address} --port ${String(before.port)}`;
  progress.remark(`it listens on ${now} now; ${names} joined at ${old} and stay out of touch until: ${back}`);
}
