// Replies on their way in. They are JSON, but for the one that every sale gets: a line of fields, of which its objects are
// made several times faster. To whoever gets them they are the same, down to the order of the fields. `wasm/src/reply.rs`
// writes the lines and says what stands in them.

import type { Allocated, OrderState, OrderedLine, PlacedOrder, Reply, Why } from './documents.js';
import { StockroomError } from './errors.js';
import { decode } from './json.js';

const TAB = 9;
const LINE_END = '\n';
const [PLUS, EQUALS, ARRAY] = ['+', '=', '['].map((sign) => sign.charCodeAt(0)) as [number, number, number];

/** A slice as long as this keeps the text alive that it was cut out of. */
const SLICE_MAX = 12;

/** A reply: JSON, or a line. */
export function decodeReply(text: string, operation: string): Reply {
  return isLine(text) ? new Line(text, operation).only() : decode<Reply>(text, operation);
}

/** Replies: a JSON array, or each with a line break behind it. */
export function decodeReplies(text: string, operation: string): Reply[] {
  if (text.charCodeAt(0) === ARRAY) return decode<Reply[]>(text, operation);
  const lines = new Line(text, operation);
  const replies: Reply[] = [];
  while (!lines.isOver) replies.push(lines.next());
  return replies;
}

/** The replies of a batch as texts, each as `decodeReply` takes it. */
export function splitReplies(text: string): string[] {
  if (text.charCodeAt(0) === ARRAY) return (JSON.parse(text) as unknown[]).map((reply) => JSON.stringify(reply));
  return text.split(LINE_END).slice(0, -1);
}

function isLine(text: string): boolean {
  const sign = text.charCodeAt(0);
  return sign === PLUS || sign === EQUALS;
}

/** Lines, and how far they are read. */
class Line {
  readonly #text: string;
  readonly #operation: string;
  #at = 0;
  // Words that come again and again: what the last order had is most often what the next has, and need not be made anew.
  #channel = '';
  #currency = '';
  #state = '';
  #location = '';
  #why = '';

  constructor(text: string, operation: string) {
    this.#text = text;
    this.#operation = operation;
  }

  get isOver(): boolean {
    return this.#at >= this.#text.length;
  }

  /** The reply here, and on behind its line break. */
  next(): Reply {
    const sign = this.#text.charCodeAt(this.#at);
    if (sign === PLUS || sign === EQUALS) {
      const reply = this.#reply();
      if (this.#text[this.#at] !== LINE_END) throw this.#broken();
      this.#at += 1;
      return reply;
    }
    const end = this.#text.indexOf(LINE_END, this.#at);
    if (end < 0) throw this.#broken();
    const json = this.#text.slice(this.#at, end);
    this.#at = end + 1;
    return decode<Reply>(json, this.#operation);
  }

  /** The line that is all there is. */
  only(): Reply {
    const reply = this.#reply();
    if (!this.isOver) throw this.#broken();
    return reply;
  }

  #reply(): Reply {
    const repeated = this.#text.charCodeAt(this.#at) === EQUALS;
    this.#at += 1;
    return { outcome: { accepted: { order_placed: this.#order() } }, repeated };
  }

  #order(): PlacedOrder {
    const order = this.#own();
    const number = this.#number();
    const channel = (this.#channel = this.#word(this.#channel));
    const currency = (this.#currency = this.#word(this.#currency));
    const state = (this.#state = this.#word(this.#state)) as OrderState;
    const value_minor = this.#number();
    const lines: OrderedLine[] = [];
    for (let left = this.#number(); left > 0; left--) {
      lines.push({ sku: this.#own(), quantity: this.#number(), unit_price_minor: this.#number() });
    }
    const allocations: Allocated[] = [];
    for (let left = this.#number(); left > 0; left--) {
      const line = this.#number();
      const location = (this.#location = this.#word(this.#location));
      const quantity = this.#number();
      const why = (this.#why = this.#word(this.#why)) as Why;
      const backordered = this.#number();
      allocations.push(backordered === 0 ? { line, location, quantity, why } : { line, location, quantity, why, backordered });
    }
    return { order, number, channel, currency, state, value_minor, lines, allocations };
  }

  #number(): number {
    this.#tab();
    const begin = this.#at;
    let number = 0;
    for (; ; this.#at++) {
      const digit = this.#text.charCodeAt(this.#at) - 0x30;
      if (!(digit >= 0 && digit <= 9)) break;
      number = 10 * number + digit;
    }
    if (this.#at === begin || !Number.isSafeInteger(number)) throw this.#broken();
    return number;
  }

  /** A text that is most often the same as the last in its place. */
  #word(last: string): string {
    const end = this.#at + 1 + last.length;
    if (!this.#text.startsWith(last, this.#at + 1) || this.#text.charCodeAt(end) !== TAB) return this.#own();
    this.#tab();
    this.#at = end;
    return last;
  }

  /** A text of its own, which does not keep all the others alive. */
  #own(): string {
    this.#tab();
    const begin = this.#at;
    let end = begin;
    // Control characters end a field; past the end there are none.
    while (this.#text.charCodeAt(end) >= 0x20) end++;
    this.#at = end;
    if (end - begin <= SLICE_MAX) return this.#text.slice(begin, end);
    let own = '';
    for (let at = begin; at < end; at += SLICE_MAX) own += this.#text.slice(at, Math.min(end, at + SLICE_MAX));
    return own;
  }

  #tab(): void {
    if (this.#text.charCodeAt(this.#at) !== TAB) throw this.#broken();
    this.#at += 1;
  }

  #broken(): StockroomError {
    return new StockroomError('aborted', this.#operation, `the reply cannot be read at ${this.#at}`);
  }
}
