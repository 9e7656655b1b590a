import fc from "fast-check";
import type { BoxRecord } from "../../src/core/box.ts";
import { objectNames } from "../../src/core/labels.ts";
import { SPEC_VERSION } from "../../src/core/spec-text.ts";
import type { BoxSpec } from "../../src/core/spec.ts";

/** Good names of boxes. */
export const anyName = fc.stringMatching(/^[a-z][a-z0-9]{2,8}(-[a-z0-9]{1,6}){0,2}$/);

/** Ids as the host gives them. */
const anyId = fc.stringMatching(/^[a-z][a-z0-9]{7}$/);

export const anySpec: fc.Arbitrary<BoxSpec> = fc.record({
  version: fc.constant(SPEC_VERSION),
  image: fc.stringMatching(/^localhost\/[a-z]{1,9}:[a-z0-9]{1,9}$/),
  cpus: fc.integer({ min: 1, max: 640 }).map((n) => n / 10),
  memory: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  pids: fc.integer({ min: 1, max: 1_000_000 }),
  home: anyName,
  private: anyName,
  idmap: fc.option(fc.record({ first: fc.integer({ min: 1 }), size: fc.integer({ min: 1 }) })),
  services: fc.uniqueArray(fc.stringMatching(/^[a-z][a-z0-9-]{0,9}$/), { maxLength: 3 }),
  readOnly: fc.boolean(),
});

/** A box that is created to its end and meant to run. */
export const anyBox: fc.Arbitrary<BoxRecord> = fc
  .record({
    id: anyId,
    name: anyName,
    owner: fc.stringMatching(/^[a-z_][a-z0-9_.-]{0,12}$/),
    phase: fc.constant("ready" as const),
    desired: fc.constantFrom("running" as const, "stopped" as const),
    spec: anySpec,
    containerId: fc.stringMatching(/^[0-9a-f]{64}$/),
    createdAt: fc.integer({ min: 1, max: 8_640_000_000_000_000 }),
    stoppedAt: fc.constant(undefined),
    lastUsedAt: fc.constant(undefined),
    lastUsedBy: fc.constant(undefined),
    device: fc.constant(undefined),
  })
  .map((box) => {
    const { home, private: secret } = objectNames("devbox", box.name, box.id);
    return { ...box, spec: { ...box.spec, home, private: secret } };
  });
