import { DevboxError } from "./errors.ts";
import { quote } from "./text.ts";

/** The error for a name that is in the ledger already. */
export function nameTaken(name: string, caller: string): DevboxError {
  return new DevboxError("NAME_TAKEN", `the name "${name}" is taken on this host.`, {
    why: "Names are shared by everyone here, because they become host names on the tailnet.",
    next: [`Try another name, for example: devbox-ctl create ${name}-${caller.replace(/[^a-z0-9]/g, "") || "2"}`],
  });
}

/**
 * The error for a home that is to be taken up and is another box's already.
 * @param box its name; undefined when it is somebody else's
 */
export function homeInUse(volume: string, box: string | undefined): DevboxError {
  return new DevboxError("VOLUME_IN_USE", `${quote(volume)} is the home of ${box ?? "a box"}.`, {
    next: [
      box === undefined ? "See yours: devbox-ctl volume list" : `Give it free: devbox-ctl destroy ${box} --keep-volume`,
    ],
  });
}
