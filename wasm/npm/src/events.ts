// Events as an async iterator: those that are there, then those that come. Nothing is acknowledged by reading.

import type { EventDocument } from './documents.js';
import type { News } from './news.js';

/** Which events. */
export interface EventsOptions {
  /** After which number to begin; 0 where it is left out. Not with `subscription`. */
  after?: number;
  /** A subscription, whose place says where to begin. */
  subscription?: string;
  /** Ends the iteration, without an error. */
  signal?: AbortSignal;
  /** Whether to wait for events to come; else the iteration ends with the last one that is there. True if left out. */
  follow?: boolean;
}

/** What the iterator needs of the database. */
export interface EventSource {
  readonly news: News;
  isClosed(): boolean;
  page(after: number): Promise<EventDocument[]>;
  cursor(subscription: string): Promise<number>;
  acknowledge(subscription: string, through: number): Promise<void>;
}

/** Events in order. Iterate over it once; where there is a subscription, say what is dealt with. */
export class Events implements AsyncIterableIterator<EventDocument, undefined> {
  readonly #source: EventSource;
  readonly #options: EventsOptions;
  #after: number | undefined;
  #page: EventDocument[] = [];
  #isOver = false;

  /** @internal */
  constructor(source: EventSource, options: EventsOptions) {
    this.#source = source;
    this.#options = options;
    this.#after = options.subscription === undefined ? (options.after ?? 0) : undefined;
  }

  /** The next event, once it is there. */
  async next(): Promise<IteratorResult<EventDocument, undefined>> {
    const { signal, follow = true, subscription } = this.#options;
    while (!this.#isOver && signal?.aborted !== true) {
      const event = this.#page.shift();
      if (event !== undefined) {
        this.#after = Number(event.id);
        return { done: false, value: event };
      }
      if (this.#source.isClosed()) break;
      this.#after ??= await this.#source.cursor(subscription ?? '');
      const known = this.#source.news.count;
      this.#page = await this.#source.page(this.#after);
      if (this.#page.length > 0) continue;
      if (!follow) break;
      await this.#source.news.wait(known, undefined, signal);
    }
    this.#isOver = true;
    return { done: true, value: undefined };
  }

  /** Ends the iteration. */
  return(): Promise<IteratorResult<EventDocument, undefined>> {
    this.#isOver = true;
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Says that this event and all before it are dealt with: the subscription begins after it next time. */
  async acknowledge(event: EventDocument): Promise<void> {
    const { subscription } = this.#options;
    if (subscription === undefined) throw new TypeError('there is no subscription to acknowledge to');
    await this.#source.acknowledge(subscription, Number(event.id));
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
