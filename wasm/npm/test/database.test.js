// A database over its life: opened, written, closed, opened again; in memory; and what is not a database.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { NodeDatabase } from './support/engine.js';
import { openShop, order, place, run, scratch, verified } from './support/shop.js';

test('what was written is there after opening again', async (t) => {
  const file = scratch(t);
  const db = await openShop(file);
  for (let number = 1; number <= 300; number++) assert.equal(place(db, `o-${number}`), false);
  const digest = db.digest();
  db.close();
  assert.deepEqual(fs.readdirSync(path.dirname(file)), ['shop.sqlite3'], 'nothing is left beside the file');
  const again = await NodeDatabase.open(file);
  assert.equal(again.digest(), digest);
  assert.equal(verified(again).orders, 300);
  assert.equal(place(again, 'o-300'), true, 'an order is placed once');
  again.close();
});

test('memory holds the same, and is gone when it is closed', async (t) => {
  const at_ms = 1_795_000_000_000;
  const commands = [
    { register_location: { location: 'main' } },
    { register_channel: { channel: 'web', locations: ['main'] } },
    { register_sku: { sku: 'mug' } },
    { receive_stock: { location: 'main', lines: [{ sku: 'mug', quantity: 5 }] } },
    { place_order: { id: 'o-1', channel: 'web', currency: 'EUR', lines: [{ sku: 'mug', quantity: 2, unit_price_minor: 1 }] } },
  ].map((action) => ({ at_ms, action }));
  const digests = [];
  for (const file of [scratch(t), ':memory:']) {
    const db = await NodeDatabase.open(file);
    const replies = JSON.parse(db.executeBatch(JSON.stringify(commands)));
    assert.ok(replies.every((reply) => reply.outcome.accepted));
    digests.push(db.digest());
    db.close();
  }
  assert.equal(digests[0], digests[1]);
  const empty = await NodeDatabase.open(':memory:');
  assert.equal(verified(empty).events, 0);
  empty.close();
});

test('several databases are open at once', async (t) => {
  const shops = await Promise.all([1, 2, 3].map(() => openShop(scratch(t))));
  shops.forEach((db, at) => place(db, `o-${at}`));
  for (const db of shops) {
    assert.equal(verified(db).orders, 1);
    db.close();
  }
});

test('a large batch is one commit', async (t) => {
  const file = scratch(t);
  const db = await openShop(file);
  const commands = Array.from({ length: 3_000 }, (_, at) => ({ action: { place_order: order(`b-${at}`) } }));
  const replies = JSON.parse(db.executeBatch(JSON.stringify(commands)));
  assert.ok(replies.every((reply) => reply.outcome.accepted && !reply.repeated));
  db.close();
  const again = await NodeDatabase.open(file);
  assert.equal(verified(again).orders, 3_000);
  again.close();
});

test('bad documents are refused and change nothing', async () => {
  const db = await NodeDatabase.open(':memory:');
  const before = db.digest();
  for (const text of ['', '{', '[]', '{"action":1}', '{"action":{"no_such":{}}}', '"\ud800"', 'null']) {
    assert.throws(() => db.execute(text), { code: 'malformed', retryable: false }, JSON.stringify(text));
  }
  assert.equal(db.digest(), before);
  db.close();
});

test('a closed database says so, and may be closed again', async (t) => {
  for (const file of [scratch(t), ':memory:']) {
    const db = await NodeDatabase.open(file);
    db.close();
    db.close();
    assert.throws(() => run(db, { register_sku: { sku: 'mug' } }), { code: 'closed' });
  }
});

test('what is not a database is refused, and left as it was', async (t) => {
  const file = scratch(t);
  for (const bytes of [Buffer.from('not a database at all. '.repeat(500)), Buffer.alloc(4096, 0xff)]) {
    fs.writeFileSync(file, bytes);
    await assert.rejects(NodeDatabase.open(file), { code: 'unsupported' });
    assert.deepEqual(fs.readFileSync(file), bytes);
    assert.deepEqual(fs.readdirSync(path.dirname(file)), ['shop.sqlite3'], 'no lock is left');
  }
});

test('a place that cannot be opened is refused with its reason', async (t) => {
  const file = scratch(t);
  await assert.rejects(NodeDatabase.open(path.join(file, 'no', 'such')), { code: 'ENOENT' });
  await assert.rejects(NodeDatabase.open(path.dirname(file)), { code: 'unsupported' });
});
