// The API from the outside: commands, reads, batches, previews, events, deliveries, webhooks.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { Stockroom, StockroomError, StockroomRejection } from 'stockroom';
import { order, stocked } from './shop.mjs';

test('an order, from its placing to its end', async () => {
  const shop = await stocked(await Stockroom.open(':memory:'));
  const placed = await shop.placeOrder(order('o-1'), { key: 'k-1' });
  assert.equal(placed.state, 'allocated');
  assert.equal(placed.value_minor, 2500);
  assert.deepEqual(placed.allocations, [{ line: 1, location: 'main', quantity: 2, why: 'priority' }]);
  assert.equal(await shop.available('mug', 'main'), 8);
  assert.equal(await shop.available('jug', 'main'), null);
  assert.deepEqual(await shop.availability([{ sku: 'mug', location: 'main' }, { sku: 'jug', location: 'main' }]), [8, null]);
  assert.deepEqual(await shop.channelAvailability('web', ['mug']), [8]);
  assert.equal((await shop.stock('mug', 'main')).on_hand, 10);
  assert.equal((await shop.stockLevels()).levels.length, 1);
  assert.deepEqual(await shop.locations(), ['main']);
  const again = await shop.execute({ key: 'k-1', action: { place_order: order('o-1') } });
  assert.equal(again.repeated, true);
  const shipped = await shop.shipOrder({ order: 'o-1' });
  assert.equal(shipped.state, 'shipped');
  assert.equal((await shop.order('o-1')).state, 'shipped');
  assert.equal(await shop.order('o-2'), null);
  assert.equal((await shop.orders({ limit: 5 })).length, 1);
  assert.equal((await shop.verify()).ok, true);
  assert.match(await shop.digest(), /^[0-9a-f]{64}$/);
  await shop.close();
});

test('a no of the business is thrown by a method and told by execute', async () => {
  const shop = await stocked(await Stockroom.open(':memory:'));
  await assert.rejects(shop.placeOrder(order('o-1', 11)), (error) => {
    assert.ok(error instanceof StockroomRejection && !(error instanceof StockroomError));
    assert.equal(error.code, 'insufficient_stock');
    assert.equal(error.faults[0].code, 'insufficient_stock');
    assert.match(error.message, /insufficient_stock/);
    return true;
  });
  const reply = await shop.execute({ action: { place_order: order('o-2', 11) } });
  assert.equal(reply.outcome.rejected.code, 'insufficient_stock');
  await shop.close();
});

test('a batch is one commit of commands that stand alone, and a preview changes nothing', async () => {
  const shop = await stocked(await Stockroom.open(':memory:'));
  const digest = await shop.digest();
  const preview = await shop.preview({ action: { place_order: order('o-1') } });
  assert.equal(preview.outcome.accepted.order_placed.state, 'allocated');
  assert.equal(await shop.digest(), digest);
  const replies = await shop.batch([
    { action: { place_order: order('o-1', 9) } },
    { action: { place_order: order('o-2', 9) } },
    { action: { place_order: order('o-3', 1) } },
  ]);
  assert.deepEqual(replies.map(({ outcome }) => Object.keys(outcome)[0]), ['accepted', 'rejected', 'accepted']);
  await shop.close();
});

test('the clock is the host\'s, and a command may have its own time', async () => {
  let nowMs = 1_790_000_000_000;
  const shop = await stocked(await Stockroom.open({ path: ':memory:', clock: () => nowMs }));
  await shop.placeHold({ hold: 'h-1', channel: 'web', lives_ms: 60_000, lines: [{ sku: 'mug', quantity: 3 }] });
  assert.equal((await shop.hold('h-1')).expires_at_ms, nowMs + 60_000);
  nowMs += 59_999;
  assert.deepEqual(await shop.tick({ limit: 10 }), { expired: 0, more: false });
  nowMs += 1;
  assert.deepEqual(await shop.tick({ limit: 10 }), { expired: 1, more: false });
  await shop.placeOrder(order('o-1'), { atMs: nowMs + 5_000 });
  assert.equal((await shop.order('o-1')).placed_at_ms, nowMs + 5_000);
  await shop.close();
});

test('events that are there, then events that come', async () => {
  const shop = await stocked(await Stockroom.open({ path: ':memory:', source: '/berlin' }));
  const there = [];
  for await (const event of shop.events({ follow: false })) there.push(event);
  assert.ok(there.length > 0 && there.every((event) => event.source === '/berlin' && event.specversion === '1.0'));
  const stop = new AbortController();
  const types = [];
  const reading = (async () => {
    for await (const event of shop.events({ after: Number(there.at(-1).id), signal: stop.signal })) types.push(event.type);
  })();
  await new Promise((done) => setTimeout(done, 20));
  await shop.placeOrder(order('o-1'));
  while (types.length === 0) await new Promise((done) => setTimeout(done, 5));
  stop.abort();
  await reading;
  assert.ok(types.some((type) => type.startsWith('stockroom.order.')), String(types));
  await shop.close();
});

test('a subscription goes on after what was acknowledged', async () => {
  const shop = await stocked(await Stockroom.open(':memory:'));
  await shop.subscribe({ subscription: 'mail', from: 'now' });
  for (const id of ['o-1', 'o-2', 'o-3']) await shop.placeOrder(order(id));
  const first = shop.events({ subscription: 'mail', follow: false });
  const { value: event } = await first.next();
  await first.next();
  await first.acknowledge(event);
  const second = await shop.events({ subscription: 'mail', follow: false }).next();
  assert.equal(Number(second.value.id), Number(event.id) + 1);
  await assert.rejects(shop.events({ subscription: 'nobody' }).next(), { code: 'not_found' });
  await shop.close();
});

