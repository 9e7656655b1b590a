import type { Config } from "../config/config.ts";
import { HEADER } from "./places.ts";

/** The service account as everyone's first process has to know it. */
export interface BoundaryParts {
  readonly account: string;
  readonly uid: number;
  readonly home: string;
  /** The path by which the account runs the program. */
  readonly program: string;
}

/**
 * The boundary file: lines of `NAME=value` that a shell script reads without the configuration, which is not for
 * everybody's eyes. No value has a character that a shell would take for more (see refusals.ts).
 */
export function boundaryFile({ host }: Config, { account, uid, home, program }: BoundaryParts): string {
  return [
    HEADER,
    `account=${account}`,
    `uid=${uid}`,
    `home=${home}`,
    `program=${program}`,
    `commands=${host.commands}`,
    `sessions=${host.sessions}`,
    "",
  ].join("\n");
}
