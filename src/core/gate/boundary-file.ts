import { DevboxError } from "../errors.ts";

/** Where `host setup` leaves what everyone's first process has to know; its presence makes a host an orchestrator. */
export const BOUNDARY_FILE = "/etc/devbox/boundary";

/** The orchestrator as anyone on it may know it. */
export interface Boundary {
  /** The account that runs everyone's boxes, and its user id. */
  readonly account: string;
  readonly uid: number;
  /** Absolute path of the program that sudo lets everyone start as that account. */
  readonly program: string;
}

/**
 * Reads lines of `NAME=value`, which a shell reads too.
 * @throws {DevboxError} INVALID_CONFIG
 */
export function parseBoundary(text: string): Boundary {
  const values = new Map(
    text.split("\n").flatMap((line) => {
      const at = line.indexOf("=");
      return at === -1 || line.startsWith("#") ? [] : [[line.slice(0, at), line.slice(at + 1)]];
    }),
  );
  const [account, uid, program] = ["account", "uid", "program"].map((name) => values.get(name) ?? "");
  if (!account || !/^\d+$/.test(uid ?? "") || !program?.startsWith("/")) {
    throw new DevboxError("INVALID_CONFIG", `${BOUNDARY_FILE} does not say who runs the boxes here.`, {
      why: "It needs the lines account=, uid= and program=.",
      next: ["Ask an administrator to run: devbox-ctl host setup"],
    });
  }
  return { account, uid: Number(uid), program };
}
