import { describe, expect, it } from "vitest";
import { type Peer, strange, unanswered } from "../../src/adapters/tailnet/errors.ts";

const peer = (setting: Peer["setting"]): Peer => ({
  title: "headscale",
  base: "https://control.example.com",
  setting,
  advice: { refused: [], forbidden: [], unknown: [] },
});

describe("a control plane that does not answer as it should", () => {
  it.each(["tailnet.api.url", "tailnet.loginServer"] as const)("is looked for at %s where that is set", (setting) => {
    expect(strange(peer(setting), "no JSON").next[0]).toContain(`Check ${setting}:`);
    const noTls = unanswered(peer(setting), { code: "CERT_HAS_EXPIRED", words: "" });
    expect(noTls.next[0]).toContain(`Check that ${setting} begins`);
  });

  it("is no setting's fault where none names it", () => {
    for (const code of ["CERT_HAS_EXPIRED", "ENOTFOUND", "ECONNREFUSED"]) {
      const next = unanswered(peer(undefined), { code, words: "" }).next.join("; ");
      expect(next).toContain("between this host and https://control.example.com");
      expect(next).not.toContain("tailnet.");
    }
  });
});
