/**
 * What an orchestrator is made of, as data: `host setup` makes it, `--json` shows it, and what makes the same by other
 * means (a NixOS module) is compared with it.
 */
export type HostItem =
  AccountItem | SubidsItem | LingerItem | DirectoryItem | FileItem | LinkItem | ProgramItem | UnitItem;

interface Common {
  /** What it is for, for a person. */
  readonly purpose: string;
}

/** A system account without a password. */
export interface AccountItem extends Common {
  readonly kind: "account";
  readonly name: string;
  readonly home: string;
  readonly shell: string;
  /** User id, and that of its own group. */
  readonly uid: number;
}

/** Subordinate user and group ids of the account. */
export interface SubidsItem extends Common {
  readonly kind: "subids";
  readonly name: string;
  /** The least it needs of each. */
  readonly count: number;
  /** What is to be added to each list; null where it has enough. */
  readonly adds: { readonly subuid: IdRange | null; readonly subgid: IdRange | null };
}

export interface IdRange {
  readonly first: number;
  readonly count: number;
}

/** The account's systemd manager runs from boot on. */
interface LingerItem extends Common {
  readonly kind: "linger";
  readonly name: string;
}

/** Four octal digits. */
type Mode = string;

export interface DirectoryItem extends Common {
  readonly kind: "directory";
  readonly path: string;
  readonly mode: Mode;
  readonly owner: string;
  readonly group: string;
}

export interface FileItem extends Common {
  readonly kind: "file";
  readonly path: string;
  readonly mode: Mode;
  readonly owner: string;
  readonly group: string;
  /** The whole text; null for a file whose text is its administrator's. */
  readonly content: string | null;
  /** How it is looked through before it is put in place. */
  readonly check: "sudoers" | "sshd" | null;
}

export interface LinkItem extends Common {
  readonly kind: "link";
  readonly path: string;
  readonly target: string;
}

/** The program in a directory of its version, behind a link, so that commands that run keep theirs. */
export interface ProgramItem extends Common {
  readonly kind: "program";
  readonly path: string;
  readonly version: string;
}

export interface UnitItem extends Common {
  readonly kind: "unit";
  readonly name: string;
  /** Whose systemd manager it belongs to. */
  readonly manager: "system" | "account";
  /** Whether it is started at once as well as enabled. */
  readonly active: boolean;
}

/** What an item is told apart by: `file:/etc/devbox/boundary`. */
export function itemId(item: HostItem): string {
  return `${item.kind}:${placeOf(item)}`;
}

/** Its path or its name. */
function placeOf(item: HostItem): string {
  return "path" in item ? item.path : item.name;
}

/** An item by its id, in words for a person: a path, a unit's name. */
export function spokenItem(id: string): string {
  const colon = id.indexOf(":");
  const [kind, place] = [id.slice(0, colon), id.slice(colon + 1)];
  if (kind === "account") return `account ${place}`;
  if (kind === "subids") return `subordinate ids of ${place}`;
  if (kind === "linger") return `services of ${place} from boot on`;
  return place;
}

/** What was found where an item belongs. */
export interface FoundItem {
  readonly item: HostItem;
  readonly state: "ok" | "make" | "change";
  /** What differs, a line each; empty for what is to be made. */
  readonly differences: readonly string[];
  /** The text of a file as it is. */
  readonly present: string | undefined;
}
