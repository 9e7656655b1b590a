import { PassThrough } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { beforeEach, expect, it } from "vitest";
import { untilEnd } from "../../src/adapters/forward/until-end.ts";

let stdout: PassThrough;
let stderr: PassThrough;
let seen: { text: string; ended: boolean };

beforeEach(() => {
  [stdout, stderr, seen] = [new PassThrough(), new PassThrough(), { text: "", ended: false }];
  const passed = stdout.pipe(untilEnd(stderr));
  passed.on("data", (chunk: Buffer) => (seen.text += chunk.toString()));
  passed.on("end", () => (seen.ended = true));
});

const says = async (stream: PassThrough, ...parts: string[]) => {
  for (const part of parts) {
    stream.write(part);
    await turn();
  }
  await turn();
};

it("ends when all is through, although stdout stays open", async () => {
  await says(stdout, "abc");
  await says(stderr, "connect: end af", "ter 5 by", "tes\n");
  expect(seen).toEqual({ text: "abc", ended: false });
  await says(stdout, "de");
  expect(seen).toEqual({ text: "abcde", ended: true });
});

it("ends at once when the end is told after the last byte, or after none", async () => {
  await says(stdout, "abc");
  await says(stderr, "connect: end after 3 bytes\n");
  expect(seen).toEqual({ text: "abc", ended: true });
});

it("ends where nothing was said at all", async () => {
  await says(stderr, "connect: end after 0 bytes\n");
  expect(seen).toEqual({ text: "", ended: true });
});

it("drops what comes beyond, and does not stop whoever says it", async () => {
  await says(stderr, "connect: end after 2 bytes\n", "connect: end after 9 bytes\n");
  await says(stdout, "ab", ...Array.from({ length: 20 }, () => "x".repeat(65_536)), "last");
  expect(seen).toEqual({ text: "ab", ended: true });
  expect(stdout.readableLength).toBe(0);
});

it.each(["end after 3 bytes\n", "connect: end after 3 bytes", "connect: end after -1 bytes\n", "x\n".repeat(9000)])(
  "takes nothing else for the end: %j",
  async (words) => {
    await says(stderr, words);
    await says(stdout, "abc");
    expect(seen).toEqual({ text: "abc", ended: false });
    stdout.end();
    await turn();
    await turn();
    expect(seen.ended).toBe(true);
  },
);
