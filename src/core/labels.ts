import type { BoxRecord } from "./box.ts";
import { type IdMapping, mappingFrom, mappingText } from "./id-mapping.ts";
import { brokenNameRule } from "./name.ts";

/** Labels on every container and volume of ours; they suffice to rebuild the ledger (DESIGN.md section 2). */
export const LABEL = {
  /** Which installation an object belongs to; two on one engine never touch each other's. */
  namespace: "devbox-ctl.namespace",
  /** What the object is: {@link ObjectKind}. */
  kind: "devbox-ctl.kind",
  box: "devbox-ctl.box",
  id: "devbox-ctl.id",
  owner: "devbox-ctl.owner",
  spec: "devbox-ctl.spec",
  /** When the box was created, milliseconds since the epoch. */
  created: "devbox-ctl.created",
  /** The ids that its files belong to, `first:size`; absent from what was made before each owner had a range. */
  ids: "devbox-ctl.ids",
} as const;

export type ObjectKind = "box" | "home" | "private";

/** Kind of a container that works on a home for a moment. It is no box, and nothing reads it as one. */
export const TASK_KIND = "task";

/** Labels for one object of a box. */
export function labelsOf(
  namespace: string,
  kind: ObjectKind,
  box: Pick<BoxRecord, "id" | "name" | "owner" | "createdAt" | "spec">,
): Record<string, string> {
  return {
    [LABEL.namespace]: namespace,
    [LABEL.kind]: kind,
    [LABEL.box]: box.name,
    [LABEL.id]: box.id,
    [LABEL.owner]: box.owner,
    [LABEL.created]: String(box.createdAt),
    // Empty rather than absent: an image may carry labels of ours, and a container has those that it is not given.
    [LABEL.ids]: box.spec.idmap === null ? "" : mappingText(box.spec.idmap),
    // A volume outlives specs (rebuild, resize), so only the container carries one.
    ...(kind === "box" ? { [LABEL.spec]: JSON.stringify(box.spec) } : {}),
  };
}

/** What the labels of an object say, as far as they can be trusted to be ours. */
export interface ObjectIdentity {
  readonly kind: ObjectKind;
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  readonly createdAt: number | undefined;
  readonly spec: string | undefined;
  readonly ids: IdMapping | undefined;
}

/** Reads our labels; undefined when the object is not ours or of another installation. */
export function identityFrom(
  namespace: string,
  labels: Readonly<Record<string, string>> | null | undefined,
): ObjectIdentity | undefined {
  if (labels?.[LABEL.namespace] !== namespace) return undefined;
  const kind = labels[LABEL.kind];
  const id = labels[LABEL.id];
  const name = labels[LABEL.box];
  const owner = labels[LABEL.owner];
  if (kind !== "box" && kind !== "home" && kind !== "private") return undefined;
  // Labels can be written by others, and these three are printed, compared and made into names.
  if (name === undefined || brokenNameRule(name) !== undefined) return undefined;
  if (id === undefined || !/^[a-z0-9]{1,32}$/.test(id)) return undefined;
  if (owner === undefined || !/^[\w.@+-]{1,64}\$?$/.test(owner)) return undefined;
  const created = Number(labels[LABEL.created]);
  return {
    kind,
    id,
    name,
    owner,
    createdAt: Number.isSafeInteger(created) && created > 0 ? created : undefined,
    spec: labels[LABEL.spec],
    ids: mappingFrom(labels[LABEL.ids]),
  };
}

/** Names of a box's objects in the engine. */
export function objectNames(namespace: string, name: string, id: string) {
  return {
    container: `${namespace}-${name}`,
    // The id keeps a home that outlived its box apart from a later box of the same name.
    home: `${namespace}-${name}-${id}-home`,
    private: `${namespace}-${name}-${id}-private`,
  };
}
