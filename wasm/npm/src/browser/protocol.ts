// What the page and the worker of a database say to each other. The page opens, then asks; every message is answered once,
// in the order in which they were sent.

import type { Opening, TextCall } from '../engine.js';
import type { ErrorCode } from '../errors.js';

/** The first message: what the worker is for. */
export type Job =
  /** To own a database. `life` names a lock that the worker holds as long as it lives. */
  | { job: 'open'; opening: Opening; life: string }
  | { job: 'remove'; path: string; busyTimeoutMs: number | undefined };

/** A call on the open database. */
export type Call =
  | { id: number; call: TextCall; text: string; nowMs: number }
  | { id: number; call: 'exportFile' | 'close' };

/** A failure on its way between threads: errors lose their fields there. */
export interface Failed {
  code: ErrorCode;
  operation: string;
  message: string;
}

/** The answer to a call; to the job, its number is 0. */
export type Answer = { id: number; answer: string | Uint8Array | undefined } | { id: number; failed: Failed };