test('whoever waits for events is let go when the database is closed', async () => {
  const shop = await Stockroom.open(':memory:');
  const waiting = shop.events().next();
  await shop.close();
  assert.deepEqual(await waiting, { done: true, value: undefined });
});

test('deliveries by hand: taken, talked about, reported', async () => {
  const shop = await stocked(await Stockroom.open(':memory:'));
  await shop.registerDestination({ destination: 'wms' });
  await shop.registerWarehouse({ location: 'main', destination: 'wms' });
  await shop.placeOrder(order('o-1'));
  await shop.fulfill({ limit: 100 });
  const { deliveries } = await shop.take('wms', { max: 5 });
  assert.equal(deliveries.length, 1);
  const exchange = shop.exchange({ rest: { base_url: 'https://wms.example/api', auth: { bearer: { token: 'secret-1' } } } });
  const conversation = exchange.converse(deliveries[0]);
  const { ask } = conversation.turn;
  assert.equal(ask.method, 'POST');
  assert.ok(ask.headers.some(([name, value]) => name === 'Authorization' && value === 'Bearer secret-1'));
  const body = JSON.stringify({ id: 'W-1', fulfillment: 'o-1-1', status: 'accepted' });
  const { end } = conversation.answered({ response: { status: 201, headers: { 'content-type': 'application/json' }, body } });
  assert.deepEqual(end.result, { done: { handed: { reference: 'W-1' } } });
  assert.throws(() => conversation.answered({ lost: 'again' }), { code: 'malformed' });
  assert.deepEqual((await shop.execute(end.report)).outcome, { accepted: 'done' });
  assert.equal((await shop.take('wms')).deliveries.length, 0);
  await assert.rejects(shop.report(deliveries[0], { refused: { why: 'late' } }), StockroomRejection);
  await shop.close();
});

test('a warehouse\'s webhook is proved, read and carried out', async () => {
  const shop = await stocked(await Stockroom.open(':memory:'));
  await shop.registerDestination({ destination: 'wms' });
  await shop.registerWarehouse({ location: 'main', destination: 'wms' });
  await shop.placeOrder(order('o-1'));
  await shop.fulfill({ limit: 100 });
  const secret = Buffer.from('0123456789abcdef0123456789abcdef').toString('base64');
  const webhook = shop.webhook({ warehouse: { secrets: [`whsec_${secret}`], source: 'wms', location: 'main' } });
  const body = JSON.stringify({ type: 'shipment.created', data: { fulfillment: 'o-1-1', shipment: 'S-1', tracking: { carrier: 'DHL', number: '1Z' } } });
  const at = String(Math.floor(Date.now() / 1000));
  const signature = createHmac('sha256', Buffer.from(secret, 'base64')).update(`m-1.${at}.${body}`).digest('base64');
  const headers = { 'webhook-id': 'm-1', 'webhook-timestamp': at, 'webhook-signature': `v1,${signature}` };
  const forged = await webhook.receive({ headers: { ...headers, 'webhook-signature': 'v1,AAAA' }, body });
  assert.equal(forged.status, 401);
  for (const of of [headers, new Headers(headers), Object.entries(headers)]) {
    const received = await webhook.receive({ headers: of, body: Buffer.from(body) });
    assert.equal(received.status, 200, JSON.stringify(received));
  }
  assert.equal((await shop.order('o-1')).state, 'shipped');
  await shop.close();
});

test('a Shopify order comes in by its webhook', async () => {
  const shop = await stocked(await Stockroom.open(':memory:'));
  const settings = { shopify: { shop: 'example.myshopify.com', secrets: ['the-app-s-client-secret'], location: '7', orders: { channel: 'web', prices_in: 'shop' } } };
  const webhook = shop.webhook(settings);
  const body = Buffer.from('{"id":1}');
  const sign = (secret) => createHmac('sha256', secret).update(body).digest('base64');
  const headers = (secret) => ({ 'X-Shopify-Hmac-Sha256': sign(secret), 'X-Shopify-Topic': 'orders/create', 'X-Shopify-Shop-Domain': 'example.myshopify.com', 'X-Shopify-Webhook-Id': 'w-1' });
  assert.equal((await webhook.receive({ headers: headers('wrong'), body })).status, 401);
  assert.equal((await webhook.receive({ headers: headers('the-app-s-client-secret'), body })).status, 400, 'proved, but no order');
  await shop.close();
});

test('a file is there again, closed by using, and one owner has it', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stockroom-api-'));
  const file = path.join(folder, 'shop.sqlite3');
  const shop = await stocked(await Stockroom.open({ path: file, durability: 'normal', cacheKib: 2048 }));
  await shop.placeOrder(order('o-1'));
  await assert.rejects(Stockroom.open(file), { name: 'StockroomError', code: 'busy', number: 1, retryable: true });
  setTimeout(() => shop[Symbol.dispose](), 120);
  const next = await Stockroom.open({ path: file, busyTimeoutMs: 5_000 });
  assert.equal((await next.order('o-1')).state, 'allocated');
  await next[Symbol.asyncDispose]();
  assert.equal(next.isClosed, true);
  fs.rmSync(folder, { recursive: true });
});
