const HIDDEN = "[secret]";

/**
 * A secret that shows itself to nobody who does not ask for it by name: not in messages, not as JSON, not to
 * `console.log` and debuggers' inspect. It stays in memory; nothing here can erase a string of JavaScript. FR-015
 */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The text itself, for the one call that hands it over. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return HIDDEN;
  }

  toJSON(): string {
    return HIDDEN;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return HIDDEN;
  }
}

/**
 * What our secrets look like: Tailscale's keys of all kinds, headscale's, and 1Password's service account tokens.
 * Their kind is left readable, because "an API key was given as auth key" is worth knowing.
 */
const SHAPES = /([th]skey-[a-z]+-|\bops_)[\w.+/=-]+/g;

/** A text without these secrets. */
export function without(text: string, secrets: readonly Secret[]): string {
  return secrets
    .map((secret) => secret.reveal())
    .filter((plain) => plain !== "")
    .reduce((clean, plain) => clean.replaceAll(plain, HIDDEN), text);
}

/** Somebody else's words without whatever looks like one of our secrets, or is one of those given. */
export function redacted(text: string, ...secrets: readonly Secret[]): string {
  return without(text, secrets).replace(SHAPES, `$1${HIDDEN}`);
}
