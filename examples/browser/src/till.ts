// The till itself, without a page: the shop's database, a cart whose units are held, and sales. The cart is a hold in the
// database and nothing else, so that a reload finds it again, and what lies in it cannot be sold twice.

import { Stockroom, StockroomRejection } from 'stockroom';
import type { LogEntry, OrderDocument, StockLevel } from 'stockroom';
import { CURRENCY, ITEMS, itemOf } from './catalogue.js';

const LOCATION = 'shop';
const CHANNEL = 'till';
const CART = 'cart';
/** How long a cart is kept for somebody who has closed the till, in milliseconds. */
const HELD_MS = 15 * 60_000;
const PAGE = 1_000;

export interface CartLine {
  sku: string;
  quantity: number;
}

/** How a sale was paid. */
export type Payment = { by: 'card' } | { by: 'cash'; givenMinor: number };

/** A sale as a receipt shows it. */
export interface Sale {
  number: number;
  atMs: number;
  lines: { sku: string; quantity: number; unitPriceMinor: number }[];
  totalMinor: number;
  payment: Payment;
}

export class Till {
  readonly shop: Stockroom;
  #lines: CartLine[] = [];

  private constructor(shop: Stockroom) {
    this.shop = shop;
  }

  /** Opens the till's database, stocks the shop on its first day, and finds the cart that was left. */
  static async open(path: string, log: (entry: LogEntry) => void): Promise<Till> {
    const shop = await Stockroom.open({ path, busyTimeoutMs: 3_000, log });
    const till = new Till(shop);
    try {
      if ((await shop.locations()).length === 0) await till.#stock();
      await shop.tick({ limit: 100 });
      const hold = await shop.hold(CART);
      till.#lines = (hold?.lines ?? []).map(({ sku, quantity }) => ({ sku, quantity }));
      return till;
    } catch (error) {
      await shop.close();
      throw error;
    }
  }

  get lines(): readonly CartLine[] {
    return this.#lines;
  }

  get totalMinor(): number {
    return this.#lines.reduce((sum, { sku, quantity }) => sum + quantity * itemOf(sku).priceMinor, 0);
  }

  quantityOf(sku: string): number {
    return this.#lines.find((line) => line.sku === sku)?.quantity ?? 0;
  }

  /** Puts so many units of an item into the cart, and holds them. Throws a rejection where they are not there. */
  async setQuantity(sku: string, quantity: number): Promise<void> {
    const isIn = this.#lines.some((line) => line.sku === sku);
    const lines = isIn ? this.#lines.map((line) => (line.sku === sku ? { sku, quantity } : line)) : [...this.#lines, { sku, quantity }];
    await this.#hold(lines.filter((line) => line.quantity > 0));
  }

  async empty(): Promise<void> {
    await this.#hold([]);
  }

  /** Holds the cart for longer, while somebody stands at the till. */
  async keep(): Promise<void> {
    if (this.#lines.length > 0) await this.shop.extendHold({ hold: CART, lives_ms: HELD_MS });
  }

  /** Sells the cart: the order takes the held units over and leaves the shop, in one commit. */
  async pay(payment: Payment): Promise<Sale> {
    const order = crypto.randomUUID();
    const lines = this.#lines.map(({ sku, quantity }) => ({ sku, quantity, unit_price_minor: itemOf(sku).priceMinor }));
    const metadata: Record<string, string> = payment.by === 'cash' ? { paid: 'cash', given_minor: String(payment.givenMinor) } : { paid: 'card' };
    const replies = await this.shop.batch([
      { action: { place_order: { id: order, channel: CHANNEL, currency: CURRENCY, hold: CART, lines, metadata } } },
      { action: { ship_order: { order } } },
    ]);
    for (const { outcome } of replies) if ('rejected' in outcome) throw new StockroomRejection(outcome.rejected);
    this.#lines = [];
    const placed = await this.shop.order(order);
    if (placed === null) throw new Error('the order was placed');
    return saleOf(placed);
  }

  /** All quantities of all items. */
  async levels(): Promise<StockLevel[]> {
    const levels: StockLevel[] = [];
    for (let after: number | null | undefined = 0; after !== null && after !== undefined; ) {
      const page = await this.shop.stockLevels({ after, limit: PAGE });
      levels.push(...page.levels);
      after = page.next;
    }
    return levels;
  }

  /** Books goods that came in. */
  async receive(sku: string, quantity: number): Promise<void> {
    await this.shop.receiveStock({ location: LOCATION, lines: [{ sku, quantity }] });
  }

  /** All sales, the last one first. */
  async sales(): Promise<Sale[]> {
    const sales: Sale[] = [];
    for (let after = 0; ; ) {
      const orders = await this.shop.orders({ after, limit: PAGE });
      sales.push(...orders.map(saleOf));
      const last = orders.at(-1);
      if (last === undefined) return sales.reverse();
      after = last.number;
    }
  }

  /** A hold's lines are not changed but held anew; what was held before is held again where the new lines are refused. */
  async #hold(lines: CartLine[]): Promise<void> {
    const release = { action: { release_hold: { hold: CART } } };
    const place = (held: CartLine[]) => ({ action: { place_hold: { hold: CART, channel: CHANNEL, lives_ms: HELD_MS, lines: held } } });
    const replies = await this.shop.batch(lines.length > 0 ? [release, place(lines)] : [release]);
    const last = replies.at(-1)?.outcome;
    if (lines.length > 0 && last !== undefined && 'rejected' in last) {
      if (this.#lines.length > 0) await this.shop.execute(place(this.#lines));
      throw new StockroomRejection(last.rejected);
    }
    this.#lines = lines;
  }

  async #stock(): Promise<void> {
    const replies = await this.shop.batch([
      { action: { register_location: { location: LOCATION } } },
      { action: { register_channel: { channel: CHANNEL, locations: [LOCATION] } } },
      ...ITEMS.map(({ sku }) => ({ action: { register_sku: { sku } } })),
      {
        action: {
          receive_stock: { location: LOCATION, reference: 'first day', lines: ITEMS.map(({ sku, firstQuantity }) => ({ sku, quantity: firstQuantity })) },
        },
      },
    ]);
    for (const { outcome } of replies) if ('rejected' in outcome) throw new StockroomRejection(outcome.rejected);
  }
}

function saleOf({ number, placed_at_ms, lines, value_minor, metadata }: OrderDocument): Sale {
  return {
    number,
    atMs: placed_at_ms,
    lines: lines.map(({ sku, quantity, unit_price_minor }) => ({ sku, quantity, unitPriceMinor: unit_price_minor })),
    totalMinor: value_minor,
    payment: metadata.paid === 'cash' ? { by: 'cash', givenMinor: Number(metadata.given_minor) } : { by: 'card' },
  };
}
