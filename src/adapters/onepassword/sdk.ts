import { DevboxError } from "../../core/errors.ts";
import { quote } from "../../core/text.ts";
import { ended } from "./ended.ts";
import { failureOf } from "./failures.ts";
import { networkEnvironment } from "./network-env.ts";
import type { Reader } from "./reader.ts";
import { runPrivately } from "./run.ts";

/**
 * Reads by 1Password's SDK, in a process of its own: its 14 MB are loaded for the one read, a call of it can be given up
 * only with the process, and what it keeps in its memory goes with it.
 * @param program file of {@link file://./sdk-program.ts}, built or not
 */
export function createSdkReader(program: string): Reader {
  return async ({ reference, asked, token, timeout, signal }) => {
    const env = networkEnvironment(process.env, ["NODE_EXTRA_CA_CERTS"]);
    if ((env.HTTPS_PROXY ?? env.https_proxy) !== undefined) env.NODE_USE_ENV_PROXY = "1";
    const input = JSON.stringify({ token: token.reveal(), reference });
    const argv = [process.execPath, program];
    const end = await runPrivately({ argv, env, input, timeout, signal });
    const { stdout, stderr } = ended(end, { timeout, missing: () => noSdk(program) });
    const answer = parsed(stdout);
    if (typeof answer?.value === "string") return answer.value;
    throw failureOf(typeof answer?.error === "string" ? answer.error : stderr, asked, token);
  };
}

function parsed(text: string): { value?: unknown; error?: unknown } | undefined {
  try {
    const answer: unknown = JSON.parse(text);
    return typeof answer === "object" && answer !== null ? answer : undefined;
  } catch {
    return undefined;
  }
}

function noSdk(program: string): DevboxError {
  return new DevboxError("SECRETS_NOT_SET_UP", "1Password's SDK cannot be started.", {
    why: `${quote(process.execPath)} cannot run ${quote(program)}.`,
    next: ["Install devbox-ctl again", "Or use 1Password's op command: secrets.provider: op-cli"],
  });
}
