import { describe, expect, it } from "vitest";
import { asksForForeignHost, peerUid } from "../../src/adapters/forward/peers.ts";
import { hasCode } from "../../src/core/errors.ts";
import { portPairs } from "../../src/usecases/forward/ports.ts";

describe("the ports of port-forward", () => {
  it.each([
    [["8080"], [{ local: 8080, remote: 8080 }]],
    [["8081:8080"], [{ local: 8081, remote: 8080 }]],
    [
      ["0:1", "0:1", "65535"],
      [
        { local: 0, remote: 1 },
        { local: 0, remote: 1 },
        { local: 65_535, remote: 65_535 },
      ],
    ],
  ])("are read: %j", (words, pairs) => {
    expect(portPairs(words)).toEqual(pairs);
  });

  const refused = ["", "0", "65536", "-1", "1e3", "8080:", ":8080", "8080:0", "0.0.0.0:80:80", "http", "８０", " 80"];
  it.each([...refused.map((word) => [word]), ["80", "80:81"], Array.from({ length: 33 }, (_, at) => `${at + 1}`)])(
    "are refused: %j",
    (...words) => {
      let error: unknown;
      try {
        portPairs(words);
      } catch (thrown) {
        error = thrown;
      }
      expect(hasCode(error, "USAGE")).toBe(true);
    },
  );
});

describe("whose a connection is", () => {
  const row = (local: string, remote: string, uid: number, inode: number) =>
    `   1: ${local} ${remote} 01 00000000:00000000 00:00000000 00000000 ${String(uid).padStart(5)}        0 ${inode} 1 0 20 4 30 10 -1`;
  const [own, peer] = ["0100007F:1F90", "0100007F:C350"];
  const table = (...rows: string[]) =>
    ["  sl  local_address rem_address   st tx_queue …", row(own, peer, 1000, 77), ...rows].join("\n");

  it("is the user id at the other end, not at ours", () => {
    expect(peerUid(table(row(peer, own, 1234, 99)), 50_000, 8080)).toBe(1234);
    expect(peerUid(table(), 50_000, 8080)).toBeUndefined();
    expect(peerUid("", 50_000, 8080)).toBeUndefined();
  });

  it("is found behind an IPv6 socket too", () => {
    const mapped = (port: string) => `0000000000000000FFFF00000100007F:${port}`;
    expect(peerUid(table(row(mapped("C350"), mapped("1F90"), 1234, 99)), 50_000, 8080)).toBe(1234);
  });

  it("is nobody's when the other end is closed: the kernel gives those to root", () => {
    expect(peerUid(table(row(peer, own, 0, 0)), 50_000, 8080)).toBeUndefined();
  });

  it("is not that of a connection to another address or port", () => {
    const others = [
      row(peer, "0200007F:1F90", 7, 99),
      row(peer, "0100007F:1F91", 7, 99),
      row("0A00000A:C350", own, 7, 9),
    ];
    expect(peerUid(table(...others), 50_000, 8080)).toBeUndefined();
  });
});

describe("a request that comes over a forward to the editor", () => {
  const request = (host: string) => `GET /?folder=/ HTTP/1.1\r\nUser-Agent: x\r\nHost: ${host}\r\n\r\n`;

  it.each(["127.0.0.1:8080", "localhost:8081", "LOCALHOST", "[::1]:8080", " 127.0.0.1 "])(
    "is let in for %s",
    (host) => {
      expect(asksForForeignHost(request(host))).toBe(false);
    },
  );

  it.each([
    "evil.example:8080",
    "127.0.0.1.evil.example",
    "localhost.evil.example:80",
    "",
    "api:8080",
    "127.0.0.1@evil.example",
  ])("is refused for %j: a page that had its name point here (DNS rebinding)", (host) => {
    expect(asksForForeignHost(request(host))).toBe(true);
  });

  it("is refused when it names no host, and let alone when it is no HTTP", () => {
    expect(asksForForeignHost("GET / HTTP/1.0\r\n\r\n")).toBe(true);
    expect(asksForForeignHost("SSH-2.0-OpenSSH_9.2\r\n")).toBe(false);
    expect(asksForForeignHost("")).toBe(false);
  });
});
