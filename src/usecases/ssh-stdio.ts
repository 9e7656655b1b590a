import { DevboxError } from "../core/errors.ts";
import { IMAGE } from "../core/image-contract.ts";
import { boxOfHost } from "../core/ssh-config.ts";
import { checkKeyCount, type SshKey } from "../core/ssh-key.ts";
import type { Deps } from "./deps.ts";
import { session } from "./session.ts";

export interface SshStdioInput {
  /** The box, with or without the suffix by which OpenSSH knows it. */
  readonly name: string;
  /** Who may log in. Public keys, so they may stand in arguments, which others can see. */
  readonly keys: readonly SshKey[];
}

/** What the program of the image ends with. */
const CODES = { noServer: 4, noProgram: 127 };

/**
 * Speaks SSH on the caller's standard input and output: one connection to the OpenSSH server of a box, as dev.
 * @returns the exit code of the program in the box, 0 when the connection has ended
 * @throws {DevboxError} USAGE for no key, WRONG_STATE for an image without it; what {@link session} throws
 */
export async function sshStdio(deps: Deps, { name: host, keys }: SshStdioInput): Promise<number> {
  checkKeyCount(keys);
  const name = boxOfHost(host);
  const words = keys.flatMap(({ type, blob }) => ["--key", `${type} ${blob}`]);
  const command = [IMAGE.programs.sshStdio, ...words];
  const exitCode = await session(deps, { name, command, tty: false, env: {}, by: "ssh" });
  if (exitCode !== CODES.noProgram && exitCode !== CODES.noServer) return exitCode;
  throw new DevboxError("WRONG_STATE", `the image of ${name} has no SSH server for this.`, {
    why: "It was made before boxes had one (image contract 4), or without it.",
    next: [
      "Make one that has it: devbox-ctl image build",
      `Then: devbox-ctl rebuild ${name}   (its home stays)`,
      `A shell without it: devbox-ctl ssh ${name}`,
    ],
  });
}
