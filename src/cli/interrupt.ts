const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Turns Ctrl-C, a termination and a hang-up into a wish to stop, which use cases look at between their steps.
 * A second one ends the process at once, as if there were no handler; the journal says what was under way.
 * @returns the signal, aborted with `INT`, `TERM` or `HUP` as its reason, and how to stop listening.
 */
export function listenForInterrupt(onFirst: () => void): { signal: AbortSignal; dispose: () => void } {
  const controller = new AbortController();
  const dispose = () => {
    for (const name of SIGNALS) process.removeListener(name, handle);
  };
  const handle = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) {
      dispose();
      process.kill(process.pid, name);
      return;
    }
    onFirst();
    controller.abort(name.slice("SIG".length));
  };
  for (const name of SIGNALS) process.on(name, handle);
  return { signal: controller.signal, dispose };
}
