import type { Config } from "../config/config.ts";
import { DevboxError } from "../errors.ts";
import { quote } from "../text.ts";
import type { HostFacts } from "./facts.ts";
import type { FoundItem, HostItem } from "./items.ts";
import { orchestratorDir, PLACES } from "./places.ts";
import { overlapOf } from "./subids.ts";
import { isOurs } from "./wanted.ts";

const AGAIN = "Then run host setup again";

/**
 * The service account of a configuration.
 * @throws {DevboxError} INVALID_CONFIG when it names none, and so is one for personal use
 */
export function serviceAccount({ host }: Config, file: string): string {
  if (host.serviceUser !== null && host.serviceUser !== "root") return host.serviceUser;
  throw new DevboxError("INVALID_CONFIG", `${quote(file)} does not make an orchestrator.`, {
    why:
      host.serviceUser === null
        ? "It names no account that runs everyone's boxes (host.serviceUser)."
        : "host.serviceUser is root; boxes must not run with root's rights.",
    next: ["Add to it: host: { serviceUser: devbox, adminGroups: [sudo] }", AGAIN],
  });
}

/** @throws {DevboxError} when the account, its ids or the program's place are not fit for an orchestrator */
export function refuseUnfit(config: Config, account: string, facts: HostFacts): void {
  refuseAccount(account, orchestratorDir(config, account), facts);
  for (const [file, lines] of [["/etc/subuid", facts.subuid] as const, ["/etc/subgid", facts.subgid] as const]) {
    const both = overlapOf(lines, account, facts.account?.uid);
    if (both === undefined) continue;
    const shown = [both.mine, both.other].map(({ owner, first, count }) => `${owner}:${first}:${count}`);
    throw refusal(`${account} shares subordinate ids with another account.`, `${file} says ${shown.join(" and ")}.`, [
      `Give the other account another range, or remove that line of ${account} while it has no boxes`,
    ]);
  }
  // They stand in files of sh, sudo, sshd and systemd, each with its own characters that mean something.
  for (const path of [orchestratorDir(config, account), facts.program.path, facts.podman]) {
    if (/^\/[\w./+-]+$/.test(path)) continue;
    const why = "Only letters, digits and . / + - _ mean the same to sh, sudo, sshd and systemd.";
    throw refusal(`${quote(path)} cannot stand in all files that name it.`, why, ["Use another path"]);
  }
  const { unsafe } = facts.program;
  if (unsafe === undefined) return;
  throw refusal("the program would not be safe where it belongs.", `Others than root can change ${unsafe}.`, [
    `Close it: chown root:root ${unsafe} && chmod go-w ${unsafe}, and so all directories above it`,
  ]);
}

function refuseAccount(account: string, home: string, { account: found }: HostFacts): void {
  if (found === undefined) return;
  const next = ["Name another account in host.serviceUser, which need not exist yet", AGAIN];
  if (found.password === "set" || (found.uid >= 1000 && found.home.startsWith("/home/"))) {
    throw refusal(`the account ${account} is a person's.`, "It has a password, or its home lies in /home.", next);
  }
  if (found.home === home) return;
  throw refusal(`the account ${account} has another home.`, `It is ${found.home}, and state.dir is ${home}.`, [
    `Set state.dir to ${found.home} if that account is for the boxes alone`,
    ...next,
  ]);
}

/** @throws {DevboxError} when something that setup did not make lies where an item belongs */
export function refuseForeign(found: readonly FoundItem[]): void {
  for (const { item, state, present, differences } of found) {
    if (state !== "change") continue;
    const [difference = ""] = differences;
    const isOther = difference.startsWith("it is no ");
    if (!isOther && !isForeignFile(item, present)) continue;
    const path = "path" in item ? item.path : item.name;
    throw refusal(`${path} is not host setup's own.`, isOther ? `${difference}.` : "Somebody else wrote it.", [
      `Look at it, and move it away: mv ${path} ${path}.before`,
    ]);
  }
}

function isForeignFile(item: HostItem, present: string | undefined): boolean {
  return item.kind === "file" && item.path !== PLACES.config && present !== undefined && !isOurs(present);
}

/** @throws {DevboxError} when nobody could log in any more once sshd takes keys alone */
export function refuseLockOut({ logins }: HostFacts, adminGroups: readonly string[]): void {
  if (logins.admins.length > 0 || logins.rootHasKey) return;
  const groups = adminGroups.length === 0 ? "an admin group (host.adminGroups names none)" : adminGroups.join(" or ");
  throw refusal(
    "nobody could log in to this host any more.",
    `Neither root nor a member of ${groups} has an SSH key.`,
    [
      "Add an administrator's public key: ~/.ssh/authorized_keys of theirs",
      "Or leave sshd as it is: devbox-ctl host setup --no-sshd",
    ],
  );
}

function refusal(message: string, why: string, next: readonly string[]): DevboxError {
  return new DevboxError("WRONG_STATE", `${message} Nothing was changed.`, { why, next });
}
