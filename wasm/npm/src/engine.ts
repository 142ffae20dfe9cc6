// The seam between the package and where the engine runs: documents as JSON, and the time with each call. A module is the
// engine in this thread; in a browser a worker stands behind the same, so that an answer may be a promise. What speaks with
// warehouses and shops is another module.

import type * as wasm from '../module/exchanges.js';
import type { StockroomError } from './errors.js';

export type Exchange = wasm.Exchange;
export type Conversation = wasm.Conversation;
export type Webhook = wasm.Webhook;
export type Backfill = wasm.Backfill;

/** An answer, or the promise of one. */
export type Answer<T> = T | Promise<T>;

/** The calls that are a document for a document; replies to commands are in the form that `reply.ts` reads. */
export type TextCall = 'execute' | 'executeBatch' | 'preview' | 'read';

/** An open database. Documents are bytes of UTF-8, good until the call returns. */
export interface Engine extends Record<TextCall, (document: Uint8Array, nowMs: number) => Answer<string>> {
  /** The database's file as it is after the calls before this one. */
  exportFile(): Answer<Uint8Array>;
  /** Closes it and lets its file go. Closing again does nothing. */
  close(): Answer<void>;
  /** Resolves when the engine ends unasked, with the reason. Absent where that cannot be. */
  readonly lost?: Promise<StockroomError>;
}

/** A call over a database of the host's own, as text; see `step.ts`. */
export interface RawStep {
  advance(): string;
  supply(supply: string): void;
  free(): void;
}

/** What does not need a database. */
export interface Module {
  exchange(settings: string): Exchange;
  webhook(settings: string): Webhook;
  backfill(settings: string, sinceMs: number): Backfill;
}

/** How a database is opened. */
export interface Opening {
  path: string;
  survivesPowerCut: boolean;
  /** How long to wait for another owner; absent for what is usual at this place. */
  busyTimeoutMs: number | undefined;
  cacheKib: number | undefined;
  checksums: boolean;
  /** The file that it begins as; there may be none yet. */
  file: Uint8Array | undefined;
}

/** How the place that the package runs in opens a database. */
export interface Host extends Module {
  open(opening: Opening): Promise<Engine>;
  /** Removes a database and all that belongs to it; fails as opening does where somebody has it. */
  remove(path: string, busyTimeoutMs: number | undefined): Promise<void>;
}

/** The path that stands for a database in memory. */
export const MEMORY = ':memory:';
