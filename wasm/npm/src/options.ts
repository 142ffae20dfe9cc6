// What callers may say beside documents, and what the parts of the package ask of each other.

import type { Read, ReadAnswers } from './documents.js';
import type { StockroomError, StockroomRejection } from './errors.js';

/** What is asked by a read of this name. */
export type ReadAsk<K extends keyof ReadAnswers> = Extract<Read, Record<K, object>> extends Record<K, infer Ask> ? Ask : never;

/** What may go with a command. */
export interface CommandOptions {
  /**
   * The caller's name for this one effect, 1 to 128 bytes. The same key again gets the same answer and changes nothing; the
   * same key with other content is rejected.
   */
  key?: string;
  /** When it is decided, in milliseconds since the Unix epoch; absent for now, by the database's clock. */
  atMs?: number;
}

/** Trouble that no caller waits for. */
export type LogEntry =
  /** A call failed; the work goes on if that can help. */
  | { level: 'failure'; operation: string; message: string; error: StockroomError }
  /** The engine refused a command. */
  | { level: 'refusal'; operation: string; message: string; error: StockroomRejection };

/** How a database is opened. */
export interface OpenOptions {
  /** A file, in a browser the name of one, or `:memory:` for a database that is gone when it is closed. */
  path: string;
  /**
   * What a commit survives: `full`, the default, a power cut; `normal` a crash of the process, while a power cut can lose
   * the last commits (the database stays sound).
   */
  durability?: 'full' | 'normal';
  /**
   * How long to wait for another owner of the file, in milliseconds. Where it is left out 0, in a browser 1,000: the page
   * before a reload lets go a moment later.
   */
  busyTimeoutMs?: number;
  /** Memory for pages, in KiB; 16 MiB where it is left out. */
  cacheKib?: number;
  /**
   * Whether a database that is created here gets a checksum on every page, as it does where this is left out: what the disk
   * turned is `corrupt` when it is read, and no wrong answer. Every SQLite can read the file; what another SQLite wrote over
   * is `corrupt` too, until its `VACUUM` takes the checksums away.
   */
  checksums?: boolean;
  /** Tells the time, in milliseconds since the Unix epoch; `Date.now` where it is left out. */
  clock?: () => number;
  /** Is told of trouble that no caller waits for, such as a relay's. What it throws is passed over. */
  log?: (entry: LogEntry) => void;
  /** Which system speaks in events: a URI reference, `/stockroom` where it is left out. */
  source?: string;
}

/** A function that sends a request as `fetch` does. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** How requests are sent. */
export interface HttpOptions {
  /** Sends requests in place of the global `fetch`. */
  fetch?: Fetch;
  /** The longest that a request may take, in milliseconds; 60,000 where it is left out. A lease may allow less. */
  timeoutMs?: number;
  /** The largest body of an answer, in bytes; 4 MiB where it is left out, and at most. */
  bodyMaxBytes?: number;
  /** What the client calls itself; `stockroom/` and the version where it is left out. Browsers say their own. */
  userAgent?: string;
  /** Whether `http://` is allowed, for hosts on a private network. */
  allowPlainHttp?: boolean;
}
