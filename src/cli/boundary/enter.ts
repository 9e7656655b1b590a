import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import type { Caller } from "../../core/caller.ts";
import type { Config } from "../../core/config/config.ts";
import { DevboxError, hasCode } from "../../core/errors.ts";
import { BOUNDARY_FILE, type Boundary, parseBoundary } from "../../core/gate/boundary-file.ts";
import { judgeWords, refuseCopiers } from "../../core/gate/commands.ts";
import { greeting } from "../../core/gate/greeting.ts";
import { BoundaryRefusal } from "../../core/gate/refusal.ts";
import { splitCommand } from "../../core/gate/split-command.ts";
import { administratorsOnly, notHere, refuseNames, requireUser, type Way, wayOf } from "../../core/gate/who.ts";
import { isStillBound } from "../../core/users/authorized-keys.ts";
import type { AuthorizedKeys } from "../../ports/authorized-keys.ts";
import { authorizedKeys, callerByKey, callerBySudo, callerIsAccount } from "../compose/orchestrator.ts";
import { loadConfig } from "../compose/config.ts";
import { setSide } from "./crossing.ts";

/**
 * The first act on an orchestrator: who asks, whether they may, and for what.
 * @param text what the boundary file holds
 * @returns the words to run; in the account's process they are judged, and name a command that may cross
 * @throws {DevboxError} NOT_PERMITTED, USAGE, INVALID_CONFIG
 */
export async function enter(text: string, argv: readonly string[]): Promise<readonly string[]> {
  // What mends a boundary must work without a whole one; it is for root, and never crosses.
  if (process.getuid?.() === 0 && /^host(:|$)/.test(argv[0] ?? "")) return argv;
  const boundary = parseBoundary(text);
  if (process.getuid?.() !== boundary.uid) return stayOutside(boundary, argv);
  const way = wayOf(
    {
      argv,
      sudoUid: process.env.SUDO_UID,
      sshCommand: process.env.SSH_ORIGINAL_COMMAND,
      sshConnection: process.env.SSH_CONNECTION,
    },
    boundary.uid,
  );
  const config = await configFor(way);
  if (config.host.serviceUser !== boundary.account) throw disagreement(boundary, config);
  const caller = callerOf(way, config);
  try {
    return await judged(way, config, boundary, caller);
  } catch (error) {
    const { recordRefusal } = await import("./recorded.ts");
    await recordRefusal(config, caller, way, error);
    throw error;
  }
}

/** @throws {DevboxError} NOT_PERMITTED, USAGE */
async function judged(way: Way, config: Config, boundary: Boundary, caller: Caller): Promise<readonly string[]> {
  refuseNames(way);
  requireUser(config, caller);
  setSide({ side: "account", boundary, caller });
  if (way.via === "account") return way.words;
  if (way.via === "sudo") return admitted(way.words, caller);
  refuseUnbound(way.user, await authorizedKeys(config));
  const words = splitCommand(way.line);
  if (words.length === 0) {
    process.stdout.write(`${greeting(caller, boundary.account, config.host.name ?? hostname())}\n`);
    return ["list"];
  }
  refuseCopiers(words);
  return admitted(words, caller);
}

/**
 * A key may have been taken away since its connection was made. Where there is no file of ours, keys are somebody
 * else's to bind.
 * @throws {DevboxError} NOT_PERMITTED, STATE_UNWRITABLE
 */
function refuseUnbound(user: string, keys: AuthorizedKeys): void {
  const text = keys.read();
  if (text === "" || isStillBound(text, user, provenKeys(process.env.SSH_USER_AUTH))) return;
  throw new BoundaryRefusal("removed key", "NOT_PERMITTED", "the key that you came with is bound to nobody any more.", {
    why: "It was taken away after this connection was made.",
    next: ["Ask an administrator: devbox-ctl user add-key NAME"],
  });
}

/** What sshd wrote down of the login; undefined where it was not told to (ExposeAuthInfo). */
function provenKeys(file: string | undefined): string | undefined {
  try {
    return file === undefined ? undefined : readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

/** A caller's own process does what is the caller's own; bin/devbox-ctl has let all other words cross. */
function stayOutside(boundary: Boundary, argv: readonly string[]): readonly string[] {
  setSide({ side: "caller", boundary });
  const words = argv.slice(0, 2).join(":");
  if (words !== "tailnet:dev" && !words.startsWith("tailnet:dev:")) return argv;
  throw new DevboxError("NOT_PERMITTED", "a tailnet of one's own is for trying devbox-ctl on one's own machine.", {
    why: `The boxes of this host belong to ${boundary.account}, and join the tailnet that is configured.`,
    next: ["See it: devbox-ctl tailnet status"],
  });
}

function admitted(words: readonly string[], caller: Caller): readonly string[] {
  if (words[0] === "--version") return ["--version"];
  const crossing = judgeWords(words);
  // Whatever names no command that may cross is at most explained.
  if (crossing === undefined) {
    const flag = words.findIndex((word) => word.startsWith("-"));
    const isHelp = flag === -1 || words[flag] === "--help" || words[flag] === "-h";
    // Alone before any command, a flag is none that there is; help says so.
    return ["help", ...words.slice(0, flag === 0 && !isHelp ? 1 : flag === -1 ? undefined : flag)];
  }
  if (crossing.audience === "caller") throw notHere(crossing.words);
  if (crossing.audience === "administrators" && !caller.admin) throw administratorsOnly(crossing.words);
  return crossing.words;
}

function callerOf(way: Way, config: Config): Caller {
  if (way.via === "account") return callerIsAccount();
  const groups = config.host.adminGroups;
  return way.via === "sudo" ? callerBySudo(way.uid, groups) : callerByKey(way.user, way.address, groups);
}

/** What is wrong with the configuration is for those who can mend it. */
async function configFor(way: Way): Promise<Config> {
  try {
    return (await loadConfig(undefined)).config;
  } catch (error) {
    if (!hasCode(error, "INVALID_CONFIG") || way.via === "account" || (way.via === "sudo" && way.uid === 0))
      throw error;
    throw new DevboxError("INVALID_CONFIG", "the configuration of this host is not valid at the moment.", {
      next: ["Ask an administrator to look at it: devbox-ctl config check"],
    });
  }
}

function disagreement(boundary: Boundary, config: Config): DevboxError {
  return new DevboxError("INVALID_CONFIG", "this host is set up for another configuration than the one it has.", {
    why: `${BOUNDARY_FILE} says ${boundary.account}, host.serviceUser says ${config.host.serviceUser ?? "nothing"}.`,
    next: ["Ask an administrator to run: devbox-ctl host setup"],
  });
}
