import { DevboxError } from "../core/errors.ts";
import { quote } from "../core/text.ts";

/** The error for a configuration file that is named and not there; `by` is what names it. */
export function noSuchConfig(file: string, by: "DEVBOX_CONFIG" | "--config" | "host setup"): DevboxError {
  const next = {
    DEVBOX_CONFIG: "Name another one, or have the usual ones: unset DEVBOX_CONFIG",
    "--config": "Name another one, or leave it out to have the defaults",
    "host setup": "Ask an administrator to write one, or to run: devbox-ctl host setup",
  };
  return new DevboxError("INVALID_CONFIG", `there is no configuration file ${quote(file)}.`, {
    why: `${by} names it.`,
    next: [next[by]],
  });
}
