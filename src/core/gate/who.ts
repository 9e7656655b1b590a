import type { Caller } from "../caller.ts";
import type { Config } from "../config/config.ts";
import { DevboxError } from "../errors.ts";
import { quote } from "../text.ts";
import { BoundaryRefusal } from "./refusal.ts";

/** By which way a process of the account came to be, as the system tells it. */
export type Way =
  | { readonly via: "sudo"; readonly uid: number; readonly words: readonly string[] }
  | { readonly via: "key"; readonly user: string; readonly address: string | undefined; readonly line: string }
  | { readonly via: "account"; readonly words: readonly string[] };

/** What the system gave the process; only sudo sets SUDO_UID, and only sshd the words of a forced command. */
export interface Origin {
  readonly argv: readonly string[];
  readonly sudoUid: string | undefined;
  readonly sshCommand: string | undefined;
  readonly sshConnection: string | undefined;
}

/**
 * Tells by which way a process came. {@link refuseNames} comes next: who it is has to be known for what is refused, too.
 * @param account user id of the account itself
 * @throws {DevboxError} NOT_PERMITTED for a user id that is none
 */
export function wayOf({ argv, sudoUid, sshCommand, sshConnection }: Origin, account: number): Way {
  const [first, user = "", gate, ...rest] = argv;
  if (sudoUid !== undefined) {
    if (!/^\d+$/.test(sudoUid)) throw nobodySays();
    if (Number(sudoUid) !== account) return { via: "sudo", uid: Number(sudoUid), words: argv };
    return { via: "account", words: argv };
  }
  const isForced = first === "--as" && user !== "" && gate === "gate" && rest.length === 0;
  if (!isForced) return { via: "account", words: argv };
  const address = /^[\da-fA-F.:]+(?=[ %])/.exec(sshConnection ?? "")?.[0];
  return { via: "key", user, address, line: sshCommand ?? "" };
}

/**
 * Only the words that a key forces say who someone is.
 * @throws {DevboxError} NOT_PERMITTED when others do
 */
export function refuseNames(way: Way): void {
  if (way.via !== "key" && way.words[0] === "--as") throw nobodySays();
}

function nobodySays(): DevboxError {
  return new BoundaryRefusal("--as", "NOT_PERMITTED", "nobody says who they are here.", {
    why: "Who asks is known from sudo, or from the SSH key.",
    next: ["Leave out --as"],
  });
}

/**
 * Whether someone may use this host's boxes at all.
 * @throws {DevboxError} NOT_PERMITTED
 */
export function requireUser(config: Pick<Config, "users">, caller: Caller): void {
  if (caller.admin || Object.hasOwn(config.users, caller.user)) return;
  throw new BoundaryRefusal("no user", "NOT_PERMITTED", `${quote(caller.user)} is no user of the boxes on this host.`, {
    why: "Neither are they among the configured users, nor in a group of administrators.",
    next: ["Ask an administrator to add them to users in /etc/devbox/config.yaml"],
  });
}

/** The error for a command that is for administrators. */
export function administratorsOnly(words: readonly string[]): DevboxError {
  const command = (words[0] ?? "").replaceAll(":", " ");
  return new DevboxError("NOT_PERMITTED", `${command} is for administrators.`, {
    why: "It is about the host and everyone's boxes.",
    next: ["Ask one of them"],
  });
}

/** The error for a command that works with the caller's own files. */
export function notHere(words: readonly string[]): DevboxError {
  const command = (words[0] ?? "").replaceAll(":", " ");
  return new DevboxError("NOT_PERMITTED", `${command} is not done by the account that runs the boxes.`, {
    why: "It works with files and rights of the machine's own users.",
    next: [`From a shell account of this host: devbox-ctl ${command}`],
  });
}
