import type { BoxRecord } from "../../core/box.ts";
import { DevboxError, type ErrorCode } from "../../core/errors.ts";
import { IMAGE } from "../../core/image-contract.ts";
import { redacted, type Secret } from "../../core/secret.ts";
import { type BoxNode, readBoxNode, tagsOf } from "../../core/tailnet.ts";
import { SECOND } from "../../core/time.ts";
import type { ProgramResult } from "../../ports/engine.ts";
import type { Deps } from "../deps.ts";

/** A box whose container runs. */
export type RunningNode = Pick<BoxRecord, "id" | "name" | "owner" | "phase"> & { readonly containerId: string };

/** Exit codes of /usr/libexec/devbox/tailnet; 126 and 127 are the engine's for a program that is not there. */
const CODES: Readonly<Record<number, ErrorCode>> = {
  3: "TAILNET_DAEMON",
  4: "TAILNET_DAEMON",
  5: "TAILNET_KEY_REFUSED",
  6: "TAILNET_FAILED",
  7: "TAILNET_UNREACHABLE",
  126: "TAILNET_DAEMON",
  127: "TAILNET_DAEMON",
};

/** Milliseconds for what only asks the box, and what a call may take beyond the time that its program was given. */
const ASK_LIMIT = 20 * SECOND;
const MARGIN = 30 * SECOND;
/** Seconds that a box is given to take its leave; the control plane removes the device afterwards in any case. */
const LOGOUT_SECONDS = 5;

/** How the box's tailscaled is. @throws {DevboxError} TAILNET_DAEMON, ENGINE_GARBAGE, the ENGINE_ codes */
export async function askNode(deps: Deps, box: RunningNode): Promise<BoxNode> {
  return readBoxNode(await call(deps, box, { args: ["status"], timeout: ASK_LIMIT }));
}

/**
 * Logs a box in with a key, which enters it on standard input. The box must not be logged in.
 * @throws {DevboxError} TAILNET_KEY_REFUSED, TAILNET_UNREACHABLE, TAILNET_DAEMON, TAILNET_FAILED
 */
export function logIn(deps: Deps, box: RunningNode, key: Secret): Promise<BoxNode> {
  return withKey(deps, box, { verb: "login", hostname: box.name, key });
}

/** Tries a key in the box, beside its own node. @returns the node that it made, which is logged out again */
export function tryKey(deps: Deps, box: RunningNode, hostname: string, key: Secret): Promise<BoxNode> {
  return withKey(deps, box, { verb: "try", hostname, key });
}

/** Logs a box that is logged in in anew, with another key; on failure it is what it was. @throws as {@link logIn} */
export function renewNode(deps: Deps, box: RunningNode, key: Secret): Promise<BoxNode> {
  return withKey(deps, box, { verb: "renew", hostname: box.name, key });
}

/** Has the box leave the tailnet; says nothing of whether the control plane has heard it. */
export async function logOut(deps: Deps, box: RunningNode): Promise<void> {
  await call(deps, box, { args: ["logout", "--timeout", String(LOGOUT_SECONDS)], timeout: ASK_LIMIT });
}

/** Has the box forget a node that the control plane has forgotten, so that it can log in anew. */
export async function forgetNode(deps: Deps, box: RunningNode): Promise<void> {
  await call(deps, box, { args: ["forget"], timeout: MARGIN });
}

interface WithKey {
  readonly verb: "login" | "try" | "renew";
  readonly hostname: string;
  readonly key: Secret;
}

async function withKey(deps: Deps, box: RunningNode, { verb, hostname, key }: WithKey): Promise<BoxNode> {
  const { loginServer, timeout, env } = deps.config.tailnet;
  const args = [
    verb,
    ...["--hostname", hostname, "--tags", tagsOf(box.owner).join(","), "--timeout", String(timeout)],
    ...(loginServer === null ? [] : ["--login-server", loginServer]),
    ...Object.entries(env).flatMap(([name, value]) => ["--env", `${name}=${value}`]),
  ];
  return readBoxNode(await call(deps, box, { args, key, timeout: timeout * SECOND + MARGIN }));
}

interface Call {
  readonly args: readonly string[];
  readonly timeout: number;
  readonly key?: Secret;
}

async function call(deps: Deps, box: RunningNode, { args, timeout, key }: Call): Promise<string> {
  const result = await deps.engine.runProgram(box.containerId, {
    argv: [IMAGE.programs.tailnet, ...args],
    user: "root",
    timeout,
    token: box.id,
    ...(key === undefined ? {} : { input: `${key.reveal()}\n` }),
  });
  // A box of anybody's image may answer with the key it was given, as its name for one.
  if (result.exitCode === 0) return redacted(result.stdout, ...(key === undefined ? [] : [key]));
  throw failure(box, result, { verb: args[0] ?? "", key });
}

interface Called {
  readonly verb: string;
  readonly key: Secret | undefined;
}

function failure(box: RunningNode, { exitCode, stderr }: ProgramResult, { verb, key }: Called): DevboxError {
  const { name } = box;
  const code = CODES[exitCode] ?? "TAILNET_FAILED";
  const why = redacted(stderr.replace(/^tailnet: /gm, ""), ...(key === undefined ? [] : [key])) || undefined;
  const image = "Make one that has it: devbox-ctl image build";
  if (exitCode === 3) {
    return new DevboxError(code, `the image of ${name} has no Tailscale.`, { next: [image, remade(box)] });
  }
  if (exitCode === 126 || exitCode === 127) {
    return new DevboxError(code, `the image of ${name} is older than this program.`, {
      why: `It has no program ${IMAGE.programs.tailnet}.`,
      next: ["Make today's image: devbox-ctl image build", remade(box)],
    });
  }
  return new DevboxError(code, `${SENTENCES[code] ?? "the tailnet does not take"} ${name}.`, {
    why,
    next: nextFor(code, box, verb),
  });
}

const SENTENCES: Partial<Record<ErrorCode, string>> = {
  TAILNET_DAEMON: "tailscaled does not answer in",
  TAILNET_KEY_REFUSED: "the tailnet refuses the auth key for",
  TAILNET_UNREACHABLE: "the control plane does not answer",
};

/** A box that is being created is taken back when it cannot join, so nothing can be done to it afterwards. */
const isNew = ({ phase }: RunningNode) => phase === "creating";

const remade = (box: RunningNode) =>
  isNew(box) ? `Then: devbox-ctl create ${box.name}` : `Then: devbox-ctl rebuild ${box.name}   (its home stays)`;

function nextFor(code: ErrorCode, box: RunningNode, verb: string): string[] {
  const verbs = { try: "rotate-key", renew: "rotate-key" } as Record<string, string>;
  const again = `Then try again: devbox-ctl ${isNew(box) ? "create" : (verbs[verb] ?? "start")} ${box.name}`;
  const logs = isNew(box) ? [] : [`devbox-ctl logs ${box.name} --service tailscaled`];
  if (code === "TAILNET_KEY_REFUSED") {
    return [
      "A key that expired, was revoked or was used up has to be replaced: make a new one and store it where the old one is",
      `${again}   (docs/tailnet.md says how to make one)`,
    ];
  }
  if (code === "TAILNET_UNREACHABLE") {
    return ["See whether this host reaches it, and tailnet.loginServer: devbox-ctl tailnet status", again, ...logs];
  }
  return logs;
}
