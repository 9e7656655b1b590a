import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { presentSshConfig } from "../../src/cli/present/ssh-config.ts";
import { boxOfHost, sshStanza, wayTo } from "../../src/core/ssh-config.ts";
import { anyName } from "./arbitraries.ts";

const proxyOf = (host: string, account = "devbox") => sshStanza(wayTo(host, account), undefined).options.ProxyCommand;

describe("the names by which OpenSSH knows boxes", () => {
  it("end in what no box's name has [FR-030]", () => {
    fc.assert(
      fc.property(anyName, (name) => {
        expect(boxOfHost(`${name}.devbox`)).toBe(name);
        expect(boxOfHost(name)).toBe(name);
      }),
    );
  });
});

describe("what ~/.ssh/config needs", () => {
  it("on the machine that boxes run on [FR-002]", () => {
    expect(
      presentSshConfig({ kind: "local" }, sshStanza({ kind: "local" }, undefined))
        .split("\n")
        .slice(-6),
    ).toEqual([
      "Host *.devbox",
      "  User dev",
      "  ProxyCommand devbox-ctl ssh --stdio %n",
      "  UserKnownHostsFile ~/.ssh/known_hosts.devbox",
      "  StrictHostKeyChecking accept-new",
      "  ForwardAgent no",
    ]);
  });

  it("with a key of the service account, which leads to devbox-ctl itself [FR-002]", () => {
    const ways = ["devbox@example.com", "ssh://devbox@example.com:2222", "devbox@[::1]"];
    for (const host of ways) {
      expect(proxyOf(host)).toBe(`ssh -Tax -o ClearAllForwardings=yes ${host} ssh --stdio %n`);
    }
    expect(proxyOf("boxes@example.com", "boxes")).toContain("boxes@example.com ssh --stdio");
  });

  it("with an account of one's own there [FR-002]", () => {
    for (const host of ["alice@example.com", "example.com", "devbox", "devbox@example.com"]) {
      expect(proxyOf(host, "boxes")).toBe(`ssh -Tax -o ClearAllForwardings=yes ${host} devbox-ctl ssh --stdio %n`);
    }
  });

  it("for one box [FR-002]", () => {
    expect(sshStanza({ kind: "local" }, "api").host).toBe("api.devbox");
    expect(sshStanza({ kind: "local" }, "api.devbox").host).toBe("api.devbox");
    expect(() => sshStanza({ kind: "local" }, "api\n  ProxyCommand x")).toThrow("cannot be the name");
    expect(() => sshStanza({ kind: "local" }, "*")).toThrow("cannot be the name");
  });

  it("never holds what ssh or a shell would read as more than a host [SC-012]", () => {
    const bad = [
      "-oProxyCommand=x",
      "a b",
      "a;b",
      "$(x)",
      "a@-b",
      "",
      "a@b@c",
      "a\nHost *",
      "`x`",
      "%d",
      "a@'b'",
      "é",
      "ssh://",
    ];
    for (const host of bad) expect(() => wayTo(host, "devbox"), host).toThrow("no host");
    fc.assert(
      fc.property(fc.string(), (host) => {
        try {
          expect(proxyOf(host)).toMatch(
            /^ssh -Tax -o ClearAllForwardings=yes [A-Za-z0-9_[][\w.:/@[\]-]* (devbox-ctl )?ssh --stdio %n$/,
          );
        } catch (error) {
          expect(String(error)).toContain("no host");
        }
      }),
    );
  });
});
