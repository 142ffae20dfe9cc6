// The seam between the package and where the engine runs: documents as text, and the time with each call. The module is
// the engine in this thread; a worker can stand behind the same.

import type * as wasm from '../module/stockroom.js';

export type Exchange = wasm.Exchange;
export type Conversation = wasm.Conversation;
export type Webhook = wasm.Webhook;
export type Backfill = wasm.Backfill;

/** An open database. */
export interface Engine {
  execute(command: string, nowMs: number): string;
  executeBatch(commands: string, nowMs: number): string;
  preview(command: string, nowMs: number): string;
  read(read: string, nowMs: number): string;
  /** Closes it and lets its file go. Closing again does nothing. */
  close(): void;
}

/** What does not need a database. */
export interface Module {
  exchange(settings: string): Exchange;
  webhook(settings: string): Webhook;
  backfill(settings: string, sinceMs: number): Backfill;
}

/** How the place that the package runs in opens a database. */
export interface Host extends Module {
  open(options: { path: string; survivesPowerCut: boolean; busyTimeoutMs: number; cacheKib: number | undefined }): Promise<Engine>;
}
