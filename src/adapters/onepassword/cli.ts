import { lstatSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DevboxError } from "../../core/errors.ts";
import { quote } from "../../core/text.ts";
import { ended } from "./ended.ts";
import { failureOf } from "./failures.ts";
import { networkEnvironment } from "./network-env.ts";
import type { Reader } from "./reader.ts";
import { runPrivately } from "./run.ts";

const PREFIX = "devbox-ctl-op-";

/** Reads by 1Password's op command. @param op a path, or a name looked up in PATH */
export function createOpReader(op: string): Reader {
  return async ({ reference, asked, token, timeout, signal }) => {
    // op wants a directory for its settings; with the caller's own, their accounts and their app would have a say.
    removeLeft();
    const dir = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
    try {
      const env = {
        ...networkEnvironment(process.env, ["SSL_CERT_FILE", "SSL_CERT_DIR"]),
        HOME: dir,
        OP_CONFIG_DIR: dir,
        OP_SERVICE_ACCOUNT_TOKEN: token.reveal(),
        // No process that stays behind with what was read, nobody to be asked on a desktop.
        OP_CACHE: "false",
        OP_BIOMETRIC_UNLOCK_ENABLED: "false",
        OP_LOAD_DESKTOP_APP_SETTINGS: "false",
        GOTRACEBACK: "none",
      };
      const argv = [op, "read", "--no-newline", reference];
      const { exitCode, stdout, stderr } = ended(await runPrivately({ argv, env, timeout, signal }), {
        timeout,
        missing: () => noOp(op),
      });
      // Before 2.32.1 it could end well without having read anything; the reason is on standard error then too.
      const failed = exitCode !== 0 || (stdout === "" && stderr !== "");
      if (failed) throw failureOf(stderr, asked, token);
      return stdout;
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  };
}

/** Removes the directories of processes that were killed. Only our own: in those of others, others could set traps. */
function removeLeft(): void {
  for (const name of readdirSync(tmpdir()).filter((each) => each.startsWith(PREFIX))) {
    const dir = join(tmpdir(), name);
    const facts = lstatSync(dir, { throwIfNoEntry: false });
    if (facts?.isDirectory() !== true || facts.uid !== process.getuid?.()) continue;
    if (!isAlive(Number.parseInt(name.slice(PREFIX.length), 10))) rmSync(dir, { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function noOp(op: string): DevboxError {
  return new DevboxError("SECRETS_NOT_SET_UP", "1Password's op command is not here.", {
    why: `${quote(op)} cannot be started.`,
    next: [
      "Install it: https://developer.1password.com/docs/cli/get-started",
      "Or name it in the configuration: secrets.op",
      "Or do without: secrets.provider: onepassword",
    ],
  });
}
