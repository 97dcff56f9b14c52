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

const PATIENCE = 20_000; // milliseconds that what should pass by itself is waited for

/** Ask again when the service says so; without end where too many ask, or while it is made ready. */
export async function patiently<T>(ask: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const end = Date.now() + PATIENCE;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const again = error instanceof Problem && error.retryAfter > 0 && !signal?.aborted;
      if (!again || !(comes(error) || Date.now() < end)) throw error;
      await new Promise((wake) => setTimeout(wake, 1000 * error.retryAfter));
    }
  }
}

function comes({ status, kind }: Problem): boolean {
  return status === 429 || kind === "urn:holotype:not-ready";
}
