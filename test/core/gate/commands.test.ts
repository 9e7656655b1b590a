import { globSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { DevboxError } from "../../../src/core/errors.ts";
import { AUDIENCE, judgeWords, refuseCopiers } from "../../../src/core/gate/commands.ts";
import { BoundaryRefusal } from "../../../src/core/gate/refusal.ts";
import { splitCommand } from "../../../src/core/gate/split-command.ts";

const ROOT = path.join(import.meta.dirname, "../../../src/commands");
const codeOf = (act: () => unknown) => {
  try {
    act();
    return undefined;
  } catch (error) {
    return error instanceof DevboxError ? error.code : String(error);
  }
};
const refusalOf = (act: () => unknown): BoundaryRefusal => {
  try {
    act();
  } catch (error) {
    if (error instanceof BoundaryRefusal) return error;
  }
  throw new Error("it was not refused");
};

describe("the commands that may cross", () => {
  it("say for whom they are, every one", () => {
    const ids = globSync("**/*.ts", { cwd: ROOT }).map((file) => file.replace(/\.ts$/, "").replaceAll(path.sep, ":"));
    expect(ids.filter((id) => !Object.hasOwn(AUDIENCE, id))).toEqual([]);
  });

  it("are made one word, and the others stay as they are", () => {
    expect(judgeWords(["list", "--json"])).toEqual({ words: ["list", "--json"], audience: "everyone" });
    expect(judgeWords(["image", "load", "-"])).toEqual({ words: ["image:load", "-"], audience: "administrators" });
    expect(judgeWords(["image:load", "-"])?.words).toEqual(["image:load", "-"]);
    expect(judgeWords(["tailnet", "dev", "up"])?.audience).toBe("caller");
    expect(judgeWords(["config", "check", "/etc/shadow"])?.audience).toBe("caller");
  });

  it.each([
    [[]],
    [["lst"]],
    [["image"]],
    [["--help"]],
    [["constructor"]],
    [["__proto__"]],
    [["gate"]],
    [["image", "--json", "load"]],
  ])("%j names none", (words) => {
    expect(judgeWords(words)).toBeUndefined();
  });

  it.each([
    [["list", "--config", "x"]],
    [["list", "--config=x"]],
    [["list", "--as", "bob"]],
    [["list", "--as=bob"]],
    [["create", "x", "--image", "--", "--config=/tmp/x"]],
    [["exec", "api", "--config=x", "--", "id"]],
    [["--config", "x", "list"]],
    [["--as=bob", "list"]],
  ])("%j would lead to the account's files", (words) => {
    expect(codeOf(() => judgeWords(words))).toBe("NOT_PERMITTED");
  });

  it("say the same of a flag before the command as of one after it", () => {
    const said = [
      ["--as", "bob", "list"],
      ["list", "--as", "bob"],
    ].map((words) => refusalOf(() => judgeWords(words)));
    expect(said[0]).toEqual(said[1]);
    expect(said[0]).toMatchObject({ what: "--as", message: "--as means nothing here." });
  });

  it("are refused with a word of ours for the audit log, and none of theirs [X-09] [SC-011]", () => {
    const refused = [
      () => judgeWords(["list", "--config=tskey-auth-secret"]),
      () => refuseCopiers(["/home/secret/scp", "-t", "secret"]),
      () => splitCommand("exec api -- 'secret"),
      () => splitCommand("secret\n"),
    ];
    expect(refused.map((act) => refusalOf(act).what)).toEqual([
      ...["--config", "scp", "unreadable words", "unreadable words"],
    ]);
  });

  it("leave alone what is a program's in a box", () => {
    expect(judgeWords(["exec", "api", "--", "x", "--config", "--as"])?.audience).toBe("everyone");
    expect(judgeWords(["hold", "api", "--while", "--", "x", "--config"])?.audience).toBe("everyone");
    expect(() => judgeWords(["hold", "api", "--config=x", "--while", "--", "x"])).toThrow(
      "--config means nothing here",
    );
    expect(judgeWords(["ssh", "api", "--", "x", "--config=1"])?.audience).toBe("everyone");
    expect(judgeWords(["transfer", "api", "send", "--", "--config"])?.audience).toBe("everyone");
    expect(judgeWords(["image", "build", "--zed-server", "https://x"])?.audience).toBe("administrators");
  });

  it("are not those of scp, rsync and sftp", () => {
    for (const first of ["scp", "/usr/bin/rsync", "internal-sftp", "/usr/lib/openssh/sftp-server"]) {
      expect(codeOf(() => refuseCopiers([first]))).toBe("USAGE");
    }
    expect(codeOf(() => refuseCopiers(["list"]))).toBeUndefined();
  });
});
