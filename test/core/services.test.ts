import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type BoxService, readServices, SERVICE_STATES } from "../../src/core/services.ts";

const anyService: fc.Arbitrary<BoxService> = fc.record({
  name: fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/),
  state: fc.constantFrom(...SERVICE_STATES),
  upSeconds: fc.option(fc.nat(), { nil: undefined }),
  restarts: fc.nat(),
  lastExit: fc.option(fc.constantFrom("exit 1", "signal KILL"), { nil: undefined }),
  lines: fc.array(fc.stringMatching(/^[ -~]{0,100}$/), { maxLength: 5 }),
});

describe("what a box says of its services", () => {
  it("is read as it was said", () => {
    fc.assert(
      fc.property(fc.array(anyService, { maxLength: 50 }), (services) => {
        const said = JSON.stringify({ services: services.map((s) => ({ ...s, upSeconds: s.upSeconds ?? null })) });
        expect(readServices(said)).toEqual(services);
      }),
    );
  });

  it("never breaks its reader, and never reaches a terminal unescaped", () => {
    const wild = fc.record({ name: fc.string(), state: fc.string(), lines: fc.anything(), lastExit: fc.anything() });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.array(wild).map((s) => JSON.stringify({ services: s })),
        ),
        (said) => {
          const read = readServices(said);
          // eslint-disable-next-line no-control-regex -- control characters are what must not be there
          expect(JSON.stringify(read ?? [])).not.toMatch(/[\u0000-\u001f\u202e]/);
        },
      ),
    );
    const hostile = {
      name: "x",
      state: "failing",
      lines: ["\u001b[2Jgone", 7, ...Array<string>(9).fill("z".repeat(9999))],
    };
    const [service] = readServices(JSON.stringify({ services: [hostile] })) ?? [];
    expect(service?.lines).toHaveLength(5);
    expect(Math.max(...(service?.lines ?? []).map((line) => line.length))).toBeLessThanOrEqual(300);
  });

  it.each(["", "null", "[]", '{"services":null}', "usage: services"])("is nothing when it is %j", (said) => {
    expect(readServices(said)).toBeUndefined();
  });

  it("leaves out what has no name or no state that is known", () => {
    const said = [{ name: "a", state: "ready" }, { name: "b", state: "great" }, { state: "ready" }, null, "x"];
    expect(readServices(JSON.stringify({ services: said }))?.map(({ name }) => name)).toEqual(["a"]);
  });
});
