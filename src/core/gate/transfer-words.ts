import { DevboxError } from "../errors.ts";

/** What `receive` is told; see the port of the same shape. */
interface ReceiveWords {
  readonly kind: "file" | "directory";
  readonly mode: number | undefined;
  readonly name: string | undefined;
  readonly mark: string;
}

/** One half of a copy, as one side of the boundary asks it of the other. */
export interface TransferWords {
  readonly box: string;
  /** As the user typed it. */
  readonly path: string;
  /** Undefined: the box is to send. */
  readonly receive: ReceiveWords | undefined;
}

/** The words after `transfer` that ask for it. */
export function transferWords({ box, path, receive }: TransferWords): string[] {
  if (receive === undefined) return [box, "send", "--", path];
  const { kind, mark, mode, name } = receive;
  return [
    ...[box, "receive", kind, `end=${mark}`],
    ...(mode === undefined ? [] : [`mode=${mode.toString(8).padStart(4, "0")}`]),
    ...(name === undefined ? [] : [`name=${name}`]),
    ...["--", path],
  ];
}

/**
 * Reads those words back. The other side is a caller's process, so nothing of it is believed.
 * @throws {DevboxError} USAGE
 */
export function parseTransferWords(words: readonly string[]): TransferWords {
  const end = words.indexOf("--");
  const path = words[end + 1];
  const [box, verb, kind, ...settings] = words.slice(0, Math.max(end, 0));
  if (box === undefined || path === undefined || words.length !== end + 2) throw unfit();
  if (verb === "send" && kind === undefined) return { box, path, receive: undefined };
  if (verb !== "receive" || (kind !== "file" && kind !== "directory")) throw unfit();
  return { box, path, receive: { kind, ...readSettings(settings) } };
}

function readSettings(settings: readonly string[]): Omit<ReceiveWords, "kind"> {
  const values = new Map<string, string>();
  for (const setting of settings) {
    const [, key = "", value = ""] = /^(end|mode|name)=(.*)$/s.exec(setting) ?? [];
    if (key === "" || values.has(key)) throw unfit();
    values.set(key, value);
  }
  const [mark = "", mode, name] = ["end", "mode", "name"].map((key) => values.get(key));
  if (!/^[a-z0-9]{16,64}$/.test(mark) || (mode !== undefined && !/^0[0-7]{3}$/.test(mode))) throw unfit();
  if (name !== undefined && (/^\.{0,2}$/.test(name) || /[/\0]/.test(name))) throw unfit();
  return { mark, mode: mode === undefined ? undefined : Number.parseInt(mode, 8), name };
}

function unfit(): DevboxError {
  return new DevboxError("USAGE", "these words ask for no copy.", {
    why: "transfer is what cp uses to reach the account that runs the boxes.",
    next: ["devbox-ctl cp FILE NAME:PATH"],
  });
}
