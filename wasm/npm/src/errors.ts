// What calls fail with. A failure is of the software or its surroundings; a rejection is a "no" of the business and has a
// class of its own, so that neither is caught in the other's place.

import type { Code, Fault, Rejection } from './documents.js';

/**
 * Why a call failed.
 *
 * The first nine are the engine's and the same in every language:
 * - `busy`: somebody else has the database. Nothing was written.
 * - `io`: the file could not be read or written. After a failed commit the outcome is open: send the same command with
 *   the same key again.
 * - `full`: there is no room left. Nothing was written.
 * - `corrupt`: stored rows contradict each other or cannot be read.
 * - `schema_too_new`: the file was written by a newer version; it was left untouched.
 * - `unsupported`: the file or an option cannot be used here, or the file is not Stockroom's.
 * - `invariant_broken`: a change would have broken an invariant; nothing was written. A bug in Stockroom.
 * - `aborted`: the engine broke off. Whether it was written is open, as after `io`. Open the database anew.
 * - `malformed`: a document is not what it should be; the message says where.
 *
 * These are JavaScript's:
 * - `closed`: the database was closed.
 * - `unsafe_number`: a number is no whole number that a double holds exactly.
 * - `callback`: a function of the host's (the clock, a getter) threw; the error is the `cause`.
 * - `not_found`: what was asked for is not there.
 */
export type ErrorCode =
  | 'busy'
  | 'io'
  | 'full'
  | 'corrupt'
  | 'schema_too_new'
  | 'unsupported'
  | 'invariant_broken'
  | 'aborted'
  | 'malformed'
  | 'closed'
  | 'unsafe_number'
  | 'callback'
  | 'not_found';

/** The numbers of the codes: C's, where C has the same. */
const NUMBERS: Record<ErrorCode, number> = {
  busy: 1,
  io: 2,
  full: 3,
  corrupt: 4,
  schema_too_new: 5,
  unsupported: 6,
  invariant_broken: 7,
  aborted: 8,
  malformed: 9,
  closed: 103,
  not_found: 109,
  callback: 110,
  unsafe_number: 200,
};

const RETRYABLE: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['busy', 'io', 'full', 'aborted']);

/** A failure. A business "no" is none: that is a `StockroomRejection`. */
export class StockroomError extends Error {
  override readonly name = 'StockroomError';
  /** What kind of failure it is. Match on this, not on the message. */
  readonly code: ErrorCode;
  /** The kind's stable number. */
  readonly number: number;
  /** Whether the same call can succeed later without anybody mending anything. */
  readonly retryable: boolean;
  /** What failed, as a short stable name such as `sqlite.commit`. */
  readonly operation: string;

  constructor(code: ErrorCode, operation: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.number = NUMBERS[code];
    this.retryable = RETRYABLE.has(code);
    this.operation = operation;
  }
}

/** A business "no": nothing was changed. It is no fault of the software, and trying again gets the same answer. */
export class StockroomRejection extends Error {
  override readonly name = 'StockroomRejection';
  /** The code of highest precedence among the faults. */
  readonly code: Code;
  /** Every fault found, in the order of the command's fields. */
  readonly faults: readonly Fault[];
  /** How many more faults there were than are listed. */
  readonly more: number;

  constructor(rejection: Rejection) {
    const faults = rejection.faults.map(({ code, at, detail }) => `${at === '' ? '' : `${at}: `}${detail || code}`);
    super(`${rejection.code}: ${faults.join('; ')}`);
    this.code = rejection.code;
    this.faults = rejection.faults;
    this.more = rejection.more ?? 0;
  }
}

/** Whatever a call into the module or the host's files threw, as a `StockroomError`. */
export function failure(thrown: unknown, operation: string): StockroomError {
  if (thrown instanceof StockroomError) return thrown;
  if (thrown instanceof Error) {
    const { code, operation: at } = thrown as Error & { code?: unknown; operation?: unknown };
    const known = typeof code === 'string' && code in NUMBERS ? (code as ErrorCode) : undefined;
    if (known !== undefined) return new StockroomError(known, typeof at === 'string' ? at : operation, thrown.message, { cause: thrown });
    const ofSystem = typeof code === 'string' ? SYSTEM[code] : undefined;
    // An error of the file system, such as a folder that is not there.
    if (typeof code === 'string') return new StockroomError(ofSystem ?? 'io', operation, thrown.message, { cause: thrown });
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new StockroomError('aborted', operation, `the engine broke off: ${message}`, { cause: thrown });
}

/** Errors of the file system that no retry mends. */
const SYSTEM: Record<string, ErrorCode> = {
  ENOENT: 'unsupported',
  ENOTDIR: 'unsupported',
  EISDIR: 'unsupported',
  EACCES: 'unsupported',
  EPERM: 'unsupported',
  EROFS: 'unsupported',
  ENAMETOOLONG: 'unsupported',
  ENOSPC: 'full',
  EDQUOT: 'full',
};
