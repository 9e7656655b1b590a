import { messageOf } from "../../core/errors.ts";
import type { DirectoryItem, FileItem } from "../../core/host/items.ts";
import { asAccount } from "./accounts.ts";
import { wordsOf } from "./calls.ts";

/**
 * Files in the account's home. Everything is done as the account: whoever had broken into it could have put links
 * there, and root would follow them.
 */

const LOOK = `stat -c '%a %U %G %F' -- "$1" 2>/dev/null || exit 3
[ -L "$1" ] || [ ! -f "$1" ] || head -c 65536 -- "$1"`;

export interface LookedAt {
  readonly mode: string;
  readonly owner: string;
  readonly group: string;
  /** In stat's words. */
  readonly type: string;
  readonly text: string;
}

/** What is at a path of the account's; undefined for nothing, or nothing that it could see. */
export async function lookAs(account: string, path: string): Promise<LookedAt | undefined> {
  const { exitCode, stdout } = await asAccount(account, ["/bin/sh", "-c", LOOK, "sh", path]);
  if (exitCode !== 0) return undefined;
  const end = stdout.indexOf("\n");
  const [mode = "", owner = "", group = "", ...type] = stdout.slice(0, end).split(" ");
  return { mode: mode.padStart(4, "0"), owner, group, type: type.join(" "), text: stdout.slice(end + 1) };
}

// The text's length comes along: were this process killed, cat would take what it got for the whole.
const MAKE = `umask 077
case $2 in
directory) mkdir -p -- "$1" && chmod "$3" -- "$1" ;;
file)
  mkdir -p -- "\${1%/*}" && cat >"$1.setup-new" && [ "$(stat -c %s -- "$1.setup-new")" = "$4" ] &&
    chmod "$3" -- "$1.setup-new" && sync -- "$1.setup-new" && mv -fT -- "$1.setup-new" "$1"
  ;;
esac`;

/** Makes a file or a directory, with all directories above it. @throws what the account was refused */
export async function makeAs(account: string, item: DirectoryItem | FileItem): Promise<void> {
  const { kind, path, mode } = item;
  const input = kind === "file" ? (item.content ?? "") : "";
  const words = [path, kind, mode, String(Buffer.byteLength(input))];
  const ended = await asAccount(account, ["/bin/sh", "-c", MAKE, "sh", ...words], { input });
  if (ended.exitCode !== 0) throw new Error(messageOf(wordsOf(ended)));
}
