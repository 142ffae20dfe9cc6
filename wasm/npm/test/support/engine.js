// The engine one layer below the package: documents as text, without promises. The tests of files, locks and kills
// drive this.

import { createRequire } from 'node:module';

const { openEngine } = createRequire(import.meta.url)('../../build/engine.cjs');

/** A database in a file or in memory. Every document is JSON text. */
export class NodeDatabase {
  #engine;

  constructor(engine) {
    this.#engine = engine;
  }

  static async open(path, options) {
    return new NodeDatabase(await openEngine(path, options));
  }

  execute(command) {
    return this.#engine.execute(command, Date.now());
  }

  executeBatch(commands) {
    return this.#engine.executeBatch(commands, Date.now());
  }

  verify() {
    return this.#engine.read('{"verify":{}}', Date.now());
  }

  digest() {
    return JSON.parse(this.#engine.read('{"digest":{}}', Date.now()));
  }

  close() {
    this.#engine.close();
  }
}
