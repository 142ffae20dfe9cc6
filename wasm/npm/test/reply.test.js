// Replies on their way in: a line of fields makes what JSON would have made, to the last detail, and what is no line is refused.

import assert from 'node:assert/strict';
import test from 'node:test';
import { decodeReplies, decodeReply, splitReplies } from '../build/reply.js';

/** As `wasm/src/reply.rs` writes it. */
function line({ outcome, repeated }) {
  const { order, number, channel, currency, state, value_minor, lines, allocations } = outcome.accepted.order_placed;
  const fields = [order, number, channel, currency, state, value_minor, lines.length];
  for (const { sku, quantity, unit_price_minor } of lines) fields.push(sku, quantity, unit_price_minor);
  fields.push(allocations.length);
  for (const { line, location, quantity, why, backordered = 0 } of allocations) fields.push(line, location, quantity, why, backordered);
  return [repeated ? '=' : '+', ...fields].join('\t');
}

const line1 = { sku: 'mug', quantity: 2, unit_price_minor: 1_250 };
const allocated = { line: 1, location: 'main', quantity: 2, why: 'priority' };
const placed = (changes = {}, repeated = false) => {
  const order_placed = {
    order: 'o-1',
    number: 12,
    channel: 'web',
    currency: 'EUR',
    state: 'allocated',
    value_minor: 2_500,
    lines: [line1],
    allocations: [allocated],
    ...changes,
  };
  return { outcome: { accepted: { order_placed } }, repeated };
};

const replies = [
  placed(),
  placed({}, true),
  placed({ order: '', number: 0, value_minor: Number.MAX_SAFE_INTEGER, lines: [], allocations: [] }),
  placed({ order: 'an order whose name is long', lines: [{ ...line1, sku: '12 and 1 is 13' }, line1, { ...line1, sku: '0123456789ab' }] }),
  placed({ order: '€ "quoted" \\ {[', channel: '😀'.repeat(9), lines: [{ ...line1, sku: 'ü\u2028\u007f' }] }),
  placed({ state: 'backordered', allocations: [{ ...allocated, quantity: 0, backordered: 2 }, { ...allocated, location: 'mai', why: 'hold' }, { ...allocated, location: 'main2' }, { ...allocated, location: '' }] }),
];

test('a line makes what JSON would have made', () => {
  for (const reply of replies) {
    const read = decodeReply(line(reply), 'test');
    assert.deepStrictEqual(read, JSON.parse(JSON.stringify(reply)));
    assert.equal(JSON.stringify(read), JSON.stringify(reply), 'in the same order');
    assert.deepStrictEqual(structuredClone(read), read);
    assert.deepStrictEqual({ ...read.outcome.accepted.order_placed }, reply.outcome.accepted.order_placed);
    // What a caller does with one reply is nothing to another.
    read.outcome.accepted.order_placed.lines.push('changed');
    assert.deepStrictEqual(decodeReply(line(reply), 'test'), reply);
  }
});

test('replies are lines and JSON, one after the other, or an array', () => {
  const done = { outcome: { accepted: 'done' }, repeated: false };
  const all = [done, ...replies, done, done, ...replies.toReversed()];
  const texts = all.map((reply) => (reply === done ? JSON.stringify(reply) : line(reply)));
  const text = texts.map((one) => `${one}\n`).join('');
  assert.deepStrictEqual(decodeReplies(text, 'test'), all);
  assert.deepStrictEqual(decodeReplies(JSON.stringify(all), 'test'), all);
  assert.deepStrictEqual([decodeReplies('', 'test'), decodeReplies('[]', 'test'), splitReplies('')], [[], [], []]);
  assert.deepStrictEqual(decodeReply(JSON.stringify(done), 'test'), done);
  assert.deepStrictEqual(splitReplies(text), texts);
  for (const split of [text, JSON.stringify(all)]) {
    assert.deepStrictEqual(splitReplies(split).map((one) => decodeReply(one, 'test')), all);
  }
});

test('a number that is not exact is refused in JSON too', () => {
  const json = '{"outcome":{"accepted":{"order_placed":{"number":9007199254740993}}},"repeated":false}';
  assert.throws(() => decodeReply(json, 'test'), { code: 'unsafe_number' });
  assert.throws(() => decodeReplies(`${json}\n`, 'test'), { code: 'unsafe_number' });
});

test('what is cut off or changed is refused or another reply, and never hangs', () => {
  const whole = line(replies[5]);
  for (let at = 0; at < whole.length; at++) {
    const cut = whole.slice(0, at);
    if (at > 0) assert.throws(() => decodeReplies(`${cut}\n`, 'test'), { code: 'aborted' }, cut);
    assert.throws(() => decodeReplies(cut || '+', 'test'), { code: 'aborted' }, cut);
    for (const other of ['\t', '\n', '', '9', '-', '.', '\0', 'x', '+', '€', '99999999999999999999']) {
      const changed = cut + other + whole.slice(at + 1);
      for (const decoded of [() => decodeReply(changed, 'test'), () => decodeReplies(`${changed}\n`, 'test')]) {
        try {
          decoded();
        } catch (error) {
          assert.ok(error.code === 'aborted' || error instanceof SyntaxError, `${error}: ${JSON.stringify(changed)}`);
        }
      }
    }
  }
  assert.throws(() => decodeReply(`${whole}\t1`, 'test'), { code: 'aborted' });
  assert.throws(() => decodeReply('+\t\t9007199254740993\t', 'test'), { code: 'aborted' });
});
