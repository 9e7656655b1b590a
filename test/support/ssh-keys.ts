import { randomBytes } from "node:crypto";

/** A field of SSH's formats: its length in four bytes, then itself. RFC 4251. */
function sshField(content: Uint8Array | string): Buffer {
  const bytes = Buffer.from(content);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** A line of a `.pub` file with these fields behind its type. */
export function keyLine(type: string, fields: readonly (Uint8Array | string)[], comment = ""): string {
  const blob = Buffer.concat([type, ...fields].map(sshField)).toString("base64");
  return `${type} ${blob}${comment === "" ? "" : ` ${comment}`}`;
}

export const ed25519 = (comment = "alice@laptop"): string => keyLine("ssh-ed25519", [randomBytes(32)], comment);

/** An RSA key whose modulus has this many bits; nobody has its other half. */
export function rsa(bits: number): string {
  const modulus = randomBytes(Math.ceil(bits / 8));
  const top = ((bits - 1) % 8) + 1;
  modulus[0] = ((modulus[0] ?? 0) & ((1 << top) - 1)) | (1 << (top - 1));
  // SSH puts a zero before what would read as a negative number.
  return keyLine("ssh-rsa", [Buffer.from([1, 0, 1]), top === 8 ? Buffer.concat([Buffer.alloc(1), modulus]) : modulus]);
}

export const ecdsa = (curve: string, bytes: number): string =>
  keyLine(`ecdsa-sha2-${curve}`, [curve, randomBytes(bytes)]);
