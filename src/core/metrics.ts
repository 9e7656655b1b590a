/** One figure of something, and what tells it from others of its kind. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Figures of one kind. Names are ours; values of labels may be anybody's. */
export interface Metric {
  /** Without the prefix that all have. */
  readonly name: string;
  readonly help: string;
  readonly samples: readonly Sample[];
}

const PREFIX = "devbox_";

/**
 * Figures in the Prometheus text format, version 0.0.4. All are gauges: each is read anew, and may go down.
 * One without any sample is left out.
 */
export function prometheusText(metrics: readonly Metric[]): string {
  return metrics
    .filter(({ samples }) => samples.length > 0)
    .map(({ name, help, samples }) =>
      [
        `# HELP ${PREFIX}${name} ${escaped(help, false)}`,
        `# TYPE ${PREFIX}${name} gauge`,
        ...samples.map((sample) => `${PREFIX}${name}${labelText(sample)} ${valueText(sample.value)}`),
        "",
      ].join("\n"),
    )
    .join("");
}

function labelText({ labels }: Sample): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value, true)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

/** Backslashes and line ends would end a text; in labels quotes do, too. Carriage returns end lines for some readers. */
function escaped(text: string, inQuotes: boolean): string {
  const lines = text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll("\r", " ").toWellFormed();
  return inQuotes ? lines.replaceAll('"', '\\"') : lines;
}

function valueText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  return Number.isFinite(value) ? String(value) : value > 0 ? "+Inf" : "-Inf";
}
