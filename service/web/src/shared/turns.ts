// Many questions, a few at a time; where the service has too much to do, they wait.

import { Problem } from "./api";

/** Do some work for each item, `few` at a time, in their order; it ends when all are done. */
export async function inTurns<T>(
  items: Iterable<T>,
  few: number,
  work: (item: T) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const left = items[Symbol.iterator]();
  const hand = async (): Promise<void> => {
    for (let next = left.next(); !next.done && !signal?.aborted; next = left.next()) {
      await work(next.value);
    }
  };
  await Promise.all(Array.from({ length: few }, hand));
}

/** Ask again for as long as the service says that too many ask, and when to ask again. */
export async function patiently<T>(ask: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const busy = error instanceof Problem && [429, 503].includes(error.status) && error.retryAfter > 0;
      if (!busy || signal?.aborted) throw error;
      await new Promise((wake) => setTimeout(wake, 1000 * error.retryAfter));
    }
  }
}
