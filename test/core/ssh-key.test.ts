import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DevboxError } from "../../src/core/errors.ts";
import { checkKeyCount, readSshKey, sshKeysIn } from "../../src/core/ssh-key.ts";
import { ecdsa, ed25519, keyLine, rsa } from "../support/ssh-keys.ts";

function refusal(line: string): string {
  try {
    readSshKey(line);
  } catch (error) {
    if (error instanceof DevboxError) return [error.message, error.why, ...error.next].join("\n");
  }
  throw new Error("the key was taken");
}

const SK = "openssh.com";

describe("public keys", () => {
  it.each([
    ["ed25519", ed25519()],
    ["ecdsa 256", ecdsa("nistp256", 65)],
    ["ecdsa 384", ecdsa("nistp384", 97)],
    ["ecdsa 521", ecdsa("nistp521", 133)],
    ["RSA 3072", rsa(3072)],
    ["RSA 4096", rsa(4096)],
    ["a security key", keyLine(`sk-ssh-ed25519@${SK}`, [Buffer.alloc(32, 7), "ssh:"])],
    ["a security key, ecdsa", keyLine(`sk-ecdsa-sha2-nistp256@${SK}`, ["nistp256", Buffer.alloc(65, 4), "ssh:"])],
  ])("are taken: %s [FR-002] [SC-012]", (_, line) => {
    const { type, blob } = readSshKey(line);
    expect(line.startsWith(`${type} ${blob}`)).toBe(true);
  });

  it.each([
    ["RSA 3071", rsa(3071), "RSA of 3071 bits is too weak"],
    ["RSA 2048", rsa(2048), "RSA of 2048 bits is too weak"],
    ["RSA without a modulus", keyLine("ssh-rsa", [Buffer.from([3]), Buffer.alloc(400)]), "RSA of 0 bits"],
    ["RSA of absurd size", rsa(20_000), "more than OpenSSH takes"],
    ["DSA", keyLine("ssh-dss", ["x"]), "DSA is too weak"],
    ["a certificate", keyLine(`ssh-ed25519-cert-v01@${SK}`, ["x"]), "certificate"],
    ["a short ed25519", keyLine("ssh-ed25519", [Buffer.alloc(31)]), "missing"],
    ["an ed25519 with more behind it", keyLine("ssh-ed25519", [Buffer.alloc(32), "x"]), "missing"],
    ["another type outside than inside", ed25519().replace("ssh-ed25519", "ssh-rsa"), "missing"],
    ["a cut one", ed25519("").slice(0, -6), "missing"],
    ["one that is written another way", `${ed25519("")}=`, "missing"],
    ["a type that there is not", keyLine("ssh-quantum", ["x"]), "not known"],
    ["a name of an object's own", "constructor AAAA", "ssh-keygen"],
    ["nothing", "", "ssh-keygen"],
    ["options", `command="sh" ${ed25519()}`, "ssh-keygen"],
  ])("are refused: %s [FR-002] [SC-012]", (_, line, words) => {
    expect(refusal(line)).toContain(words);
  });

  it("are not repeated when they may be private [SC-011]", () => {
    const text = refusal("-----BEGIN OPENSSH PRIVATE KEY----- b3BlbnNzaC1rZXk");
    expect(text).toContain("it is a private key");
    expect(text).not.toContain("b3BlbnNzaC1rZXk");
    expect(refusal("b3BlbnNzaC1rZXkAAAA secret")).not.toMatch(/b3Blbn|secret/);
  });

  it("never come out with anything that could be an option, a blank or a line [SC-012]", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (before, comment) => {
        const keys = sshKeysIn(`${before}\n${ed25519(comment.replaceAll("\n", " "))}\n${before}`);
        for (const { type, blob } of keys) expect(`${type} ${blob}`).toMatch(/^[a-z0-9@.-]+ [A-Za-z0-9+/]+=*$/);
        expect(keys.length).toBe(1);
      }),
    );
  });

  it("are found in files, once each, without those that have options [SC-012]", () => {
    const [mine, other] = [ed25519(), ecdsa("nistp256", 65)];
    const text = [
      "# laptop",
      mine,
      `${mine} again\r`,
      "",
      `restrict,command="x" ${rsa(3072)}`,
      rsa(1024),
      `  ${other}`,
    ];
    const found = sshKeysIn(text.join("\n"));
    expect(found.map(({ type }) => type)).toEqual(["ssh-ed25519", "ecdsa-sha2-nistp256"]);
    expect(sshKeysIn("")).toEqual([]);
  });

  it("are neither none nor too many [FR-002]", () => {
    const key = readSshKey(ed25519());
    expect(() => {
      checkKeyCount([]);
    }).toThrow("no public key");
    expect(() => {
      checkKeyCount(Array.from({ length: 101 }, () => key));
    }).toThrow("101 keys");
    expect(() => {
      checkKeyCount([key]);
    }).not.toThrow();
  });
});
