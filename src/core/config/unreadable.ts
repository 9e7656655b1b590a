import { DevboxError } from "../errors.ts";
import { PLACES } from "../host/places.ts";
import { quote } from "../text.ts";

/** The error for a configuration that is there and cannot be read. @param code the system's, such as EACCES */
export function unreadableConfig(file: string, code: string | undefined, why: string): DevboxError {
  const isHosts = file === PLACES.config && code === "EACCES";
  return new DevboxError("INVALID_CONFIG", `The configuration ${quote(file)} cannot be read.`, {
    why: isHosts ? "It is this host's: only root and the account that runs the boxes may read it." : why,
    next: isHosts
      ? ["An administrator checks it: sudo devbox-ctl config check", "Or name one of your own: --config FILE"]
      : ["Give this user the right to read it, or name another one: --config FILE"],
  });
}
