/** Exit codes of every command; the table of DESIGN.md section 4, printed by `help exit-codes`. */
export const EXIT = {
  ok: 0,
  bug: 1,
  usage: 2,
  notFound: 3,
  notPermitted: 4,
  conflict: 5,
  limit: 6,
  engine: 7,
  secrets: 8,
  tailnet: 9,
  host: 10,
  partial: 11,
  busy: 75,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** What each code means, in the order of the table. */
export const EXIT_MEANING: readonly (readonly [ExitCode, string])[] = [
  [EXIT.ok, "done"],
  [EXIT.bug, "a bug in devbox-ctl"],
  [EXIT.usage, "usage or invalid input"],
  [EXIT.notFound, "no such box, volume, service, user or key"],
  [EXIT.notPermitted, "not permitted"],
  [EXIT.conflict, "conflict: name taken, needs confirmation, or wrong state"],
  [EXIT.limit, "limit reached"],
  [EXIT.engine, "the engine (Podman) refused or failed"],
  [EXIT.secrets, "secrets"],
  [EXIT.tailnet, "tailnet"],
  [EXIT.host, "the host is short of memory, CPU or disk"],
  [EXIT.partial, "finished, but some part failed; what remains is retried"],
  [EXIT.busy, "busy, try again"],
  [EXIT.interrupted, "interrupted with Ctrl-C; what was begun is undone or finished"],
];
