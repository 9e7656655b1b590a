import { PassThrough } from "node:stream";
import { expect, it } from "vitest";
import { areApart } from "../../src/cli/apart.ts";
import { showProgress } from "../../src/cli/progress.ts";

const kind = (type: "pipe" | "socket" | "file", ino: number) => ({
  dev: 1,
  ino,
  isFIFO: () => type === "pipe",
  isSocket: () => type === "socket",
});

it.each([
  ["two pipes", kind("pipe", 1), kind("pipe", 2), true],
  ["two sockets", kind("socket", 1), kind("socket", 2), true],
  ["one pipe for both", kind("pipe", 1), kind("pipe", 1), false],
  ["a file and a pipe", kind("file", 1), kind("pipe", 2), false],
  ["two files or terminals", kind("file", 1), kind("file", 2), false],
])("knows streams whose order is lost on the way: %s", (_title, one, other, expected) => {
  expect(areApart(one, other)).toBe(expected);
});

it("lets its lines go before something is said elsewhere, once, and not where there are none", () => {
  const events: string[] = [];
  const stream = new PassThrough();
  stream.on("data", (text: Buffer) => events.push(text.toString().trim()));
  const progress = showProgress(
    stream as unknown as NodeJS.WriteStream,
    { now: () => 0, monotonic: () => 0, sleep: () => Promise.resolve() },
    () => events.push("waited"),
  );
  progress.settle();
  expect(events).toEqual([]);
  progress.begin("Services ready");
  progress.done();
  progress.settle();
  progress.settle();
  expect(events).toEqual(["✓ Services ready", "waited"]);
});
