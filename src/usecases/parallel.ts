/**
 * Does something to each of many things, so many at a time and in their order. What one throws is thrown when those
 * that were begun are through; no more are begun then, or when it is interrupted.
 */
export async function inParallel<T>(
  things: readonly T[],
  most: number,
  interrupt: AbortSignal,
  act: (thing: T) => Promise<void>,
): Promise<void> {
  const queue = [...things];
  const failures: unknown[] = [];
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      if (interrupt.aborted || failures.length > 0) return;
      await act(next).catch((error: unknown) => failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: Math.min(most, queue.length) }, work));
  if (failures.length > 0) throw failures[0];
}
