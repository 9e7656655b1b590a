import { expect, it } from "vitest";
import { presentEnabled, presentPaired, presentSyncthing } from "../../src/cli/present/syncthing.ts";
import { readStatus } from "../../src/core/syncthing-answers.ts";

const plain = (text: string) => text;
const style = { good: plain, bad: plain, warn: plain, strong: plain, faint: plain };
const ID = "F4MD7E2-GZT25R5-TU2RXJP-TK6RSVW-TQ25YWX-KRVCRSU-YIRSOBE-SOFAQQA";

it("tells what to do at the other device, with an address that can be typed in as it is [FR-041]", () => {
  const text = presentPaired(style, { name: "api", deviceId: ID, paired: undefined, pending: [] });
  expect(text).toContain(`Add Remote Device: ${ID}`);
  expect(text).toContain("tcp://api:22000 over the tailnet");
  expect(text).toContain("tcp://127.0.0.1:22001, while this runs: devbox-ctl port-forward api 22001:22000");
});

it("shows a password only when it was just made [FR-037]", () => {
  expect(presentEnabled(style, { name: "api", deviceId: ID, password: "s3cret" })).toContain("s3cret\n");
  expect(presentEnabled(style, { name: "api", deviceId: ID, password: undefined })).toContain("as it was");
});

it("shows nothing of a box's that could move a cursor [FR-041]", () => {
  const evil = "\u001b[2J\u202e\n";
  const folder = {
    id: evil,
    path: evil,
    state: evil,
    error: evil,
    devices: [],
    files: 1,
    needFiles: 2,
    failedFiles: 1,
  };
  const failures = [{ path: evil, error: evil }];
  const conflicts = { count: 1, complete: false, files: [evil] };
  const status = readStatus(
    JSON.stringify({
      deviceId: ID,
      version: evil,
      listeners: [{ address: evil, error: evil }],
      folders: [{ ...folder, failures, conflicts }],
      devices: [{ id: evil, name: evil, connected: true, connectedFrom: evil }],
      pending: [{ id: evil, name: evil, address: evil }],
      messages: [{ text: evil }],
    }),
  );
  const text = presentSyncthing(style, { name: "api", ...status }, 0);
  // eslint-disable-next-line no-control-regex -- control characters are what must not be there
  expect(text.replaceAll("\n", "")).not.toMatch(/[\u0000-\u001f\u202e]/);
  expect(text).toContain("at least 1 conflict");
  expect(text).toContain("2 changes");
  expect(text).toContain("without a password");
});
