/** One line of figures, as a scraper takes it up. */
export interface Scraped {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*/;
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\["\\n])*)"/;

/**
 * Reads the Prometheus text format, version 0.0.4, as strictly as node_exporter's collector does: HELP and TYPE once and
 * before the samples of their family, families in one piece, no sample twice, no timestamps (which it refuses).
 * @throws {Error} at the first line that is not so
 */
export function scrape(text: string): Scraped[] {
  if (text !== "" && !text.endsWith("\n")) throw new Error("no line end at the end");
  const samples: Scraped[] = [];
  const [helps, types, closed, seen] = [new Set<string>(), new Set<string>(), new Set<string>(), new Set<string>()];
  let family = "";
  for (const line of text.split("\n").slice(0, -1)) {
    const [, kind, name = "", rest = ""] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    const sample = kind === undefined ? sampleOf(line) : undefined;
    const of = sample?.name ?? name;
    if (of !== family) {
      if (closed.has(of)) throw new Error(`${of} is not in one piece: ${line}`);
      closed.add(family);
      family = of;
    }
    if (kind === "HELP" && !once(helps, name)) throw new Error(`HELP twice: ${line}`);
    if (kind === "TYPE" && (!once(types, name) || !["gauge", "counter"].includes(rest)))
      throw new Error(`TYPE: ${line}`);
    if (sample === undefined) continue;
    if (!helps.has(of) || !types.has(of)) throw new Error(`no HELP or TYPE before: ${line}`);
    if (!once(seen, JSON.stringify([of, Object.entries(sample.labels).sort()]))) throw new Error(`twice: ${line}`);
    samples.push(sample);
  }
  return samples;
}

function once(set: Set<string>, name: string): boolean {
  if (set.has(name)) return false;
  set.add(name);
  return true;
}

function sampleOf(line: string): Scraped {
  const name = NAME.exec(line)?.[0];
  if (name === undefined) throw new Error(`no name: ${line}`);
  let rest = line.slice(name.length);
  const labels: Record<string, string> = {};
  if (rest.startsWith("{")) {
    rest = rest.slice(1);
    for (let match = LABEL.exec(rest); match !== null; match = LABEL.exec(rest)) {
      const [whole, label = "", value = ""] = match;
      if (label in labels) throw new Error(`label twice: ${line}`);
      labels[label] = value.replace(/\\(["\\n])/g, (_, c: string) => (c === "n" ? "\n" : c));
      rest = rest.slice(whole.length);
      if (rest.startsWith(",")) rest = rest.slice(1);
    }
    if (!rest.startsWith("}")) throw new Error(`labels: ${line}`);
    rest = rest.slice(1);
  }
  const value = /^ (NaN|[+-]Inf|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/.exec(rest)?.[1];
  if (value === undefined) throw new Error(`value: ${line}`);
  return { name, labels, value: Number(value.replace("Inf", "Infinity")) };
}
