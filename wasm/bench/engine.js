// The package as a contender: the same orders through the engine. One call into the module an order, or a batch.

import { NodeDatabase } from '../npm/test/support/engine.js';
import { ON_HAND, SKU_COUNT, skuName } from './workload.js';

export class Engine {
  static name = 'stockroom';

  static async open(path) {
    const engine = new Engine(await NodeDatabase.open(path));
    engine.run([
      { register_location: { location: 'main' } },
      { register_channel: { channel: 'web', locations: ['main'] } },
    ]);
    for (let from = 0; from < SKU_COUNT; from += 1_000) {
      const skus = Array.from({ length: 1_000 }, (_, at) => skuName(from + at));
      engine.run(skus.map((sku) => ({ register_sku: { sku } })));
      engine.run(skus.map((sku) => ({ receive_stock: { location: 'main', lines: [{ sku, quantity: ON_HAND }] } })));
    }
    return engine;
  }

  constructor(db) {
    this.db = db;
  }

  run(actions) {
    const replies = JSON.parse(this.db.executeBatch(JSON.stringify(actions.map((action) => ({ action })))));
    for (const reply of replies) {
      if (reply.outcome.rejected) throw new Error(JSON.stringify(reply.outcome.rejected));
    }
  }

  /** Places orders in one commit; whether each was accepted. */
  place(orders) {
    if (orders.length === 1) {
      const reply = JSON.parse(this.db.execute(JSON.stringify({ action: { place_order: orders[0] } })));
      return [reply.outcome.accepted !== undefined];
    }
    const commands = orders.map((order) => ({ action: { place_order: order } }));
    return JSON.parse(this.db.executeBatch(JSON.stringify(commands))).map((reply) => reply.outcome.accepted !== undefined);
  }

  count() {
    return JSON.parse(this.db.verify()).orders;
  }

  close() {
    this.db.close();
  }
}
