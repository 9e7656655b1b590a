import type { Readable, Writable } from "node:stream";
import { execa } from "execa";
import { DevboxError } from "../../core/errors.ts";
import { printableLines } from "../../core/text.ts";

/** Lines of tar's own words that an error or a remark repeats. */
const WORDS = 5;

interface TarEnd {
  readonly exitCode: number;
  /** The first lines it said, printable. */
  readonly words: string;
}

/** tar at work in a directory; `stdin` is for unpacking, `stdout` for packing. */
export interface Tar {
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** @throws {DevboxError} ENGINE_MISSING when there is no tar. */
  readonly ended: Promise<TarEnd>;
  kill(): void;
}

/** Archives the contents of a directory, links as links, without saying whose they are on this machine. */
export function packDirectory(directory: string): Tar {
  return startTar(directory, [
    ...["--create", "--format=gnu", "--file=-", "--owner=0", "--group=0", "--numeric-owner"],
    // Bits that would give a program somebody's rights do not travel.
    "--mode=ug-s,o-t",
    ".",
  ]);
}

/**
 * Unpacks into a directory that has to be new, empty and private: GNU tar keeps names inside it, takes away the
 * slash at their front, refuses `..` and puts links that lead out in place last of all. What kinds of things came is
 * to be checked afterwards.
 */
export function unpackInto(directory: string): Tar {
  return startTar(directory, [
    ...["--extract", "--file=-", "--no-same-owner", "--same-permissions", "--delay-directory-restore"],
    ...["--no-acls", "--no-xattrs", "--no-selinux", "--restrict"],
  ]);
}

/** No name is ever an argument: it works on the directory it is started in, so no name can be read as an option. */
function startTar(directory: string, args: readonly string[]): Tar {
  const child = execa("tar", args, {
    cwd: directory,
    // TAR_OPTIONS must not reach it, and its words are matched in English.
    extendEnv: false,
    env: { PATH: process.env.PATH ?? "/usr/bin:/bin", LC_ALL: "C" },
    reject: false,
    // Ctrl-C is the use case's to handle; tar ends when its streams do.
    detached: true,
    stdin: "pipe",
    buffer: { stdout: false, stderr: true },
    maxBuffer: { stderr: 1024 * 1024 },
  } as const);
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    ended: child.then((result) => {
      if (result.code === "ENOENT") throw noTar();
      const words = shortened(result.stderr) || (result.shortMessage ?? "");
      return { exitCode: result.exitCode ?? 128, words };
    }),
    kill: () => {
      child.kill("SIGKILL");
    },
  };
}

function noTar(): DevboxError {
  return new DevboxError("ENGINE_MISSING", "GNU tar is not here.", {
    why: "Directories are copied with it.",
    next: ["Install it: apt-get install tar"],
  });
}

function shortened(stderr: string): string {
  const lines = printableLines(stderr)
    .split("\n")
    .map((line) => line.replace(/^tar: /, ""))
    .filter((line) => line !== "");
  const more = lines.length > WORDS ? [`… and ${String(lines.length - WORDS)} more`] : [];
  return [...lines.slice(0, WORDS), ...more].join("\n");
}

/** Removes a directory whatever is in it, paths included that are too long to be named. */
export async function removeByForce(directory: string): Promise<void> {
  await execa("rm", ["-rf", "--", directory], { reject: false, stdin: "ignore", stdout: "ignore", stderr: "ignore" });
}
