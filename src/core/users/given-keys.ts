import { DevboxError } from "../errors.ts";
import { readSshKey, type SshKey } from "../ssh-key.ts";
import { count, printable } from "../text.ts";

/** Most keys that are taken at once; the longest that OpenSSH takes has some 3 KiB. */
const MOST_KEYS = 50;

/** Longest comment that is kept, in characters. */
const COMMENT_LIMIT = 100;

/** How the type of a key begins, to find one that does not stand first. */
const TYPE = /^(ssh-|ecdsa-|sk-(ssh|ecdsa)-)[\w@.-]+$/;

/**
 * Keys as somebody gave them: a line of a `.pub` file, or several, such as https://github.com/NAME.keys has. Each comes
 * once; comments are made printable.
 * @throws {DevboxError} USAGE for none at all, and when one of them cannot be taken: then none is
 */
export function readGivenKeys(text: string): SshKey[] {
  if (text.includes("PRIVATE KEY")) throw privateKey();
  if (text.includes("BEGIN SSH2 PUBLIC KEY")) throw otherFormat();
  const lines = text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
  if (lines.length === 0) {
    throw new DevboxError("USAGE", "there is no key in what was given.", {
      next: ["Give the line of a .pub file: ssh-ed25519 AAAA… comment", "Make one: ssh-keygen -t ed25519"],
    });
  }
  if (lines.length > MOST_KEYS) {
    throw new DevboxError(
      "USAGE",
      `${count(lines.length, "line")} are more than the ${String(MOST_KEYS)} keys that are taken at once.`,
      {
        next: ["Give them in several goes"],
      },
    );
  }
  const keys = lines.map((line) => readKey(line));
  return [...new Map(keys.map((key) => [key.blob, key])).values()];
}

function readKey(line: string): SshKey {
  const words = line.split(/[ \t]+/);
  if (!TYPE.test(words[0] ?? "") && words.slice(1).some((word) => TYPE.test(word))) throw withOptions();
  const { type, blob, comment } = readSshKey(line);
  return { type, blob, comment: keptComment(comment) };
}

/** A comment that fits into a line and onto a terminal. */
export function keptComment(comment: string): string {
  const clean = printable(comment).replaceAll(/\s+/g, " ").trim();
  return clean.length > COMMENT_LIMIT ? clean.slice(0, COMMENT_LIMIT).trim() : clean;
}

function privateKey(): DevboxError {
  return new DevboxError("USAGE", "this is a private key; it was not kept.", {
    why: "A private key stays with its owner, and is worth nothing once others have seen it.",
    next: ["Make a new one, if others could see this: ssh-keygen -t ed25519", "Give the .pub file beside it"],
  });
}

function otherFormat(): DevboxError {
  return new DevboxError("USAGE", "this key is in the format of PuTTY and other clients (RFC 4716).", {
    next: ["Turn it into OpenSSH's: ssh-keygen -i -f FILE"],
  });
}

function withOptions(): DevboxError {
  return new DevboxError("USAGE", "something stands before the key; options are not taken.", {
    why: "What a key may do here is the same for all: devbox-ctl and nothing else.",
    next: ["Give the key alone: ssh-ed25519 AAAA… comment"],
  });
}
