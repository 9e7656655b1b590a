import { DevboxError } from "./errors.ts";
import { quote } from "./text.ts";

const UNITS: Readonly<Record<string, number>> = {
  k: 1024,
  kib: 1024,
  kb: 1000,
  m: 1024 ** 2,
  mib: 1024 ** 2,
  mb: 1000 ** 2,
  g: 1024 ** 3,
  gib: 1024 ** 3,
  gb: 1000 ** 3,
  t: 1024 ** 4,
  tib: 1024 ** 4,
  tb: 1000 ** 4,
};

export const KIB = 1024;
export const MIB = 1024 ** 2;
export const GIB = 1024 ** 3;

/** A size such as `4GiB`, `512MiB`, `1.5G` or `4GB` in bytes (k, m, g, t count by 1024), or why it is none. */
export function parseSize(text: string): { bytes: number } | { problem: string } {
  const match = /^([+-]?\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim());
  if (!match) return { problem: "is not a size" };
  const [, digits = "", unit = ""] = match;
  const value = Number(digits);
  if (value < 0) return { problem: "is negative" };
  if (value === 0) return { problem: "is zero" };
  if (unit === "") return { problem: "has no unit" };
  const factor = UNITS[unit.toLowerCase()];
  if (factor === undefined) return { problem: `has an unknown unit ${quote(unit)}` };
  const bytes = Math.round(value * factor);
  if (bytes === 0) return { problem: "is zero" };
  return Number.isSafeInteger(bytes) ? { bytes } : { problem: "is absurdly large" };
}

/**
 * A size given on the command line, in bytes.
 * @throws {DevboxError} INVALID_SPEC
 */
export function sizeFlag(flag: string, text: string): number {
  const size = parseSize(text);
  if ("bytes" in size) return size.bytes;
  throw new DevboxError("INVALID_SPEC", `${flag} ${quote(text)} ${size.problem}.`, {
    next: [`Give a number with a unit, for example: ${flag} 4GiB`],
  });
}

/** Bytes for a person, in binary units: `4 GiB`, `512 MiB`, `1.1 GiB`. */
export function formatSize(bytes: number): string {
  if (bytes < KIB) return `${String(bytes)} B`;
  const names = ["KiB", "MiB", "GiB", "TiB", "PiB"];
  let value = bytes / KIB;
  let unit = 0;
  // 1023.95 would be shown as 1024.0; it belongs to the next unit.
  while (value >= 1023.95 && unit < names.length - 1) {
    value /= KIB;
    unit += 1;
  }
  const rounded = value >= 100 ? Math.round(value) : Math.round(value * 10) / 10;
  return `${String(rounded)} ${names[unit] ?? "PiB"}`;
}
