// What a caller without a compiler hands in: each refused with a code, the database as it was, the instance usable or
// plainly closed.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { Stockroom, StockroomError } from 'stockroom';
import { order, stocked } from './shop.mjs';

const bad = (code) => (error) => {
  assert.ok(error instanceof StockroomError, String(error));
  assert.equal(error.code, code, error.message);
  assert.equal(typeof error.number, 'number');
  assert.equal(typeof error.retryable, 'boolean');
  assert.ok(error.operation);
  return true;
};

const line = (quantity) => ({ location: 'main', lines: [{ sku: 'mug', quantity }] });
const cyclic = { id: 'o' };
cyclic.lines = [cyclic];
const tree = { lines: [] };
for (let depth = 0, at = tree; depth < 100; depth++) at = at.lines[0] = { lines: [] };
const throwing = Object.defineProperty({ location: 'main' }, 'lines', { enumerable: true, get() { throw new Error('a getter'); } });
const revoked = Proxy.revocable({}, {});
revoked.revoke();

const CASES = [
  ['a text for a number', line('3'), 'malformed'],
  ['no number', line(Number.NaN), 'unsafe_number'],
  ['infinity', line(Infinity), 'unsafe_number'],
  ['negative infinity', line(-Infinity), 'unsafe_number'],
  ['negative zero', line(-0), 'unsafe_number'],
  ['2^53 + 1', line(2 ** 53 + 1), 'unsafe_number'],
  ['2^53', line(2 ** 53), 'unsafe_number'],
  ['a fraction', line(1.5), 'unsafe_number'],
  ['a bigint', line(3n), 'unsafe_number'],
  ['null for a number', line(null), 'malformed'],
  ['nothing for a number', line(undefined), 'malformed'],
  ['a boolean', line(true), 'malformed'],
  ['a symbol', line(Symbol('3')), 'malformed'],
  ['a function', line(() => 3), 'malformed'],
  ['a boxed number', line(new Number(3)), 'malformed'],
  ['a date', line(new Date()), 'malformed'],
  ['a map', { location: 'main', lines: new Map() }, 'malformed'],
  ['a set', { location: 'main', lines: new Set([1]) }, 'malformed'],
  ['bytes', { location: new Uint8Array(3), lines: [] }, 'malformed'],
  ['a promise', Promise.resolve({}), 'malformed'],
  ['a hole in a list', { location: 'main', lines: [, 1] }, 'malformed'],
  ['half a surrogate pair', { location: 'ma\ud800in', lines: [] }, 'malformed'],
  ['half a pair as a field', { location: 'main', lines: [], 'x\udc00': 1 }, 'malformed'],
  ['a field that there is not', { ...line(3), colour: 'blue' }, 'malformed'],
  ['an object that holds itself', cyclic, 'malformed'],
  ['100 levels', tree, 'malformed'],
  ['a getter that throws', throwing, 'callback'],
  ['a proxy that throws', new Proxy({}, { ownKeys() { throw new Error('no keys'); } }), 'callback'],
  ['a proxy that throws no error', new Proxy({}, { get() { throw undefined; }, ownKeys: () => ['a'], getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }) }), 'callback'],
  ['a revoked proxy', revoked.proxy, 'callback'],
  ['a list', [], 'malformed'],
  ['a text', 'receive_stock', 'malformed'],
  ['null', null, 'malformed'],
  ['nothing', undefined, 'malformed'],
];

test('bad documents are refused before anything is done', async (t) => {
  for (const file of [':memory:', path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'stockroom-bad-')), 'shop.sqlite3')]) {
    const shop = await stocked(await Stockroom.open(file));
    const digest = await shop.digest();
    for (const [name, document, code] of CASES) {
      await t.test(`${name} (${file === ':memory:' ? 'memory' : 'file'})`, async () => {
        await assert.rejects(shop.receiveStock(document), bad(code));
        await assert.rejects(shop.batch([{ action: { receive_stock: line(1) } }, { action: { receive_stock: document } }]), bad(code));
        await assert.rejects(shop.preview({ action: { receive_stock: document } }), bad(code));
        assert.equal(await shop.digest(), digest);
      });
    }
    assert.equal((await shop.placeOrder(order('o-1'))).state, 'allocated', 'it goes on');
    assert.equal((await shop.verify()).ok, true);
    await shop.close();
  }
});

test('a small object that is too large a document', async () => {
  const shop = await Stockroom.open(':memory:');
  let document = { text: 'x'.repeat(100_000) };
  for (let depth = 0; depth < 30; depth++) document = { a: document, b: document };
  await assert.rejects(shop.receiveStock(document), bad('malformed'));
  await shop.close();
});

test('a getter that uses the database while its document is read', async () => {
  const shop = await stocked(await Stockroom.open(':memory:'));
  const { lines, ...outer } = order('outer');
  let inner;
  const document = Object.defineProperty(outer, 'lines', {
    enumerable: true,
    get() {
      inner = shop.placeOrder(order(`inner ${'long '.repeat(10)}`));
      return lines;
    },
  });
  assert.equal((await shop.placeOrder(document)).order, 'outer');
  assert.equal((await inner).state, 'allocated');
  const { ok, orders } = await shop.verify();
  assert.deepEqual({ ok, orders }, { ok: true, orders: 2 });
  await shop.close();
});

