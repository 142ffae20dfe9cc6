// The example as a client sees it, and how it ends: an order that was answered is there after a restart.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { Stockroom } from 'stockroom';
import { server } from '../server.js';

const order = (id, quantity = 2) => ({ id, channel: 'web', currency: 'EUR', lines: [{ sku: 'mug', quantity, unit_price_minor: 1250 }] });

async function stocked(at) {
  const shop = await Stockroom.open(at);
  await shop.registerLocation({ location: 'main' });
  await shop.registerChannel({ channel: 'web', locations: ['main'] });
  await shop.registerSku({ sku: 'mug' });
  await shop.receiveStock({ location: 'main', lines: [{ sku: 'mug', quantity: 10 }] });
  return shop;
}

test('orders by REST', async () => {
  const shop = await stocked(':memory:');
  const app = server(shop);
  const post = (payload, headers = {}) => app.inject({ method: 'POST', url: '/orders', payload, headers });
  const first = await post(order('o-1'), { 'idempotency-key': 'k-1' });
  assert.equal(first.statusCode, 201);
  const again = await post(order('o-1'), { 'idempotency-key': 'k-1' });
  assert.equal(again.statusCode, 200);
  assert.deepEqual(again.json(), first.json());
  assert.equal((await post(order('o-2', 100))).statusCode, 409);
  assert.equal((await post({ ...order('o-3'), currency: 'XXX' })).json().code, 'currency_unknown');
  assert.equal((await post({ id: 'o-4' })).statusCode, 400);
  assert.equal((await post({ ...order('o-5'), lines: [{ sku: 'mug', quantity: 2 ** 60, unit_price_minor: 1 }] })).json().code, 'unsafe_number');
  assert.deepEqual((await app.inject('/availability/web/mug')).json(), { sku: 'mug', units: 8 });
  assert.equal((await app.inject('/orders/o-1')).json().state, 'allocated');
  assert.equal((await app.inject('/orders/o-9')).statusCode, 404);
  assert.equal((await app.inject({ method: 'POST', url: '/orders/o-1/cancel' })).json().state, 'cancelled');
  assert.equal((await app.inject({ method: 'POST', url: '/orders/o-9/cancel' })).statusCode, 404);
  await app.close();
  await shop.close();
});

test('a Shopify message is proved over its bytes', async () => {
  const shop = await stocked(':memory:');
  const secret = 'the-app-s-client-secret';
  const shopify = shop.webhook({ shopify: { shop: 'example.myshopify.com', secrets: [secret], location: '7', orders: { channel: 'web' } } });
  const app = server(shop, { shopify });
  const body = '{ "id": 7,   "strange": true }';
  const send = (key) =>
    app.inject({
      method: 'POST', url: '/webhooks/shopify', payload: body,
      headers: {
        'content-type': 'application/json',
        'x-shopify-hmac-sha256': createHmac('sha256', key).update(body).digest('base64'),
        'x-shopify-topic': 'orders/create', 'x-shopify-shop-domain': 'example.myshopify.com', 'x-shopify-webhook-id': 'w-1',
      },
    });
  assert.equal((await send('another-secret-altogether')).statusCode, 401);
  assert.equal((await send(secret)).statusCode, 400, 'it is proved, and no order');
  await app.close();
  await shop.close();
});

test('events stream out, and the process ends in good order', { timeout: 60_000 }, async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stockroom-node-'));
  const file = path.join(folder, 'shop.sqlite3');
  await (await stocked(file)).close();
  const main = path.join(import.meta.dirname, '../main.js');
  const child = spawn(process.execPath, [main], { env: { ...process.env, DATABASE: file, PORT: '0' }, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((done) => child.once('close', done));
  const url = await new Promise((done) => {
    let text = '';
    child.stdout.on('data', (data) => {
      text += data;
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(text);
      if (found) done(found[0]);
    });
  });
  const events = await fetch(`${url}/events`);
  const placed = await fetch(`${url}/orders`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(order('o-1')) });
  assert.equal(placed.status, 201);
  let seen = '';
  const reader = events.body.pipeThrough(new TextDecoderStream()).getReader();
  while (!/event: stockroom\.order\./.test(seen)) seen += (await reader.read()).value;
  child.kill('SIGTERM');
  assert.equal(await ended, 0, 'it ends by itself');
  assert.deepEqual(fs.readdirSync(folder), ['shop.sqlite3'], 'and leaves nothing beside the file');
  const shop = await Stockroom.open(file);
  assert.equal((await shop.order('o-1')).state, 'allocated');
  await shop.close();
  fs.rmSync(folder, { recursive: true });
});
