import type { Deps } from "../../src/usecases/deps.ts";

/** Thrown by a dead process's ledger: what its code still does reaches nothing. */
class Killed extends Error {}

/** A process that can be killed. */
export interface Mortal {
  readonly deps: Deps;
  /** Resolves when it is dead; calls that it was at then never come back. */
  readonly death: Promise<unknown>;
  wasKilled(): boolean;
}

/**
 * A process that is killed before or after one of its calls of ledger, engine or channels.
 * @param limit how many calls it lives for, counted before and after each
 * @param kill does what the death of a process does to others
 */
export function killable(deps: Deps, limit: number, kill: () => void): Mortal {
  const { promise: death, resolve: die } = Promise.withResolvers<undefined>();
  let [calls, isDead] = [0, false];
  const lives = (): boolean => {
    calls += 1;
    if (!isDead && calls >= limit) {
      isDead = true;
      kill();
      die(undefined);
    }
    return !isDead;
  };
  const never = new Promise<never>(() => undefined);
  const guard = <T extends object>(part: T, isAsync: boolean): T =>
    new Proxy(part, {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key, target);
        if (typeof value !== "function" || key === "close") return value;
        return (...args: unknown[]): unknown => {
          if (!lives()) return dead(isAsync);
          const result: unknown = Reflect.apply(value, target, args);
          if (!(result instanceof Promise)) return lives() ? result : dead(isAsync);
          return result.finally(() => (lives() ? undefined : never));
        };
      },
    });
  const dead = (isAsync: boolean): Promise<never> => {
    if (isAsync) return never;
    throw new Killed("killed");
  };
  const channels = async () => (await deps.channels()).map((channel) => guard(channel, true));
  const mortal = { ...deps, ledger: guard(deps.ledger, false), engine: guard(deps.engine, true), channels };
  return { deps: mortal, death, wasKilled: () => isDead };
}
