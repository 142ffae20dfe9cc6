// The relay with `fetch` against a warehouse over real HTTP: every order arrives once, whatever happens on the way.

import assert from 'node:assert/strict';
import http from 'node:http';
import net from 'node:net';
import test from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Stockroom } from 'stockroom';
import { order, stocked } from './shop.mjs';
import { warehouse } from './warehouse.mjs';

const PATIENCE = { backoff_ms: 1, backoff_max_ms: 20, attempts_max: 1_000, breaker_failures: 1_000 };

async function open(log = () => {}) {
  const shop = await stocked(await Stockroom.open({ path: ':memory:', log }), 1_000);
  await shop.registerDestination({ destination: 'wms', patience: PATIENCE });
  await shop.registerWarehouse({ location: 'main', destination: 'wms' });
  return shop;
}

const routes = (url, connections = 1) => [
  { destination: 'wms', connections, exchange: { rest: { base_url: url, auth: { bearer: { token: 'secret-7' } } } } },
];

async function until(condition, ms = 30_000) {
  const end = Date.now() + ms;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error('it did not come to that');
    await pause(5);
  }
}

const handed = async (shop, ids) => {
  for (const id of ids) {
    const [first] = (await shop.fulfillmentOrders(id)) ?? [];
    if (first?.reference === undefined || first.reference === null) return false;
  }
  return true;
};

