// Opening a database in Node: the module loaded once, its files over `node:fs`, and the file's lock held from before
// the database is opened until after it is closed. The documents cross as JSON text; the package's typed interface
// is built on top of this.

import fs from 'node:fs';
import { initSync, Database, useFiles } from '../../module/stockroom.js';
import { NodeFiles } from './files.js';
import { acquire } from './lock.js';

let loaded = false;

function load() {
  if (loaded) return;
  const module = fs.readFileSync(new URL('../../module/stockroom_bg.wasm', import.meta.url));
  initSync({ module });
  useFiles(new NodeFiles());
  loaded = true;
}

/** A database in a file or in memory. Every document is JSON text. */
export class NodeDatabase {
  #database;
  #lock;

  constructor(database, lock) {
    this.#database = database;
    this.#lock = lock;
  }

  /** @param {string} path a file, or `:memory:` */
  static async open(path) {
    load();
    if (path === ':memory:') return new NodeDatabase(Database.open(path), undefined);
    const lock = await acquire(path);
    try {
      return new NodeDatabase(Database.open(lock.path), lock);
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  execute(command) {
    return this.#database.execute(command);
  }

  executeBatch(commands) {
    return this.#database.execute_batch(commands);
  }

  executeBatchAt(commands) {
    return this.#database.execute_batch_at(commands);
  }

  verify() {
    return this.#database.verify();
  }

  digest() {
    return this.#database.digest();
  }

  close() {
    try {
      this.#database.close();
    } finally {
      this.#lock?.release();
    }
  }
}
