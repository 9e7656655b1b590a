import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Bytes that may pass between two collections. */
const EVERY = 8 * 1024 * 1024;

type Collect = (how: { readonly type: "minor" }) => void;

let collect: Collect | undefined;
let passed = 0;

/**
 * To be told of all bytes that pass through buffers of their own. V8 counts what buffers hold outside of its heap, but lets
 * 64 MB of it wait to be freed; a collection of what is young takes half a millisecond.
 */
export function passes(bytes: number): void {
  passed += bytes;
  if (passed < EVERY) return;
  passed = 0;
  if (collect === undefined) {
    setFlagsFromString("--expose-gc");
    collect = runInNewContext("gc") as Collect;
  }
  collect({ type: "minor" });
}
