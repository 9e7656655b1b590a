import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DevboxError } from "../../src/core/errors.ts";
import {
  fingerprint,
  formatAuthorizedKeys,
  isStillBound,
  parseAuthorizedKeys,
} from "../../src/core/users/authorized-keys.ts";
import { readGivenKeys } from "../../src/core/users/given-keys.ts";
import { keyLine } from "../support/ssh-keys.ts";

const PROGRAM = "/usr/local/lib/devbox-ctl/bin/devbox-ctl";
const FILE = "/var/lib/devbox/authorized_keys";
let dir: string;

beforeAll(() => {
  dir = mkdtempSync(path.join(tmpdir(), "dbxtest-keys-"));
});
afterAll(() => {
  rmSync(dir, { recursive: true, force: true });
});

/** The public line of a new key of OpenSSH's own making. */
function made(type: string, bits?: number): string {
  const file = path.join(dir, `${type}-${String(bits)}-${Math.random().toString(36).slice(2)}`);
  const size = bits === undefined ? [] : ["-b", String(bits)];
  execFileSync("ssh-keygen", ["-q", "-t", type, ...size, "-N", "", "-C", "alice@laptop", "-f", file]);
  return readFileSync(`${file}.pub`, "utf8").trim();
}

function refusal(act: () => unknown): DevboxError {
  try {
    act();
  } catch (error) {
    return error as DevboxError;
  }
  throw new Error("it was not refused");
}

const anyUser = fc.stringMatching(/^[a-z_][a-z0-9_-]{0,12}$/);
const anyKeyLine = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => keyLine("ssh-ed25519", [bytes]));

describe("keys that are given [FR-002]", () => {
  it.each([["ed25519"], ["ecdsa", 256], ["ecdsa", 384], ["ecdsa", 521], ["rsa", 3072]] as [string, number?][])(
    "are taken when they are %s %s, with ssh-keygen's fingerprint",
    (type, bits) => {
      const line = made(type, bits);
      const [key] = readGivenKeys(line);
      expect(`${String(key?.type)} ${String(key?.blob)} ${String(key?.comment)}`).toBe(line);
      const said = execFileSync("ssh-keygen", ["-lf", "-"], { input: line, encoding: "utf8" });
      expect(said).toContain(` ${fingerprint(key ?? { blob: "" })} `);
    },
  );

  it("may be several lines, as GitHub has them, each taken once", () => {
    const [one, two] = [made("ed25519"), made("ed25519")];
    const text = `\uFEFF# mine\r\n${one}\r\n\r\n${two.split(" ").slice(0, 2).join(" ")}\r\n${one} again\n`;
    expect(readGivenKeys(text).map(({ comment }) => comment)).toEqual(["alice@laptop again", ""]);
  });

  it.each([
    ["nothing", () => " \n# only a remark\n", "there is no key"],
    ["a private key", () => readFileSync(privateFile(), "utf8"), "this is a private key"],
    ["weak RSA", () => made("rsa", 2048), "2048 bits is too weak"],
    ["DSA", () => "ssh-dss AAAAB3NzaC1kc3M= x", "DSA is too weak"],
    ["a certificate", () => keyLine("ssh-ed25519-cert-v01@openssh.com", [new Uint8Array(32)]), "it is a certificate"],
    ["options", () => `command="sh",pty ${made("ed25519")}`, "options are not taken"],
    ["options with blanks", () => `environment="A=b c" ${made("ed25519")}`, "options are not taken"],
    ["a key cut short", () => `${made("ed25519").slice(0, 60)} x`, "some of it may be missing"],
    ["another type outside than inside", () => made("ed25519").replace("ssh-ed25519", "ssh-rsa"), "data are not those"],
    ["PuTTY's format", () => "---- BEGIN SSH2 PUBLIC KEY ----\nAAAA", "RFC 4716"],
    ["too many", () => "ssh-ed25519 A\n".repeat(51), "more than the 50"],
  ])("are refused when they are %s, in a sentence of their own, and not repeated", (_, text, says) => {
    const given = text();
    const error = refusal(() => readGivenKeys(given));
    expect(error).toMatchObject({ code: "USAGE", message: expect.stringContaining(says) as unknown });
    expect(error.next).not.toHaveLength(0);
    const longest = given.split(/\s/).reduce((a, b) => (b.length > a.length ? b : a), "");
    if (longest.length > 40) expect([error.message, error.why, ...error.next].join("\n")).not.toContain(longest);
  });

  it("have comments that fit into one line, whatever they are", () => {
    fc.assert(
      fc.property(anyKeyLine, fc.string({ unit: "binary" }), (line, comment) => {
        fc.pre(!/[\r\n]/.test(comment) && !comment.includes("PRIVATE KEY") && !comment.includes("BEGIN SSH2"));
        const [key] = readGivenKeys(`${line} ${comment}`);
        // eslint-disable-next-line no-control-regex -- control characters are what must not be there
        expect(key?.comment).not.toMatch(/[\u0000-\u001f\u007f\u2028\u202e]/);
        expect(key?.comment.length).toBeLessThanOrEqual(100);
      }),
    );
  });
});

