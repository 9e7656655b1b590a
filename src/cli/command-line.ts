/**
 * Splits arguments at the first `--`: what is before is ours, what is after is the command for the box,
 * word for word. oclif's own parser would take out further `--` and sort flags from words.
 */
export function splitCommand(argv: readonly string[]): { own: string[]; command: string[] | undefined } {
  const at = argv.indexOf("--");
  return at === -1 ? { own: [...argv], command: undefined } : { own: argv.slice(0, at), command: argv.slice(at + 1) };
}

/** Environment of the caller's terminal that a session in a box takes over. */
export function terminalEnvironment(tty: boolean): Record<string, string> {
  const names = tty ? ["TERM", "COLORTERM", "LANG", "LC_ALL", "LC_CTYPE"] : [];
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}
