import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { BoxRecord, ContainerState } from "../../src/core/box.ts";
import { identityFrom, labelsOf, type ObjectKind } from "../../src/core/labels.ts";
import { type Inventory, isSame, reconcile } from "../../src/core/reconcile.ts";
import { anyBox } from "./arbitraries.ts";

const boxes = fc.uniqueArray(anyBox, {
  minLength: 1,
  maxLength: 7,
  comparator: (a, b) => a.id === b.id || a.name === b.name || a.containerId === b.containerId,
});

const identity = (kind: ObjectKind, box: BoxRecord) => identityFrom("devbox", labelsOf("devbox", kind, box))!;

function consistent(records: readonly BoxRecord[]): Inventory {
  return {
    records,
    containers: records.map((box) => ({
      containerId: box.containerId!,
      identity: identity("box", box),
      state: box.desired === "running" ? "running" : "exited",
    })),
    volumes: records.flatMap((box) => [
      { name: box.spec.home, identity: identity("home", box) },
      { name: box.spec.private, identity: identity("private", box) },
    ]),
    underWay: new Set(),
  };
}

const without = (inventory: Inventory, box: BoxRecord, part: "record" | "container" | "home"): Inventory => ({
  ...inventory,
  ...(part === "record" ? { records: inventory.records.filter((record) => record.id !== box.id) } : {}),
  ...(part === "container" ? { containers: inventory.containers.filter((c) => c.identity.id !== box.id) } : {}),
  ...(part === "home" ? { volumes: inventory.volumes.filter((volume) => volume.name !== box.spec.home) } : {}),
});

/** Checks a change of one box of a consistent inventory against what must be found. */
function finds(
  change: (inventory: Inventory, box: BoxRecord) => Inventory,
  expected: (box: BoxRecord) => object[],
): void {
  fc.assert(
    fc.property(boxes, (records) => {
      const box = records[0]!;
      expect(reconcile(change(consistent(records), box))).toEqual(
        expected(box).map((e) => expect.objectContaining(e) as unknown),
      );
    }),
  );
}

const inState =
  (state: ContainerState) =>
  (inventory: Inventory, box: BoxRecord): Inventory => ({
    ...inventory,
    containers: inventory.containers.map((c) => (c.identity.id === box.id ? { ...c, state } : c)),
  });

describe("the ledger and the engine, side by side", () => {
  it("agree when nothing is amiss [X-06]", () => {
    finds(
      (inventory) => inventory,
      () => [],
    );
  });

  it("a lost row: the container is unregistered, and its volumes are nobody's mistake [X-06]", () => {
    finds(
      (inventory, box) => without(inventory, box, "record"),
      ({ id, name, containerId }) => [{ kind: "unregistered", id, name, containerId }],
    );
  });

  it("a lost container: it is gone, its home is there [X-06] [P-07]", () => {
    finds(
      (inventory, box) => without(inventory, box, "container"),
      ({ id, name }) => [{ kind: "container-gone", id, name }],
    );
  });

  it("a lost home [X-06]", () => {
    finds(
      (inventory, box) => without(inventory, box, "home"),
      ({ id, name, spec }) => [{ kind: "home-gone", id, name, volume: spec.home }],
    );
  });

  it("a lost container and home: only a row is left [X-06]", () => {
    finds(
      (inventory, box) => without(without(inventory, box, "container"), box, "home"),
      ({ id, name }) => [{ kind: "box-gone", id, name }],
    );
  });

  it("a lost row and container: the private volume is an orphan, the home is kept [X-06]", () => {
    finds(
      (inventory, box) => without(without(inventory, box, "record"), box, "container"),
      ({ id, name, spec }) => [{ kind: "orphan-private", id, name, volume: spec.private }],
    );
  });

  it("a row lost and its name given away: a clash, never an adoption [X-06]", () => {
    finds(
      (inventory, box) => ({
        ...inventory,
        records: inventory.records.map((r) => (r.id === box.id ? { ...r, id: "zzzzzzz9", containerId: undefined } : r)),
      }),
      ({ id, name, containerId }) => [
        { kind: "container-gone", id: "zzzzzzz9", name },
        { kind: "name-clash", id, name, containerId },
      ],
    );
  });

  it("another container than the ledger says [X-06]", () => {
    finds(
      (inventory, box) => ({
        ...inventory,
        records: inventory.records.map((r) => (r.id === box.id ? { ...r, containerId: undefined } : r)),
      }),
      ({ id, name, containerId }) => [{ kind: "other-container", id, name, containerId }],
    );
  });

  it.each([
    ["exited", "running", "not-running"],
    ["created", "running", "not-running"],
    ["running", "stopped", "not-stopped"],
    ["paused", "running", "paused"],
    ["paused", "stopped", "paused"],
    ["stopping", "stopped", "in-between"],
    ["unknown", "stopped", undefined],
  ] as const)("a container that is %s and should be %s: %s [X-06]", (state, desired, kind) => {
    finds(
      (inventory, box) =>
        inState(state)(
          { ...inventory, records: inventory.records.map((r) => (r.id === box.id ? { ...r, desired } : r)) },
          box,
        ),
      ({ id, name }) => (kind === undefined ? [] : [{ kind, id, name }]),
    );
  });

  it("leave a row alone that an operation is open on [X-06]", () => {
    for (const part of ["container", "home"] as const) {
      finds(
        (inventory, box) => ({ ...without(inventory, box, part), underWay: new Set([box.id]) }),
        () => [],
      );
    }
  });

  it("know the same mismatch when they see it again", () => {
    const one = { kind: "box-gone", id: "a", name: "b" } as const;
    expect(isSame(one, { ...one })).toBe(true);
    expect(isSame(one, { ...one, id: "c" })).toBe(false);
  });
});
