import type { DevboxError } from "../errors.ts";
import { BoundaryRefusal } from "./refusal.ts";

/** Most bytes of a command that came by SSH; an argument of a process may have twice as many. */
const MOST = 64 * 1024;

/** What the audit log has of words that cannot be told from each other. */
const UNREADABLE = "unreadable words";

/** What a backslash takes its meaning from between double quotes, as in sh. */
const ESCAPED = new Set(["$", "`", '"', "\\"]);

/**
 * Splits what someone typed after `ssh HOST` into words, with the quotes and backslashes of sh and nothing else of it:
 * no variable, pattern, pipe or second command has a meaning, so nothing can be run but what the words name.
 * @throws {DevboxError} USAGE for control characters, bytes that are no UTF-8, an open quote, and too much of it
 */
export function splitCommand(line: string): string[] {
  refuseUnfit(line);
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < line.length; at += 1) {
    const char = line.charAt(at);
    if (char === " ") {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (char === "'" || char === '"') {
      const quoted = char === "'" ? single(line, at) : double(line, at);
      word = (word ?? "") + quoted.text;
      at = quoted.end;
    } else if (char === "\\") {
      if (at + 1 === line.length) throw open("It ends in a backslash.");
      at += 1;
      word = (word ?? "") + line.charAt(at);
    } else {
      word = (word ?? "") + char;
    }
  }
  if (word !== undefined) words.push(word);
  return words;
}

interface Quoted {
  readonly text: string;
  /** Where the closing quote stands. */
  readonly end: number;
}

function single(line: string, at: number): Quoted {
  const end = line.indexOf("'", at + 1);
  if (end === -1) throw open("A ' is not closed.");
  return { text: line.slice(at + 1, end), end };
}

function double(line: string, start: number): Quoted {
  let text = "";
  for (let at = start + 1; at < line.length; at += 1) {
    const char = line.charAt(at);
    if (char === '"') return { text, end: at };
    if (char === "\\" && ESCAPED.has(line.charAt(at + 1))) {
      at += 1;
      text += line.charAt(at);
    } else {
      text += char;
    }
  }
  throw open('A " is not closed.');
}

function refuseUnfit(line: string): void {
  // Node reads bytes that are no UTF-8 as U+FFFD.
  if (line.includes("\uFFFD") || !line.isWellFormed()) {
    throw new BoundaryRefusal(UNREADABLE, "USAGE", "the command is not UTF-8.", {
      next: ["Set a UTF-8 locale where you type it"],
    });
  }
  if (Buffer.byteLength(line) > MOST) {
    throw new BoundaryRefusal(UNREADABLE, "USAGE", "the command is too long.", {
      why: `It may have ${String(MOST / 1024)} KiB.`,
      next: ["Pass long data on standard input"],
    });
  }
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u001f\u007f-\u009f]/.test(line)) {
    throw new BoundaryRefusal(UNREADABLE, "USAGE", "the command has a line break or another control character in it.", {
      why: "It came in one line by SSH, and no shell is here to make several of it.",
      next: ["Give a script on standard input: ssh HOST exec NAME -- sh < script"],
    });
  }
}

function open(why: string): DevboxError {
  return new BoundaryRefusal(UNREADABLE, "USAGE", "the command has no end.", {
    why,
    next: ["Your own shell takes one level of quotes away; quote twice: ssh HOST \"exec NAME -- echo 'a b'\""],
  });
}