function privateFile(): string {
  const file = path.join(dir, "private");
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", file]);
  return file;
}

describe("the service account's file of keys [FR-002] [FR-026]", () => {
  it("is read as it was written, whatever the comments are", () => {
    const anyKey = fc.record({
      user: anyUser,
      line: fc.tuple(
        anyKeyLine,
        fc.string({ unit: "grapheme" }).filter((text) => !/[\r\n]|PRIVATE KEY|SSH2/.test(text)),
      ),
    });
    fc.assert(
      fc.property(fc.array(anyKey, { maxLength: 8 }), (given) => {
        const keys = given.flatMap(({ user, line }) => readGivenKeys(line.join(" ")).map((key) => ({ user, ...key })));
        const text = formatAuthorizedKeys(keys, PROGRAM);
        expect(parseAuthorizedKeys(text, FILE)).toEqual(keys);
        // A program that moved is written anew with the next change.
        expect(parseAuthorizedKeys(formatAuthorizedKeys(keys, "/nix/store/x/bin/devbox-ctl"), FILE)).toEqual(keys);
        for (const line of text.split("\n").filter((each) => each !== "" && !each.startsWith("#"))) {
          expect(line).toMatch(
            /^restrict,pty,command="\/usr\/local\/lib\/devbox-ctl\/bin\/devbox-ctl --as [a-z_][a-z0-9_-]* gate" ssh-ed25519 /,
          );
        }
      }),
    );
  });

  it("says whether somebody may still come by the key that they came with", () => {
    const [old, other] = [7, 8].map((fill) => keyLine("ssh-ed25519", [new Uint8Array(32).fill(fill)]));
    const proven = `publickey ${old}\n`;
    const file = (...users: [string, string | undefined][]) =>
      formatAuthorizedKeys(
        users.flatMap(([user, key]) => readGivenKeys(key ?? "").map((read) => ({ user, ...read }))),
        PROGRAM,
      );
    expect(isStillBound(file(["alice", old]), "alice", proven)).toBe(true);
    expect(isStillBound(file(["alice", other]), "alice", proven)).toBe(false);
    expect(isStillBound(file(["bob", old]), "alice", proven)).toBe(false);
    expect(isStillBound(`${String(old)}\nrubbish\n`, "alice", proven)).toBe(false);
    // An sshd that does not say which key it was: one of theirs at least.
    expect(isStillBound(file(["alice", other]), "alice", undefined)).toBe(true);
    expect(isStillBound(file(["bob", other]), "alice", undefined)).toBe(false);
  });

  const line = (key: string, options = `restrict,pty,command="${PROGRAM} --as alice gate"`) => `${options} ${key}`;
  const good = keyLine("ssh-ed25519", [new Uint8Array(32).fill(7)]);

  it.each([
    ["a key without options", good],
    ["a key of another program", line(good, 'restrict,pty,command="/bin/sh -c id"')],
    ["a key with more options", line(good, `restrict,pty,agent-forwarding,command="${PROGRAM} --as alice gate"`)],
    ["a second command in it", line(good, `restrict,pty,command="${PROGRAM} --as alice gate; id"`)],
    ["another flag in it", line(good, `restrict,pty,command="${PROGRAM} --config x --as alice gate"`)],
    ["a user that is none", line(good, `restrict,pty,command="${PROGRAM} --as $(id) gate"`)],
    ["a key that is none", line("ssh-ed25519 AAAA")],
    ["a remark of somebody's", "# do not touch"],
    ["a blank before it", ` ${line(good)}`],
    ["a carriage return", `${line(good)}\r`],
  ])("is refused with %s in it, by the number of the line and without its words", (_, text) => {
    const error = refusal(() => parseAuthorizedKeys(`${line(good)}\n${text}\n`, FILE));
    expect(error).toMatchObject({ code: "WRONG_STATE", exitCode: 5 });
    expect(error.message).toContain("1 line that devbox-ctl did not write (line 2)");
    expect([error.message, error.why, ...error.next].join("\n")).not.toContain(text.trim());
  });

  it("is not written for a program whose path a shell would read as more than a path", () => {
    for (const program of ["/opt/a b", '/opt/"x', "/opt/$HOME", "relative", "/opt/x;id", "/opt/x\nid"]) {
      expect(refusal(() => formatAuthorizedKeys([], program)).code).toBe("WRONG_STATE");
    }
  });
});
