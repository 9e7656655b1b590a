import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SPEC_VERSION, specText } from "../../src/core/spec-text.ts";
import { readSpec } from "../../src/core/spec.ts";
import { anySpec } from "./arbitraries.ts";

const good = {
  version: SPEC_VERSION,
  image: "localhost/devbox:latest",
  cpus: 2,
  memory: 2 ** 32,
  pids: 4096,
  home: "h",
  private: "p",
  idmap: { first: 1, size: 65_536 },
  services: ["syncthing"],
  readOnly: false,
};
const refusal = (code: string) => expect.objectContaining({ code, exitCode: 5 }) as unknown as Error;

describe("the creation spec", () => {
  it("is read back as it was written, from a label and from the ledger [X-06]", () => {
    fc.assert(
      fc.property(anySpec, (spec) => {
        expect(readSpec(JSON.stringify(spec))).toEqual(spec);
        expect(specText(JSON.stringify(spec))).toEqual(spec);
      }),
    );
  });

  it("of version 1 is read as what it was made with: no ids of its own, no services of choice", () => {
    const { idmap, services, readOnly, ...old } = { ...good, version: 1 };
    expect([idmap, services, readOnly]).toBeDefined();
    for (const read of [readSpec, specText]) {
      expect(read(JSON.stringify(old))).toEqual({ ...good, idmap: null, services: [], readOnly: false });
    }
  });

  it("of a newer program is left alone, and says so", () => {
    for (const read of [readSpec, specText]) {
      const json = JSON.stringify({ ...good, version: SPEC_VERSION + 1, unheardOf: true });
      expect(() => read(json)).toThrow(refusal("LEDGER_NEWER"));
      expect(() => read(json)).toThrow(/newer devbox-ctl/);
    }
  });

  it.each(["", "{", "null", "[]", "1", '"x"', "{}", '{"version":"1"}', '{"version":0}', '{"version":null}', "\u0000"])(
    "is not %j",
    (json) => {
      expect(() => readSpec(json)).toThrow(refusal("LEDGER_CORRUPT"));
      expect(() => specText(json)).toThrow(refusal("LEDGER_CORRUPT"));
    },
  );

  it.each([
    ["image", ""],
    ["cpus", 0],
    ["cpus", -1],
    ["cpus", "2"],
    ["memory", 0],
    ["memory", 1.5],
    ["memory", "4GiB"],
    ["pids", -1],
    ["home", ""],
    ["private", null],
    ["idmap", { first: 0, size: 65_536 }],
    ["idmap", undefined],
    ["services", ["--privileged"]],
    ["readOnly", "yes"],
    ["surprise", 1],
  ])("from a label is refused with %s %j, with the reason", (key, value) => {
    const json = JSON.stringify({ ...good, [key]: value });
    expect(() => readSpec(json)).toThrow(refusal("LEDGER_CORRUPT"));
    expect(() => readSpec(json)).toThrow(expect.objectContaining({ why: expect.stringContaining(key) as unknown }));
  });

  it("never throws anything but an error of ours, whatever a label holds", () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string({ unit: "binary" })), (text) => {
        for (const read of [readSpec, specText]) {
          try {
            read(text);
          } catch (error) {
            expect(error).toMatchObject({ name: "DevboxError" });
          }
        }
      }),
    );
  });
});
