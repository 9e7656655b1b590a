import { describe, expect, it } from "vitest";
import { auditedCommand, isRefusal, refusedCommand } from "../../src/cli/audited.ts";
import { readCommands } from "../../scripts/lib/docs/commands.ts";
import path from "node:path";

const words = (argv: string[], args: Record<string, unknown> = {}, flags: Record<string, unknown> = {}) => ({
  ...{ argv, args, flags },
});

describe("what is written down of a command [X-09]", () => {
  it.each([
    [["api", "--", "/usr/bin/mysql", "-psecret"], "mysql"],
    [["api", "--", "mysql -psecret"], "mysql"],
    [["api", "--", "TOKEN=secret make"], "TOKEN=…"],
    [["api", "--", "tskey-auth-secret"], "tskey-auth-[secret]"],
    [["api", "--", "\u001b[2J"], String.raw`\u{1b}[2J`],
    [["api", "--", ""], undefined],
    [["api"], undefined],
  ])("is of %j the program alone", (argv, what) => {
    expect(auditedCommand("exec", words(argv, { name: "api" }))).toEqual({
      ...{ command: "exec", box: "api", makesBox: false, what },
    });
  });

  it("is of an SSH client's box its name here, and not the host name that the client has for it [FR-026]", () => {
    const ssh = (name: string, flags = {}) => auditedCommand("ssh", words([name], { name }, flags));
    expect(ssh("api.devbox", { stdio: true })).toMatchObject({ box: "api", what: "--stdio" });
    expect(ssh("api", { stdio: true })).toMatchObject({ box: "api", what: "--stdio" });
    // Without --stdio there is no such box.
    expect(ssh("api.devbox")).toMatchObject({ box: "api.devbox", what: undefined });
  });

  it("is of a hold how long, and of its command the program alone", () => {
    const hold = (argv: string[], flags: Record<string, unknown>) =>
      auditedCommand("hold", words(argv, { name: "api" }, flags))?.what;
    expect(hold(["api", "--for", "3d"], { for: "3d", while: false, reason: "secret" })).toBe("--for 3d");
    expect(hold(["api", "--while", "--", "/bin/mysql", "-psecret"], { while: true })).toBe("--while mysql");
  });

  it("is of a copy the way that it goes, and the box", () => {
    const copy = (src: string, dst: string) => auditedCommand("cp", words([], { src, dst }));
    expect(copy("key.pem", "api:")).toMatchObject({ box: "api", what: "to " });
    expect(copy("api:a:b", "./a:b")).toMatchObject({ box: "api", what: "from a:b" });
    expect(copy("-", "./b")).toMatchObject({ box: undefined, what: undefined });
  });

  it("is nothing of what only looks", () => {
    expect(auditedCommand("list", words([]))).toBeUndefined();
    expect(auditedCommand("doctor", words([], {}, { fix: false }))).toBeUndefined();
    expect(auditedCommand("reap", words([], {}, { "dry-run": true }))).toBeUndefined();
    expect(auditedCommand("toString", words([]))).toBeUndefined();
    expect(auditedCommand("doctor", words([], {}, { fix: true }))).toMatchObject({ command: "doctor", what: "--fix" });
    expect(refusedCommand("syncthing:status", words([], { name: "api" }))).toMatchObject({
      ...{ command: "syncthing status", box: "api" },
    });
    expect([isRefusal("BOX_NOT_FOUND"), isRefusal("BUSY"), isRefusal(undefined)]).toEqual([true, false, false]);
  });

  /** Commands that only look, or that touch nothing of anybody's. A new one has to be put here or be written down. */
  const LOOKS = [
    ...[
      "audit",
      "complete",
      "completion",
      "config check",
      "ssh-config",
      "config schema",
      "config show",
      "help",
      "list",
      "metrics",
      "status",
    ],
    ...["image check", "image list", "syncthing status", "tailnet status", "volume list"],
    ...["policy show", "schedule show", "why"],
    ...["tailnet dev down", "tailnet dev status", "tailnet dev up", "tailnet dev ssh"],
    ...["user list", "user show", "ssh-config"],
    ...["archive list", "archive verify"],
    // Root's own, who may not write in the account's ledger; sudo and systemd have it in the journal.
    "host setup",
  ];

  it("is something of every command that is not known to look only", async () => {
    const commands = await readCommands(path.resolve(import.meta.dirname, "../.."));
    const flags = { fix: true };
    const kept = (id: string) => auditedCommand(id.replaceAll(" ", ":"), words([], {}, flags)) !== undefined;
    const missing = commands.map(({ id }) => id).filter((id) => !LOOKS.includes(id) && !kept(id));
    expect(missing).toEqual([]);
  });
});
