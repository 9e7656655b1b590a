import { MAPPING_SIZE } from "../id-mapping.ts";
import type { IdRange } from "./items.ts";

/** A line of subuid(5). */
export interface SubidLine extends IdRange {
  /** A name, or a user id. */
  readonly owner: string;
}

/** Ranges for owners of boxes that a host has room for at least. */
const LEAST_OWNERS = 256;

/** Above what accounts and useradd's first ranges take. */
const LOWEST = 1_048_576;

/** From here on systemd hands nothing out, and root's own boxes have theirs (core/id-mapping.ts). */
const END = 1_879_048_192;

/** Subordinate ids that the account needs: a range for each owner, and room for as many again. */
export function subidsFor(users: number): number {
  return MAPPING_SIZE * Math.max(LEAST_OWNERS, 2 * users);
}

/** The lines of /etc/subuid or /etc/subgid; what is none is passed over, as the tools do. */
export function parseSubids(text: string): SubidLine[] {
  return text.split("\n").flatMap((line) => {
    const [, owner = "", first, count] = /^([^:#]+):(\d{1,10}):(\d{1,10})$/.exec(line.trim()) ?? [];
    return owner === "" ? [] : [{ owner, first: Number(first), count: Number(count) }];
  });
}

const overlap = (a: IdRange, b: IdRange): boolean => a.first < b.first + b.count && b.first < a.first + a.count;

/**
 * The lowest range of ids that nobody has, on a boundary of 65,536.
 * @param taken ranges of others, in any order
 * @returns undefined when there is none
 */
export function freeRange(taken: readonly IdRange[], count: number): IdRange | undefined {
  const inOrder = taken.toSorted((a, b) => a.first - b.first);
  let first = LOWEST;
  for (const range of inOrder) {
    if (!overlap(range, { first, count })) continue;
    first = Math.max(first, Math.ceil((range.first + range.count) / MAPPING_SIZE) * MAPPING_SIZE);
  }
  return first + count <= END ? { first, count } : undefined;
}

/** Ranges of an account, by its name or its id. */
export function rangesOf(lines: readonly SubidLine[], account: string, uid: number | undefined): SubidLine[] {
  return lines.filter(({ owner }) => owner === account || owner === String(uid));
}

/** The first of the account's ranges that somebody else has too, with that somebody's. */
export function overlapOf(lines: readonly SubidLine[], account: string, uid: number | undefined) {
  const own = rangesOf(lines, account, uid);
  const others = lines.filter((line) => !own.includes(line));
  for (const mine of own) {
    const other = others.find((each) => overlap(mine, each));
    if (other !== undefined) return { mine, other };
  }
  return undefined;
}

/** Ids that an account has not yet, in whole ranges. */
export function missingIds(own: readonly IdRange[], wanted: number): number {
  const has = own.reduce((sum, { count }) => sum + count, 0);
  return has >= wanted ? 0 : Math.ceil((wanted - has) / MAPPING_SIZE) * MAPPING_SIZE;
}
