/**
 * Names in a tree may be any bytes, and a name that is no UTF-8 has to survive. Inside such a tree paths are
 * "byte strings": one character a byte, joined like any other path and turned into a Buffer for the kernel.
 */

/** An ordinary path as a byte string. */
export function byteString(path: string): string {
  return Buffer.from(path, "utf8").toString("latin1");
}

/** A byte string as the kernel takes it. */
export function raw(byteString: string): Buffer {
  return Buffer.from(byteString, "latin1");
}

/** A byte string for a person. */
export function shown(byteString: string): string {
  return raw(byteString).toString("utf8");
}
