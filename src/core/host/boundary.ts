import type { Config } from "../config/config.ts";
import { HEADER } from "./places.ts";

/**
 * The boundary file: lines of `NAME=value` that a shell script reads without the configuration, which is not for
 * everybody's eyes. Everything in it is known to have no character that a shell would take for more.
 * @param program the path by which the service account runs the program
 */
export function boundaryFile({ host }: Config, account: string, program: string): string {
  return [
    HEADER,
    `account=${account}`,
    `program=${program}`,
    `commands=${host.commands}`,
    `sessions=${host.sessions}`,
    "",
  ].join("\n");
}
