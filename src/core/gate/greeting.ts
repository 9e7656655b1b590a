import type { Caller } from "../caller.ts";
import { printable } from "../text.ts";

/** What one is told who comes with a key and no command; their boxes are listed below it. */
export function greeting(caller: Caller, account: string, host: string): string {
  const ssh = `ssh ${account}@${printable(host)}`;
  return [
    `  You are ${caller.user} on ${printable(host)}. Say what is to be done:`,
    "",
    `    ${ssh} create NAME          a new box`,
    `    ssh -t ${account}@${printable(host)} ssh NAME         a shell in it (-t gives it a terminal)`,
    `    ${ssh} exec NAME -- COMMAND`,
    `    ${ssh} help                 all there is`,
    "",
    "  Your boxes:",
    "",
  ].join("\n");
}
