// The module in this thread, as the engine. A trap (memory that ran out, a bug) leaves it in no state to go on with: it
// is said so of every database in it, and nothing is asked of it again.

import * as wasm from '../module/stockroom.js';
import type { Backfill, Engine, Exchange, Module, Webhook } from './engine.js';
import { StockroomError } from './errors.js';

let isBroken = false;

function guarded<T>(operation: string, call: () => T): T {
  if (isBroken) throw new StockroomError('aborted', operation, 'the engine broke off earlier; start the process anew');
  try {
    return call();
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError || error instanceof RangeError) isBroken = true;
    throw error;
  }
}

/** A database of the module's. `release` lets its file go. */
export class ModuleEngine implements Engine {
  readonly #release: () => void;
  #database: wasm.Database | undefined;

  constructor(path: string, survivesPowerCut: boolean, cacheKib: number | undefined, release: () => void) {
    this.#release = release;
    this.#database = guarded('open', () => wasm.Database.open(path, survivesPowerCut, cacheKib));
  }

  execute(command: string, nowMs: number): string {
    return guarded('execute', () => this.#open().execute(command, nowMs));
  }

  executeBatch(commands: string, nowMs: number): string {
    return guarded('executeBatch', () => this.#open().executeBatch(commands, nowMs));
  }

  preview(command: string, nowMs: number): string {
    return guarded('preview', () => this.#open().preview(command, nowMs));
  }

  read(read: string, nowMs: number): string {
    return guarded('read', () => this.#open().read(read, nowMs));
  }

  close(): void {
    const database = this.#database;
    if (database === undefined) return;
    this.#database = undefined;
    try {
      if (!isBroken) {
        guarded('close', () => {
          database.close();
          database.free();
        });
      }
    } finally {
      this.#release();
    }
  }

  #open(): wasm.Database {
    if (this.#database === undefined) throw new StockroomError('closed', 'database', 'the database is closed');
    return this.#database;
  }
}

/** What needs no database. */
export const module: Module = {
  exchange: (settings): Exchange => guarded('exchange', () => new wasm.Exchange(settings)),
  webhook: (settings): Webhook => guarded('webhook', () => new wasm.Webhook(settings)),
  backfill: (settings, sinceMs): Backfill => guarded('backfill', () => new wasm.Backfill(settings, sinceMs)),
};
