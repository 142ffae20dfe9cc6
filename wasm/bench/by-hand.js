// The peer: what a careful engineer would write by hand on better-sqlite3 for the same orders, as `by_hand.rs` of
// `benches/` does in Rust. One transaction claims stock with conditional updates and stores the order, its claims and
// its event; statements are prepared once. Nothing in it may be made slower for the engine's sake.

import Database from 'better-sqlite3';
import { ON_HAND, SKU_COUNT, skuName } from './workload.js';

const SCHEMA = `
CREATE TABLE IF NOT EXISTS stock (sku TEXT PRIMARY KEY, on_hand INTEGER NOT NULL, allocated INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS orders (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS claims (order_number INTEGER NOT NULL, line INTEGER NOT NULL, sku TEXT NOT NULL, quantity INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS events (number INTEGER PRIMARY KEY, body TEXT NOT NULL);
`;

export class ByHand {
  static name = 'better-sqlite3 by hand';

  static async open(path) {
    return new ByHand(path);
  }

  constructor(path) {
    const db = new Database(path);
    for (const pragma of [
      'page_size = 4096',
      'journal_mode = WAL',
      'synchronous = FULL',
      'temp_store = MEMORY',
      'cache_size = -16384',
      'wal_autocheckpoint = 1000',
      'foreign_keys = OFF',
    ]) {
      db.pragma(pragma);
    }
    db.exec(SCHEMA);
    this.db = db;
    this.begin = db.prepare('BEGIN IMMEDIATE');
    this.commit = db.prepare('COMMIT');
    this.rollback = db.prepare('ROLLBACK');
    this.allocate = db.prepare('UPDATE stock SET allocated = allocated + ? WHERE sku = ? AND on_hand - allocated >= ?');
    this.giveBack = db.prepare('UPDATE stock SET allocated = allocated - ? WHERE sku = ?');
    this.insertOrder = db.prepare('INSERT INTO orders (id, body) VALUES (?, ?)');
    this.insertClaim = db.prepare('INSERT INTO claims (order_number, line, sku, quantity) VALUES (?, ?, ?, ?)');
    this.insertEvent = db.prepare('INSERT INTO events (body) VALUES (?)');
  }

  async stock() {
    const insert = this.db.prepare('INSERT INTO stock (sku, on_hand, allocated) VALUES (?, ?, 0)');
    this.db.transaction(() => {
      for (let number = 0; number < SKU_COUNT; number++) insert.run(skuName(number), ON_HAND);
    })();
  }

  /** Places orders in one commit; whether each was accepted. */
  async place(orders) {
    this.begin.run();
    try {
      const accepted = orders.map((order) => this.#placeOne(order));
      this.commit.run();
      return accepted;
    } catch (error) {
      if (this.db.inTransaction) this.rollback.run();
      throw error;
    }
  }

  #placeOne(order) {
    const nowMs = Date.now();
    let total = 0;
    for (let at = 0; at < order.lines.length; at++) {
      const line = order.lines[at];
      if (this.allocate.run(line.quantity, line.sku, line.quantity).changes === 0) {
        for (const taken of order.lines.slice(0, at)) this.giveBack.run(taken.quantity, taken.sku);
        return false;
      }
      total += line.quantity * line.unit_price_minor;
    }
    const body = JSON.stringify({
      id: order.id,
      channel: order.channel,
      currency: order.currency,
      status: 'allocated',
      placed_at_ms: nowMs,
      lines: order.lines,
      total_minor: total,
    });
    const { lastInsertRowid } = this.insertOrder.run(order.id, body);
    for (let at = 0; at < order.lines.length; at++) {
      this.insertClaim.run(lastInsertRowid, at + 1, order.lines[at].sku, order.lines[at].quantity);
    }
    const event = {
      specversion: '1.0',
      type: 'stockroom.order.allocated.v1',
      source: '/shop',
      subject: order.id,
      time_ms: nowMs,
      data: { channel: order.channel, currency: order.currency, lines: order.lines.length, total_minor: total },
    };
    this.insertEvent.run(JSON.stringify(event));
    return true;
  }

  async count() {
    return this.db.prepare('SELECT count(*) AS orders FROM orders').get().orders;
  }

  async close() {
    this.db.close();
  }
}
