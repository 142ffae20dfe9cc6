// The package as a contender: the same orders through its typed methods. One call into the module an order, or a batch.

import { Stockroom } from '../npm/dist/node.js';
import { ON_HAND, SKU_COUNT, skuName } from './workload.js';

export class Engine {
  static name = 'stockroom';

  static async open(path) {
    return new Engine(await Stockroom.open(path));
  }

  constructor(shop) {
    this.shop = shop;
  }

  async stock() {
    await this.shop.registerLocation({ location: 'main' });
    await this.shop.registerChannel({ channel: 'web', locations: ['main'] });
    for (let from = 0; from < SKU_COUNT; from += 1_000) {
      const skus = Array.from({ length: 1_000 }, (_, at) => skuName(from + at));
      await this.#all(skus.map((sku) => ({ register_sku: { sku } })));
      await this.#all(skus.map((sku) => ({ receive_stock: { location: 'main', lines: [{ sku, quantity: ON_HAND }] } })));
    }
  }

  async #all(actions) {
    for (const { outcome } of await this.shop.batch(actions.map((action) => ({ action })))) {
      if ('rejected' in outcome) throw new Error(JSON.stringify(outcome.rejected));
    }
  }

  /** Places orders in one commit; whether each was accepted. */
  async place(orders) {
    if (orders.length === 1) return [(await this.shop.placeOrder(orders[0])).state === 'allocated'];
    const replies = await this.shop.batch(orders.map((order) => ({ action: { place_order: order } })));
    return replies.map(({ outcome }) => 'accepted' in outcome);
  }

  async count() {
    return (await this.shop.verify()).orders;
  }

  async close() {
    await this.shop.close();
  }
}
