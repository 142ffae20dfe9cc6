// What a program says that has its shop in a database of its own.

import type { LogEntry } from './options.js';
import type { Changes, Needs, Supply } from './step.js';

/** A database that can keep cells under keys, in the order of the keys' bytes. */
export interface OwnDatabase {
  /**
   * Fetches cells. The calls for one command come one after the other; what each gives must not be older than what the one
   * before gave.
   */
  fetch(needs: Needs): Supply | Promise<Supply>;
  /**
   * Writes all or nothing, durably, if the cell of `expects` is still as it was; then true. False where it is another: then
   * nothing is written. A failure leaves open whether it was written. Also asked where there is nothing to write.
   */
  commit(changes: Changes): boolean | Promise<boolean>;
}

/** How a shop over a database of the host's own is made. */
export interface OverOptions {
  /** Tells the time, in milliseconds since the Unix epoch; `Date.now` where it is left out. */
  clock?: () => number;
  /** Is told of trouble that no caller waits for, such as a relay's. What it throws is passed over. */
  log?: (entry: LogEntry) => void;
  /** Which system speaks in events: a URI reference, `/stockroom` where it is left out. */
  source?: string;
  /** How often a call begins again because somebody else committed in between, before it fails with `busy`; 100. */
  retries?: number;
}
