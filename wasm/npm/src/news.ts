// Tells those who wait that something changed. A database has one owner, so that all changes come by here and nobody
// has to poll.

/** The longest that a timer can wait, in milliseconds. */
const TIMER_MAX_MS = 2_147_483_647;

export class News {
  #count = 0;
  readonly #waiting = new Set<() => void>();

  /** A number that grows with each change. */
  get count(): number {
    return this.#count;
  }

  tell(): void {
    this.#count += 1;
    for (const wake of [...this.#waiting]) wake();
  }

  /** Waits until something changed since a count, the time is over or a signal is given. It never fails. */
  wait(since: number, ms?: number, signal?: AbortSignal): Promise<void> {
    if (this.#count !== since || signal?.aborted === true) return Promise.resolve();
    return new Promise((done) => {
      const wake = (): void => {
        this.#waiting.delete(wake);
        clearTimeout(timer);
        signal?.removeEventListener('abort', wake);
        done();
      };
      const timer = ms === undefined ? undefined : setTimeout(wake, Math.max(0, Math.min(ms, TIMER_MAX_MS)));
      signal?.addEventListener('abort', wake, { once: true });
      this.#waiting.add(wake);
    });
  }
}

/** Waits so long, or until a signal is given. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  const nobody = new News();
  return nobody.wait(0, ms, signal);
}
