import { Secret } from "../core/secret.ts";

const VARIABLE = "OP_SERVICE_ACCOUNT_TOKEN";

let taken: Secret | undefined;

/**
 * The service account's token from the environment, which no longer has it afterwards: what this program starts would
 * inherit it, and what watches over a box runs for as long as the box does. The program's first act. FR-045
 */
export function takeServiceToken(): Secret | undefined {
  const text = process.env[VARIABLE];
  if (text === undefined) return taken;
  // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- setting it to undefined would set it to "undefined"
  delete process.env[VARIABLE];
  if (text.trim() !== "") taken = new Secret(text);
  return taken;
}
