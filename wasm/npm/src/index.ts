// What the package offers, wherever it runs.

/// <reference lib="esnext.disposable" />

export { StockroomError, StockroomRejection } from './errors.js';
export type { ErrorCode } from './errors.js';
export { Stockroom } from './stockroom.js';
export type { TakeOptions } from './stockroom.js';
export { Events } from './events.js';
export type { EventsOptions } from './events.js';
export { Backfill, Conversation, Exchange, Webhook } from './exchange.js';
export type { Backfilled, BackfillOptions, IncomingRequest, Received } from './exchange.js';
export { Step } from './step.js';
export type { Changes, Decided, Entry, KeyRange, Needs, StepOptions, Supply } from './step.js';
export type { OverOptions, OwnDatabase } from './own.js';
export { Relay } from './relay.js';
export type { RelayCounts, RelayOptions, Route } from './relay.js';
export type { CommandOptions, Fetch, HttpOptions, LogEntry, OpenOptions, ReadAsk } from './options.js';
export { VERSION } from './version.js';
export type * from './documents.js';
