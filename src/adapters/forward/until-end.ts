import { Transform } from "node:stream";

/** How `connect` tells that the port has said everything, and how many bytes that was. */
const END = /^connect: end after (\d{1,15}) bytes$/m;
/** Most characters that are kept of what else it says before. */
const KEPT = 1024;

/**
 * Passes on what `connect` says, and ends as soon as all of it is through. Its stdout does not end by then: the engine
 * keeps that open until the program has ended, which waits for the other direction. What comes beyond is dropped.
 */
export function untilEnd(stderr: NodeJS.ReadableStream): Transform {
  let passed = 0;
  let all = Number.POSITIVE_INFINITY;
  let told = "";
  const endWhenAll = () => {
    if (passed >= all) stream.push(null);
  };
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, next) {
      if (passed < all) stream.push(chunk);
      passed += chunk.length;
      endWhenAll();
      next();
    },
  });
  const listen = (chunk: Buffer | string) => {
    told = (told + String(chunk)).slice(-KEPT);
    const count = END.exec(told.slice(0, told.lastIndexOf("\n") + 1))?.[1];
    if (count === undefined) return;
    stderr.off("data", listen);
    all = Number(count);
    endWhenAll();
  };
  stderr.on("data", listen);
  return stream;
}
