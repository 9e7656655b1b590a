/**
 * A range of the engine's user and group ids that stands for 0 to `size` - 1 in a box. Rootless, they are
 * intermediate ids (0 is the account itself, 1 its first subordinate id); for root's Podman they are the host's own.
 */
export interface IdMapping {
  readonly first: number;
  readonly size: number;
}

/** Ids that a Debian or NixOS system needs: 16 bits, with `nobody` at 65534. */
export const MAPPING_SIZE = 65_536;

/** Never the account's own id (0), which would own everything that the account owns. */
const ROOTLESS_FIRST = 1;

/**
 * Where root's Podman has no subordinate ids to go by: the start of a range that nothing else hands out
 * (systemd.io/UIDS-GIDS lists 1879048192 to 2147352575 as unused).
 */
const ROOTFUL_FIRST = 1_879_048_192;
const ROOTFUL_MOST = 4094;

/** The mapping of a slot; slots count from 0. */
export function mappingAt(slot: number, rootless: boolean): IdMapping {
  return { first: (rootless ? ROOTLESS_FIRST : ROOTFUL_FIRST) + slot * MAPPING_SIZE, size: MAPPING_SIZE };
}

/** The slot that a mapping takes; undefined for one that was made by other rules. */
export function slotOf(mapping: IdMapping, rootless: boolean): number | undefined {
  const slot = (mapping.first - (rootless ? ROOTLESS_FIRST : ROOTFUL_FIRST)) / MAPPING_SIZE;
  return Number.isInteger(slot) && slot >= 0 && mapping.size === MAPPING_SIZE ? slot : undefined;
}

/** How many mappings there is room for. @param subids subordinate ids of the account; root's Podman needs none */
export function mappingsIn(subids: number, rootless: boolean): number {
  return rootless ? Math.floor(subids / MAPPING_SIZE) : ROOTFUL_MOST;
}

/** As a label has it: `first:size`. */
export function mappingText({ first, size }: IdMapping): string {
  return `${String(first)}:${String(size)}`;
}

/** A mapping from a label, which others can write; undefined when it is none. */
export function mappingFrom(text: string | undefined): IdMapping | undefined {
  const [, first, size] = /^(\d{1,10}):(\d{1,10})$/.exec(text ?? "") ?? [];
  const mapping = { first: Number(first), size: Number(size) };
  // 0 would be the account itself, or the host's root.
  return mapping.first > 0 && mapping.size > 0 ? mapping : undefined;
}
