import { DevboxError } from "./errors.ts";
import { clipped, count } from "./text.ts";

/** A public key of SSH that is good enough to log in with. */
export interface SshKey {
  readonly type: string;
  /** As it stands in a file: base64. */
  readonly blob: string;
  readonly comment: string;
}

/** Least bits of an RSA key: NIST SP 800-57 wants 3072 for what has to hold past 2030. */
const RSA_BITS = 3072;
/** Most bits that OpenSSH takes (SSHBUF_MAX_BIGNUM). */
const RSA_MOST_BITS = 16_384;
/** Most keys that one connection is given; each is an argument of a program. */
const MOST_KEYS = 100;

/** Bytes of each field after the type, or what else has to be so. RFC 4253, 5656, 8709; PROTOCOL.u2f of OpenSSH. */
const FIELDS: Readonly<Record<string, (fields: readonly Buffer[]) => string | undefined>> = {
  "ssh-ed25519": lengths(32),
  "sk-ssh-ed25519@openssh.com": lengths(32, undefined),
  "ecdsa-sha2-nistp256": lengths(8, 65),
  "ecdsa-sha2-nistp384": lengths(8, 97),
  "ecdsa-sha2-nistp521": lengths(8, 133),
  "sk-ecdsa-sha2-nistp256@openssh.com": lengths(8, 65, undefined),
  "ssh-rsa": rsaRule,
};

const DAMAGED = "its data are not those of such a key; some of it may be missing";
const NOT_A_KEY = "it is not a line as ssh-keygen writes it into a .pub file";

/**
 * Reads one line of a `.pub` file.
 * @throws {DevboxError} USAGE, which repeats nothing of what might be a private key
 */
export function readSshKey(line: string): SshKey {
  const { key, broken } = parse(line);
  if (key !== undefined) return key;
  throw new DevboxError("USAGE", `this is no public key that can be taken: ${broken}.`, {
    why: `Taken are ed25519, ecdsa, RSA of at least ${String(RSA_BITS)} bits, and those of security keys (sk-…).`,
    next: ["Give the line of a .pub file: ssh-ed25519 AAAA… comment", "Make one: ssh-keygen -t ed25519"],
  });
}

/**
 * The keys that stand in a text of lines, such as a `.pub` file or `authorized_keys`, each once. What is none is left
 * out, and so are lines with options: a key that may do one thing alone must not get more by being read here.
 */
export function sshKeysIn(text: string): SshKey[] {
  const keys = text.split("\n").flatMap((line) => parse(line).key ?? []);
  return [...new Map(keys.map((key) => [key.blob, key])).values()];
}

/**
 * What is said of keys as a set.
 * @throws {DevboxError} USAGE for none, or too many
 */
export function checkKeyCount(keys: readonly SshKey[]): void {
  if (keys.length === 0) {
    throw new DevboxError("USAGE", "there is no public key that could log in.", {
      why: "None was given, and none was found in ~/.ssh/*.pub or, without options, in ~/.ssh/authorized_keys.",
      next: ["Make one: ssh-keygen -t ed25519", 'Or give one: --key "ssh-ed25519 AAAA…"'],
    });
  }
  if (keys.length > MOST_KEYS) {
    throw new DevboxError(
      "USAGE",
      `${count(keys.length, "key")} are more than the ${String(MOST_KEYS)} that one connection can be given.`,
      {
        next: ['Name those that you use: --key "ssh-ed25519 AAAA…"'],
      },
    );
  }
}

type Parsed = { readonly key: SshKey; readonly broken?: never } | { readonly key?: never; readonly broken: string };

function parse(line: string): Parsed {
  const [type = "", blob = "", ...comment] = line.trim().split(/[ \t]+/);
  if (line.includes("PRIVATE KEY")) return { broken: "it is a private key, which must stay where it is" };
  if (/-cert-v0\d@openssh\.com$/.test(type)) return { broken: "it is a certificate" };
  if (type === "ssh-dss") return { broken: "DSA is too weak" };
  const rule = Object.hasOwn(FIELDS, type) ? FIELDS[type] : undefined;
  if (rule === undefined)
    return { broken: /^(ssh|ecdsa|sk)-/.test(type) ? `its type ${clipped(type)} is not known` : NOT_A_KEY };
  const broken = /^[A-Za-z0-9+/]+={0,2}$/.test(blob) ? brokenData(type, blob, rule) : DAMAGED;
  return broken === undefined ? { key: { type, blob, comment: comment.join(" ") } } : { broken };
}

function brokenData(
  type: string,
  blob: string,
  rule: (fields: readonly Buffer[]) => string | undefined,
): string | undefined {
  const bytes = Buffer.from(blob, "base64");
  // Another way to write the same bytes would be another key to whoever compares texts.
  if (bytes.toString("base64") !== blob) return DAMAGED;
  const fields = fieldsOf(bytes);
  // The type stands in the data as well, and OpenSSH goes by that.
  if (fields?.[0]?.toString("latin1") !== type) return DAMAGED;
  return rule(fields.slice(1));
}

/** The fields of a key: each has its length before it, in four bytes. Undefined when they do not come out even. */
function fieldsOf(bytes: Buffer): Buffer[] | undefined {
  const fields: Buffer[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (at + 4 > bytes.length) return undefined;
    const end = at + 4 + bytes.readUInt32BE(at);
    if (end > bytes.length) return undefined;
    fields.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return fields;
}

/** @param wanted bytes of each field; undefined where any number but none is right */
function lengths(...wanted: readonly (number | undefined)[]) {
  return (fields: readonly Buffer[]): string | undefined => {
    const good =
      fields.length === wanted.length && fields.every(({ length }, at) => length === (wanted[at] ?? (length || 1)));
    return good ? undefined : DAMAGED;
  };
}

function rsaRule(fields: readonly Buffer[]): string | undefined {
  const [, modulus] = fields;
  if (fields.length !== 2 || modulus === undefined) return DAMAGED;
  const first = modulus.findIndex((byte) => byte !== 0);
  const bits = first === -1 ? 0 : (modulus.length - first) * 8 - (Math.clz32(modulus[first] ?? 0) - 24);
  if (bits > RSA_MOST_BITS) return `RSA of ${String(bits)} bits is more than OpenSSH takes`;
  return bits < RSA_BITS ? `RSA of ${String(bits)} bits is too weak` : undefined;
}
