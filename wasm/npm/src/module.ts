// The module in this thread, as the engine. A trap (memory that ran out, a bug) leaves it in no state to go on with: it
// is said so of every database in it, and nothing is asked of it again.

import * as wasm from '../module/stockroom.js';
import type { Engine } from './engine.js';
import { StockroomError } from './errors.js';

/** Watches over the calls into one module. */
export class Guard {
  isBroken = false;

  call<T>(operation: string, call: () => T): T {
    if (this.isBroken) throw new StockroomError('aborted', operation, 'the engine broke off earlier; start the process anew');
    try {
      return call();
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError || error instanceof RangeError) this.isBroken = true;
      throw error;
    }
  }
}

const guard = new Guard();

/** Where a database lies, held for it alone. */
export interface Place {
  /** What the module calls it. */
  readonly path: string;
  /** The file's bytes, asked for while no database is open on it; absent where there is no file. */
  read?(): Uint8Array;
  /** Lets the place go. */
  release(): void;
}

/** What a database is opened with, beside its place. */
export interface Settings {
  survivesPowerCut: boolean;
  cacheKib: number | undefined;
  checksums: boolean;
}

/** A database of the module's. */
export class ModuleEngine implements Engine {
  readonly #place: Place;
  readonly #settings: Settings;
  #database: wasm.Database | undefined;
  #isReleased = false;

  constructor(place: Place, settings: Settings) {
    this.#place = place;
    this.#settings = settings;
    this.#database = this.#opened('open');
  }

  execute(command: Uint8Array, nowMs: number): string {
    return guard.call('execute', () => this.#open().execute(command, nowMs));
  }

  executeBatch(commands: Uint8Array, nowMs: number): string {
    return guard.call('executeBatch', () => this.#open().executeBatch(commands, nowMs));
  }

  preview(command: Uint8Array, nowMs: number): string {
    return guard.call('preview', () => this.#open().preview(command, nowMs));
  }

  read(read: Uint8Array, nowMs: number): string {
    return guard.call('read', () => this.#open().read(read, nowMs));
  }

  /** Closing writes the log into the file, so that the file alone is the database; then it is opened again. */
  exportFile(): Uint8Array {
    const place = this.#place;
    this.#open();
    if (place.read === undefined) throw new StockroomError('unsupported', 'export', 'a database in memory has no file');
    this.#shut('export');
    try {
      return place.read();
    } finally {
      this.#database = this.#opened('export');
    }
  }

  close(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    try {
      if (!guard.isBroken) this.#shut('close');
    } finally {
      this.#database = undefined;
      this.#place.release();
    }
  }

  #open(): wasm.Database {
    if (this.#database === undefined) throw new StockroomError('closed', 'database', 'the database is closed');
    return this.#database;
  }

  #opened(operation: string): wasm.Database {
    const { survivesPowerCut, cacheKib, checksums } = this.#settings;
    return guard.call(operation, () => wasm.Database.open(this.#place.path, survivesPowerCut, cacheKib, checksums));
  }

  #shut(operation: string): void {
    const database = this.#database;
    this.#database = undefined;
    guard.call(operation, () => {
      database?.close();
      database?.free();
    });
  }
}
