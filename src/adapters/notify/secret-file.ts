import { DevboxError } from "../../core/errors.ts";
import { Secret } from "../../core/secret.ts";
import { quote } from "../../core/text.ts";
import { secretFailed } from "./failure.ts";

/** Reads a file that nobody else may read; undefined when there is none. @throws {DevboxError} */
export type ReadSecret = (file: string, options: { readonly what: string }) => Secret | undefined;

/**
 * One line with a secret, read anew for each notice, so that it can be replaced meanwhile.
 * @param what for a person: `the token of a webhook`
 * @throws {DevboxError} NOTIFY_FAILED
 */
export function secretLine(read: ReadSecret, file: string, what: string): Secret {
  const text = textOf(read, file, what).trim();
  // A line break in a header would be a header of its own.
  if (text !== "" && /^[\x21-\x7e]+( [\x21-\x7e]+)*$/.test(text)) return new Secret(text);
  throw new DevboxError("NOTIFY_FAILED", `${what} in ${quote(file)} is not one line of plain characters.`, {
    why:
      text === ""
        ? "The file is empty."
        : "It has line breaks, or characters that are neither letters, digits nor signs.",
    next: ["Write it into that file alone, on one line"],
  });
}

function textOf(read: ReadSecret, file: string, what: string): string {
  let secret: Secret | undefined;
  try {
    secret = read(file, { what });
  } catch (error) {
    throw secretFailed(error);
  }
  if (secret !== undefined) return secret.reveal();
  throw new DevboxError("NOTIFY_FAILED", `${what} is not there: ${quote(file)}.`, {
    next: ["Put it there, readable for the account that runs devbox-ctl and for nobody else"],
  });
}
