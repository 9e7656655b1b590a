import { describe, expect, it } from "vitest";
import { abandoned } from "../../src/adapters/podman/service.ts";

// As ss of iproute2 6.1 prints them; the service answers a request although who asked is gone.
const SOCKETS = [
  "u_str LISTEN 0      4096      /run/user/999/podman/podman.sock 18114727 * 0       ",
  "u_str ESTAB  0      0         /run/user/999/podman/podman.sock 18124388 * 18124387",
  "u_str ESTAB  0      0         /run/user/999/podman/podman.sock 18124390 * 0       ",
  "u_str ESTAB  0      0         /run/user/1000/podman/podman.sock 18124391 * 0       ",
  "u_str ESTAB  0      0         * 18124387 * 18124388",
].join("\n");

describe("what Podman's service is at", () => {
  it("is told by connections to its socket without another side [X-06]", () => {
    expect(abandoned(SOCKETS, "/run/user/999/podman/podman.sock")).toBe(1);
    expect(abandoned(SOCKETS, "/run/user/998/podman/podman.sock")).toBe(0);
    const waiting = "u_str LISTEN 2      4096      /run/user/998/podman/podman.sock 18114727 * 0       ";
    expect(abandoned(waiting, "/run/user/998/podman/podman.sock")).toBe(2);
    expect(abandoned("", "/run/user/999/podman/podman.sock")).toBe(0);
  });
});
