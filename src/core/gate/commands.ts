import { SSH_CONFIG_THERE } from "../ssh-config.ts";
import { DevboxError } from "../errors.ts";
import { quote } from "../text.ts";
import { BoundaryRefusal } from "./refusal.ts";

/**
 * Who may have a command done by the service account. `everyone`: all users, each with their own boxes.
 * `administrators`: it is about the host. `caller`: it works with the caller's own files and rights, so it never crosses.
 */
export type Audience = "everyone" | "administrators" | "caller";

/** Every command by its id; what is not here does not cross. */
export const AUDIENCE: Readonly<Record<string, Audience>> = {
  ...named("everyone", [
    ...["audit", "complete", "completion", "cp", "create", "destroy", "exec", "help", "image:list", "list", "logs"],
    ...["ls", "open", "port-forward", "rebuild", "restart", "rotate-key", "service:disable", "service:enable", "ssh"],
    ...["ssh-config", "start", "status", "stop", "syncthing:disable", "syncthing:enable", "syncthing:pair"],
    ...["syncthing:password", "syncthing:status", "syncthing:unpair", "tailnet:cleanup", "tailnet:status", "transfer"],
    ...["user:show", "volume:list", "volume:remove"],
    ...["hold", "policy:clear", "policy:set", "policy:show", "release", "schedule:clear", "schedule:set"],
    ...["schedule:show", "why"],
    ...["archive:list", "archive:remove", "archive:verify", "restore"],
  ]),
  ...named("administrators", [
    ...["config:show", "doctor", "hand-over", "image:build", "image:check", "image:load", "image:prepare"],
    ...["image:prune", "metrics", "notify:test", "reap", "resume"],
    ...["user:add-key", "user:list", "user:remove", "user:remove-key"],
  ]),
  ...named("caller", ["config:check", "config:schema", "host:setup"]),
  ...named("caller", ["tailnet:dev:down", "tailnet:dev:ssh", "tailnet:dev:status", "tailnet:dev:up"]),
};

function named(audience: Audience, ids: readonly string[]): Record<string, Audience> {
  return Object.fromEntries(ids.map((id) => [id, audience]));
}

/** A command that may cross. */
export interface Crossing {
  /** The words, with the command's own made one: what was judged is what is run. */
  readonly words: readonly string[];
  readonly audience: Audience;
}

/**
 * Judges words that came over the boundary.
 * @returns undefined for words that name no command; nothing is run for them but the help that says so
 * @throws {DevboxError} NOT_PERMITTED for flags that would lead to the account's files
 */
export function judgeWords(words: readonly string[]): Crossing | undefined {
  const id = commandOf(words);
  if (id === undefined) {
    // What is refused after a command is no less so in its place.
    refuseFlags(words.slice(0, 1));
    return undefined;
  }
  const rest = words.slice(id.length);
  const name = id.join(":");
  refuseFlags(TAKES_WORDS.has(name) ? ownWords(rest) : rest, name === "restore" ? ["--config"] : FORBIDDEN);
  return { words: [name, ...rest], audience: AUDIENCE[name] ?? "caller" };
}

/** The leading words that name a command. */
export function commandOf(words: readonly string[]): string[] | undefined {
  for (const length of [3, 2, 1]) {
    const leading = words.slice(0, length);
    if (leading.length === length && Object.hasOwn(AUDIENCE, leading.join(":"))) return leading;
  }
  return undefined;
}

/** Commands that split at the first `--` themselves. To the others it may be a flag's value: `--image -- --config=…`. */
const TAKES_WORDS = new Set(["cp", "exec", "hold", "ssh", "transfer"]);

/** Words before `--`; what is after it is for a program in a box, or a path. */
function ownWords(words: readonly string[]): readonly string[] {
  const end = words.indexOf("--");
  return end === -1 ? words : words.slice(0, end);
}

const FORBIDDEN: readonly string[] = ["--config", "--as"];

/** @param forbidden what leads away; to `restore`, `--as` is a box's other name, and who somebody is it says nowhere but in front */
function refuseFlags(words: readonly string[], forbidden = FORBIDDEN): void {
  const flag = forbidden.find((name) => words.some((word) => word === name || word.startsWith(`${name}=`)));
  if (flag === undefined) return;
  throw flagMeansNothing(flag);
}

/** The error for a flag that would choose another configuration, or another person. */
export function flagMeansNothing(flag: string): DevboxError {
  return new BoundaryRefusal(flag, "NOT_PERMITTED", `${flag} means nothing here.`, {
    why: "This host's boxes have one configuration, and who you are is known already.",
    next: ["Leave it out", ...(flag === "--config" ? ["To check a file of yours: devbox-ctl config check FILE"] : [])],
  });
}

/** The error for a file that a flag names and that would be read with the account's rights. */
export function fileOfOthers(flag: string, file: string): DevboxError {
  return new DevboxError("NOT_PERMITTED", `${flag} ${quote(file)} is a file, which is not read for others here.`, {
    why: "The account that runs the boxes would read it with its own rights.",
    next: ["Give an https:// address", "Or build the image elsewhere and bring it: devbox-ctl image load FILE"],
  });
}

/** Programs that want to speak to one of their kind at the other end. */
const COPIERS: readonly string[] = ["scp", "rsync", "sftp-server", "internal-sftp", "sftp"];

/**
 * Refuses what `scp`, `rsync` or `sftp` ask for when they are pointed at the host instead of a box.
 * @throws {DevboxError} USAGE
 */
export function refuseCopiers([first = ""]: readonly string[]): void {
  const program = first.slice(first.lastIndexOf("/") + 1);
  if (!COPIERS.includes(program)) return;
  throw new BoundaryRefusal(program, "USAGE", `${program} does not work with this host, but with each of your boxes.`, {
    why: "Files are in the boxes; this account has none for you.",
    next: [
      `Make your boxes known to ssh, scp, rsync and sftp: ${SSH_CONFIG_THERE}`,
      "For a single file: ssh HOST cp - NAME:PATH < FILE",
    ],
  });
}
