import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { prometheusText } from "../../src/core/metrics.ts";
import { scrape } from "../support/prometheus.ts";

describe("the Prometheus text format", () => {
  it("is as its readers expect it", () => {
    const metrics = [
      { name: "boxes", help: "Boxes by\nowner \\ state.", samples: [{ labels: { owner: "alice" }, value: 2 }] },
      { name: "none", help: "Nothing.", samples: [] },
      { name: "up", help: "Up.", samples: [{ labels: {}, value: 1.5 }] },
    ];
    expect(prometheusText(metrics)).toBe(
      `# HELP devbox_boxes Boxes by\\nowner \\\\ state.
# TYPE devbox_boxes gauge
devbox_boxes{owner="alice"} 2
# HELP devbox_up Up.
# TYPE devbox_up gauge
devbox_up 1.5
`,
    );
  });

  it("carries any value of a label and any number to the reader unchanged", () => {
    const value = fc.oneof(fc.double(), fc.integer(), fc.constant(1e21));
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string(), value, (label, help, number) => {
        const samples = [{ labels: { box: label, owner: "x" }, value: number }];
        const [read] = scrape(prometheusText([{ name: "x", help, samples }]));
        expect(read?.labels.box).toBe(label.replaceAll("\r", " ").toWellFormed());
        expect(read?.value).toEqual(Object.is(number, -0) ? 0 : number);
      }),
    );
  });
});