test('other arguments', async () => {
  const shop = await stocked(await Stockroom.open(':memory:'));
  for (const call of [
    () => shop.execute(),
    () => shop.execute({}),
    () => shop.execute({ action: {} }),
    () => shop.execute({ action: { receive_stock: line(1), tick: { limit: 1 } } }),
    () => shop.execute({ action: { fulfill: { limit: 1 } }, keys: 'x' }),
    () => shop.batch(),
    () => shop.batch({}),
    () => shop.batch(new Set()),
    () => shop.read('no_such', {}),
    () => shop.read(),
    () => shop.available('mug'),
    () => shop.available({}, []),
    () => shop.orders({ limit: 0 }),
    () => shop.orders({ limit: 10_001 }),
    () => shop.receiveStock(line(1), { key: 5 }),
    () => shop.take(undefined),
  ]) {
    await assert.rejects(call, bad('malformed'), String(call));
  }
  await assert.rejects(shop.receiveStock(line(1), { atMs: Number.NaN }), bad('unsafe_number'));
  for (const make of [() => shop.exchange(), () => shop.exchange({ rest: { base_url: 5 } }), () => shop.webhook({}), () => shop.backfill({}, 0)]) {
    assert.throws(make, bad('malformed'), String(make));
  }
  assert.throws(() => shop.backfill({}, 0.5), bad('unsafe_number'));
  assert.throws(() => shop.relay({ routes: [{ destination: 'wms', exchange: {} }] }), bad('malformed'));
  const secret = 'do-not-show-me';
  assert.throws(() => shop.exchange({ rest: { base_url: 'https://x', auth: { bearer: { token: [secret] } } } }), (error) => {
    assert.doesNotMatch(error.message, /do-not-show-me/);
    return bad('malformed')(error);
  });
  assert.equal((await shop.verify()).ok, true);
  await shop.close();
});

test('options that are none', async () => {
  for (const options of [undefined, null, 5, '', 'a\0b', 'a\ud800', {}, { path: 5 }, { path: ':memory:', durabilty: 'full' }, { path: ':memory:', durability: 'maybe' }, { path: ':memory:', clock: 5 }, { path: ':memory:', cacheKib: -1 }, { path: ':memory:', checksums: 1 }, { path: ':memory:', busyTimeoutMs: 1.5 }]) {
    await assert.rejects(Stockroom.open(options), bad('unsupported'), JSON.stringify(options));
  }
  await assert.rejects(Stockroom.open(path.join(os.tmpdir(), 'no', 'such', 'folder', 'shop.sqlite3')), bad('unsupported'));
});

test('a clock that fails does so before anything is done', async () => {
  let clock = () => 1_790_000_000_000;
  const shop = await stocked(await Stockroom.open({ path: ':memory:', clock: () => clock() }));
  const digest = await shop.digest();
  for (const bad_ of [() => { throw new Error('no time'); }, () => Number.NaN, () => 'now', () => undefined, () => 2 ** 60]) {
    clock = bad_;
    await assert.rejects(shop.receiveStock(line(1)), bad('callback'));
  }
  clock = () => 1_790_000_000_000;
  assert.equal(await shop.digest(), digest);
  await shop.close();
});

test('after closing, every call says so', async () => {
  const shop = await stocked(await Stockroom.open(':memory:'));
  const exchange = shop.exchange({ rest: { base_url: 'https://wms.example' } });
  await shop.close();
  await shop.close();
  assert.equal(shop.isClosed, true);
  for (const call of [() => shop.placeOrder(order('o-1')), () => shop.execute({ action: { fulfill: { limit: 1 } } }), () => shop.batch([]), () => shop.preview({}), () => shop.digest(), () => shop.take('wms')]) {
    await assert.rejects(call, bad('closed'));
  }
  for (const call of [() => shop.exchange({}), () => shop.webhook({}), () => shop.relay({ routes: [] }), () => exchange.converse({})]) {
    assert.throws(call, bad('closed'));
  }
  assert.deepEqual(await shop.events().next(), { done: true, value: undefined });
});

test('a document that closes the database while it is read', async () => {
  const shop = await stocked(await Stockroom.open(':memory:'));
  const document = { location: 'main', get lines() { shop[Symbol.dispose](); return [{ sku: 'mug', quantity: 1 }]; } };
  await assert.rejects(shop.receiveStock(document), bad('closed'));
});

test('a document that calls back in while it is read', async () => {
  const shop = await stocked(await Stockroom.open(':memory:'));
  let inner;
  const document = { location: 'main', get lines() { inner = shop.placeOrder(order('o-1')); return [{ sku: 'mug', quantity: 1 }]; } };
  await shop.receiveStock(document);
  assert.equal((await inner).state, 'allocated');
  assert.equal(await shop.available('mug', 'main'), 9);
  await shop.close();
});

test('a file of another kind is refused and left alone', async () => {
  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'stockroom-bad-')), 'shop.sqlite3');
  const bytes = Buffer.from('this is a diary. '.repeat(500));
  fs.writeFileSync(file, bytes);
  await assert.rejects(Stockroom.open(file), bad('unsupported'));
  assert.deepEqual(fs.readFileSync(file), bytes);
});

test('objects of classes and of other realms are documents too', async () => {
  const { runInNewContext } = await import('node:vm');
  class Line {
    sku = 'mug';
    quantity = 2;
  }
  const shop = await stocked(await Stockroom.open(':memory:'));
  await shop.receiveStock({ location: 'main', lines: [new Line()] });
  await shop.receiveStock(runInNewContext("({ location: 'main', lines: [{ sku: 'mug', quantity: 2 }] })"));
  await shop.receiveStock(Object.assign(Object.create(null), { location: 'main', note: undefined, lines: [{ sku: 'mug', quantity: 2 }] }));
  assert.equal(await shop.available('mug', 'main'), 16);
  await shop.close();
});
