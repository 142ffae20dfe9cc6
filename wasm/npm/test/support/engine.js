// The engine one layer below the package: documents as text, without promises. The tests of files, locks and kills
// drive this.

import { createRequire } from 'node:module';
import { utf8 } from '../../build/json.js';
import { decodeReplies, decodeReply } from '../../build/reply.js';

const { openEngine } = createRequire(import.meta.url)('../../build/engine.cjs');

/** A database in a file or in memory. Every document is JSON text, replies too. */
export class NodeDatabase {
  #engine;

  constructor(engine) {
    this.#engine = engine;
  }

  static async open(path, options) {
    return new NodeDatabase(await openEngine(path, options));
  }

  execute(command) {
    return JSON.stringify(decodeReply(this.#engine.execute(utf8(command), Date.now()), 'execute'));
  }

  executeBatch(commands) {
    return JSON.stringify(decodeReplies(this.#engine.executeBatch(utf8(commands), Date.now()), 'executeBatch'));
  }

  verify() {
    return this.#engine.read(utf8('{"verify":{}}'), Date.now());
  }

  digest() {
    return JSON.parse(this.#engine.read(utf8('{"digest":{}}'), Date.now()));
  }

  close() {
    this.#engine.close();
  }
}