test('orders go to the warehouse as they are placed', async () => {
  const store = await warehouse(() => undefined);
  const shop = await open();
  const stop = new AbortController();
  const relay = shop.relay({ routes: routes(store.url, 4), fulfill: true, signal: stop.signal, allowPlainHttp: true, idleMs: 10_000 });
  const ids = Array.from({ length: 20 }, (_, at) => `o-${at}`);
  for (const id of ids) await shop.placeOrder(order(id));
  // The idle time is long: it is woken, it does not poll.
  await until(() => handed(shop, ids), 8_000);
  stop.abort();
  const counts = await relay.ended;
  assert.equal(counts.done, 20);
  assert.equal(counts.requested, 20);
  assert.equal(store.orders.size, 20);
  assert.ok(store.seen.every(({ headers }) => headers.authorization === 'Bearer secret-7' && /^stockroom\//.test(headers['user-agent'])));
  await shop.close();
  await store.close();
});

test('every order arrives once, whatever goes wrong', { timeout: 90_000 }, async (t) => {
  const SEED = Number(process.env.SEED ?? Date.now() % 100_000);
  t.diagnostic(`SEED=${SEED}`);
  let state = SEED + 1;
  const faults = ['cut before', 'unavailable', 'throttled', 'cut after', 'stall', 'short', undefined, undefined, undefined];
  const store = await warehouse(() => {
    state = (state * 48_271) % 2_147_483_647;
    return faults[state % faults.length];
  });
  const shop = await open();
  const relay = shop.relay({ routes: routes(store.url, 8), fulfill: true, allowPlainHttp: true, timeoutMs: 150, idleMs: 50 });
  const ids = Array.from({ length: 60 }, (_, at) => `o-${at}`);
  for (const id of ids) await shop.placeOrder(order(id));
  await until(() => handed(shop, ids), 80_000);
  const counts = await relay.stop();
  assert.equal(store.orders.size, 60);
  assert.ok([...store.orders.values()].every(({ times }) => times === 1), 'none was sent again after it had arrived');
  assert.ok(counts.lookedUp > 0 && counts.retried > 0, JSON.stringify(counts));
  assert.deepEqual(await shop.deadLetters(), []);
  assert.equal((await shop.verify()).ok, true);
  await shop.close();
  await store.close();
});

test('what never left is not in doubt, what may have left is', async (t) => {
  const closed = net.createServer();
  await new Promise((done) => closed.listen(0, '127.0.0.1', done));
  const { port } = closed.address();
  await new Promise((done) => closed.close(done));
  const endless = http.createServer((_, response) => {
    response.writeHead(200, { 'Content-Type': 'application/json' });
    const more = () => response.write('x'.repeat(1 << 16), () => (response.destroyed ? undefined : more()));
    more();
  });
  await new Promise((done) => endless.listen(0, '127.0.0.1', done));
  const redirect = http.createServer((_, response) => response.writeHead(302, { Location: 'http://127.0.0.1:1/' }).end());
  await new Promise((done) => redirect.listen(0, '127.0.0.1', done));
  t.after(() => {
    for (const server of [endless, redirect]) {
      server.closeAllConnections();
      server.close();
    }
  });
  const at = (server) => `http://127.0.0.1:${server.address().port}`;
  const cases = [
    [`http://127.0.0.1:${port}`, {}, false, /./],
    ['http://no-such-host.invalid', {}, false, /./],
    ['https://wms.example', { fetch: async () => { throw new Error('in its own words'); } }, true, /in its own words/],
    ['https://wms.example', { fetch: () => new Promise(() => {}), timeoutMs: 50 }, true, /50 ms/],
    ['https://wms.example', { fetch: () => { throw 'a text'; } }, true, /a text/],
    [at(endless), {}, true, /too large/],
    [at(redirect), {}, true, /redirects are not followed/],
    ['http://wms.example', { allowPlainHttp: false }, false, /plain HTTP/],
  ];
  for (const [url, options, doubt, why] of cases) {
    const shop = await open();
    await shop.placeOrder(order('o-1'));
    await shop.fulfill({ limit: 10 });
    const { deliveries } = await shop.take('wms', { leaseMs: 5_000 });
    const exchange = shop.exchange({ rest: { base_url: url } });
    // A look after a doubt meets the same server, so that the conversation ends soon.
    const { result } = await exchange.carry(deliveries[0], { allowPlainHttp: true, ...options });
    assert.equal(result.retry?.doubt, doubt, `${url}: ${JSON.stringify(result)}`);
    assert.match(result.retry.why, why);
    await shop.close();
  }
});

test('a relay that is stopped lets answers come, and breaks off what takes too long', async () => {
  let answer;
  const shop = await open();
  for (const id of ['o-1', 'o-2']) await shop.placeOrder(order(id));
  const asked = [];
  const fetch = (url, { body }) => {
    const { fulfillment } = JSON.parse(new TextDecoder().decode(body));
    asked.push(fulfillment);
    if (fulfillment === 'o-2-1') return new Promise(() => {});
    return new Promise((done) => {
      answer = () => done(new Response(JSON.stringify({ id: 'W-1', fulfillment, status: 'accepted' }), { status: 201 }));
    });
  };
  const relay = shop.relay({ routes: routes('https://wms.example', 2), fulfill: true, fetch, graceMs: 200 });
  await until(() => asked.length === 2);
  const stopped = relay.stop();
  await pause(20);
  answer();
  const counts = await stopped;
  assert.equal(counts.done, 1);
  assert.equal(counts.brokenOff, 1);
  assert.equal(await handed(shop, ['o-1']), true, 'it was reported');
  assert.equal(await handed(shop, ['o-2']), false);
  await shop.close();
});

test('a relay ends when its database is closed', async () => {
  const shop = await open();
  const relay = shop.relay({ routes: routes('https://wms.example'), fulfill: true, listings: true });
  await pause(20);
  await shop.close();
  await relay.ended;
});

test('trouble that nobody waits for is told to the log, and the work goes on', async () => {
  const entries = [];
  const shop = await stocked(await Stockroom.open({ path: ':memory:', log(entry) { entries.push(entry); throw new Error('a log that fails'); } }));
  const fetch = async () => new Response(JSON.stringify({ id: 'W-1', fulfillment: 'o-1-1', status: 'accepted' }), { status: 201 });
  const relay = shop.relay({ routes: routes('https://wms.example'), fulfill: true, idleMs: 20, fetch });
  await until(() => entries.length > 0);
  assert.equal(entries[0].level, 'refusal');
  assert.equal(entries[0].error.code, 'destination_unknown');
  await shop.registerDestination({ destination: 'wms' });
  await shop.registerWarehouse({ location: 'main', destination: 'wms' });
  await shop.placeOrder(order('o-1'));
  await until(() => handed(shop, ['o-1']));
  await relay.stop();
  await shop.close();
});
