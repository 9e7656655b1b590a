import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { identityFrom, LABEL, labelsOf, objectNames } from "../../src/core/labels.ts";
import { readSpec } from "../../src/core/spec.ts";
import { anyBox, anyName } from "./arbitraries.ts";

describe("labels", () => {
  it("say again what they were made from [X-06]", () => {
    fc.assert(
      fc.property(anyName, fc.constantFrom("box", "home", "private"), anyBox, (namespace, kind, box) => {
        const identity = identityFrom(namespace, labelsOf(namespace, kind, box));
        expect(identity).toEqual({
          kind,
          id: box.id,
          name: box.name,
          owner: box.owner,
          createdAt: box.createdAt,
          spec: kind === "box" ? JSON.stringify(box.spec) : undefined,
          ids: box.spec.idmap ?? undefined,
        });
        if (identity?.spec !== undefined) expect(readSpec(identity.spec)).toEqual(box.spec);
      }),
    );
  });

  it("of another installation, or of nobody, are not ours [X-06]", () => {
    fc.assert(
      fc.property(anyBox, (box) => {
        const labels = labelsOf("devbox", "box", box);
        expect(identityFrom("other", labels)).toBeUndefined();
        for (const needed of [LABEL.namespace, LABEL.kind, LABEL.id, LABEL.box, LABEL.owner]) {
          const rest = Object.fromEntries(Object.entries(labels).filter(([key]) => key !== needed));
          expect(identityFrom("devbox", rest)).toBeUndefined();
          expect(identityFrom("devbox", { ...labels, [needed]: "" })).toBeUndefined();
        }
        expect(identityFrom("devbox", { ...labels, [LABEL.kind]: "pod" })).toBeUndefined();
      }),
    );
    expect([undefined, null, {}].map((labels) => identityFrom("devbox", labels))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("with a time that is none leave it out", () => {
    for (const created of ["", "soon", "-1", "0", "1.5", "1e400"]) {
      const labels = {
        ...labelsOf("n", "home", { id: "a", name: "box", owner: "c", createdAt: 1, spec: { idmap: null } as never }),
        [LABEL.created]: created,
      };
      expect(identityFrom("n", labels)).toMatchObject({ id: "a", createdAt: undefined });
    }
  });
});

describe("names of a box's objects", () => {
  it("tell homes of two boxes with one name apart", () => {
    fc.assert(
      fc.property(anyBox, anyBox, (one, two) => {
        const [a, b] = [objectNames("devbox", one.name, one.id), objectNames("devbox", one.name, two.id)];
        expect(a.home === b.home).toBe(one.id === two.id);
        expect(new Set([a.home, a.private, a.container]).size).toBe(3);
      }),
    );
  });
});
