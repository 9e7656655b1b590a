import type { Metric } from "../../core/metrics.ts";

/** `metrics --json`; its schema is docs/json/metrics.schema.json. */
export function metricsJson(metrics: readonly Metric[]) {
  return {
    metrics: metrics.map(({ name, help, samples }) => ({
      ...{ name: `devbox_${name}`, help },
      samples: samples.map(({ labels, value }) => ({ labels: { ...labels }, value })),
    })),
  };
}
