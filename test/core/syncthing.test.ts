import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readPassword, readSetup, readStatus } from "../../src/core/syncthing-answers.ts";
import { parseDeviceId } from "../../src/core/syncthing.ts";

/** Made by Syncthing 1.19 and 2.0. */
const IDS = [
  "F4MD7E2-GZT25R5-TU2RXJP-TK6RSVW-TQ25YWX-KRVCRSU-YIRSOBE-SOFAQQA",
  "ZTCZPXY-BEVAQAD-WWDCYN3-FZS2YX7-R6JJR7A-HZ7HIRZ-P6GOLCT-COSB4A7",
  "ER6NLND-BI5ZSIO-XU4NARX-RWKCH2Z-MXNSISO-TWNM2UM-SEKOG6R-PLFRWA3",
];

describe("a device id", () => {
  it("is taken as people write it, and comes out in full [FR-041]", () => {
    for (const id of IDS) {
      for (const written of [id, id.toLowerCase(), id.replaceAll("-", ""), ` ${id.replaceAll("-", " ")}\n`]) {
        expect(parseDeviceId(written)).toBe(id);
      }
    }
    expect(parseDeviceId((IDS[0] ?? "").replaceAll("O", "0").replaceAll("I", "1").replaceAll("B", "8"))).toBe(IDS[0]);
  });

  it("is refused with one letter wrong, whichever it is [FR-041]", () => {
    const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    fc.assert(
      fc.property(fc.constantFrom(...IDS), fc.nat(62), fc.nat(31), (id, at, to) => {
        const letter = letters.charAt(to);
        fc.pre(id.charAt(at) !== "-" && id.charAt(at) !== letter);
        expect(() => parseDeviceId(id.slice(0, at) + letter + id.slice(at + 1))).toThrow(/no device id/);
      }),
    );
  });

  it.each(["", "x", "F4MD7E2", `${IDS[0] ?? ""}A`, "9".repeat(56), "é".repeat(56), "A".repeat(1e6)])(
    "is not %.20s [FR-041]",
    (text) => {
      expect(() => parseDeviceId(text)).toThrow(/no device id/);
    },
  );
});

describe("answers of a box", () => {
  const status = {
    deviceId: IDS[0],
    version: "v2.0.10",
    gui: { password: true },
    listeners: [],
    discovery: {},
    folders: [
      {
        id: "sync",
        path: "/home/dev/sync",
        state: "idle",
        devices: [IDS[1], 7],
        failures: [],
        conflicts: { count: 2 },
      },
    ],
    devices: [{ id: IDS[1], name: null, connected: true, lastSeen: "2026-01-31T09:00:00+01:00" }],
    pending: [{ id: IDS[2], since: "never" }],
    messages: [],
  };

  it("are read as far as they say something, and never trusted further [FR-041]", () => {
    const read = readStatus(JSON.stringify(status));
    expect(read.folders[0]).toMatchObject({ devices: [IDS[1]], files: 0, conflicts: { count: 2, complete: false } });
    expect(read.devices[0]).toMatchObject({ name: undefined, connected: true, completion: undefined });
    expect(read.devices[0]?.lastSeen).toBe(Date.UTC(2026, 0, 31, 8));
    expect(read.pending[0]?.since).toBeUndefined();
    expect(read.discovery).toEqual({ global: false, local: false, relays: false });
    const setup = JSON.stringify({ deviceId: IDS[0], password: null });
    expect(readSetup(setup)).toEqual({ deviceId: IDS[0], password: undefined });
    // It is printed and copied: nothing but a device id is one.
    for (const deviceId of ["x", `\u001b[31m${IDS[0] ?? ""}`, `${IDS[0] ?? ""}\n`]) {
      expect(() => readSetup(JSON.stringify({ deviceId }))).toThrow(
        expect.objectContaining({ code: "ENGINE_GARBAGE" }),
      );
    }
  });

  it("that are garbage are an error of ours, whatever they are", () => {
    const garbage = expect.objectContaining({ code: "ENGINE_GARBAGE" }) as unknown;
    const error = (act: () => unknown): unknown => {
      try {
        return act();
      } catch (thrown) {
        return thrown;
      }
    };
    for (const text of ["", "[]", "null", "{}", '{"password":7}', "{"]) {
      expect(error(() => readStatus(text))).toEqual(garbage);
      expect(error(() => readPassword(text))).toEqual(garbage);
    }
    for (const key of ["folders", "devices", "pending", "listeners", "messages"]) {
      expect(error(() => readStatus(JSON.stringify({ ...status, [key]: "x" })))).toEqual(garbage);
    }
  });
});
