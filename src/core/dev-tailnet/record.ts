import { DevboxError } from "../errors.ts";
import { quote } from "../text.ts";

/** What is to be remembered of a tailnet of one's own from one command to the next. Nothing of it is secret. */
export interface DevTailnetRecord {
  /** Address of this machine that headscale listens on. */
  readonly address: string;
  /** TCP for devices and their relay, UDP for STUN. */
  readonly port: number;
  /** Who has a key, sorted; the rules name them. */
  readonly users: readonly string[];
}

const isPort = (value: unknown): value is number =>
  typeof value === "number" && Number.isInteger(value) && value > 0 && value < 65_536;

/**
 * Reads what an earlier command wrote.
 * @param file named in the error
 * @throws {DevboxError} WRONG_STATE when it was not written by this program
 */
export function readRecord(text: string, file: string): DevTailnetRecord {
  const { address, port, users } = objectIn(text);
  if (typeof address === "string" && isPort(port) && Array.isArray(users)) {
    return { address, port, users: users.filter((user) => typeof user === "string") };
  }
  throw new DevboxError("WRONG_STATE", `${quote(file)} cannot be read.`, {
    why: "It is not what this program wrote there.",
    next: ["Begin anew, without what was there: devbox-ctl tailnet dev down --purge"],
  });
}

function objectIn(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
