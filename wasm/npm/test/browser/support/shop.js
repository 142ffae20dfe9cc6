// What the browser's tests have in common: the packed package behind a server, a page with it, and a stocked shop there.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { serve } from './server.js';

const root = path.resolve(import.meta.dirname, '../../..');

/** The folder of the package as npm packs it. */
export function packed(test) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stockroom-packed-'));
  test.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  const said = JSON.parse(execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], { cwd: root, encoding: 'utf8' }));
  const { filename } = Array.isArray(said) ? said[0] : Object.values(said)[0];
  execFileSync('tar', ['-xzf', path.join(folder, filename), '-C', folder]);
  return path.join(folder, 'package');
}

/** What runs in every page: the package by its own `exports`, and the words of these tests. */
const page = (entry) => `
import * as stockroom from '${entry}';

const order = (id, quantity = 1) => ({ id, channel: 'web', currency: 'EUR', lines: [{ sku: 'mug', quantity, unit_price_minor: 1250 }] });
const at_ms = 1_795_000_000_000;
const stocking = [
  { register_location: { location: 'main' } },
  { register_channel: { channel: 'web', locations: ['main'] } },
  { register_sku: { sku: 'mug' } },
  { receive_stock: { location: 'main', lines: [{ sku: 'mug', quantity: 1_000_000 }] } },
].map((action) => ({ at_ms, action }));

/** What became of a promise, as something that goes between processes. */
const told = (promise) => promise.then(
  (value) => ({ value }),
  (error) => ({ name: error.name, code: error.code, message: error.message, retryable: error.retryable, isOurs: error instanceof stockroom.StockroomError }),
);

globalThis.test = {
  ...stockroom, order, told,
  /** Opens a database and stocks it if it is new; it is the page's shop. */
  async open(at) {
    const shop = await stockroom.Stockroom.open(at);
    globalThis.shop = shop;
    if ((await shop.verify()).stock_rows === 0) await shop.batch(stocking);
    return shop;
  },
  /** Places orders, and says each that is acknowledged to the test, if it listens, until there are so many. */
  async sell(name, count = Infinity) {
    for (let number = 1; number <= count; number++) {
      await shop.placeOrder(order(name + '-' + number));
      const heard = globalThis.acknowledged?.(name + '-' + number);
      // Not always, so that it is killed at work and not while it waits; now and then, so that the test can follow.
      if (number % 20 === 0) await heard;
    }
  },
};
`;

/** Serves the package with an empty page at "/", and texts of other paths beside it. */
export async function site(test, beside = {}) {
  const folder = packed(test);
  const { exports } = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'));
  const texts = {
    ...beside,
    '/index.html': '<!doctype html><title>test</title><link rel="icon" href="data:,"><script type="module" src="/page.js"></script>',
    '/page.js': page(exports['.'].browser.default.slice(1)),
  };
  const server = await serve(folder, texts);
  test.after(() => server.close());
  return server;
}

/** A page of a site, once the package is loaded there. */
export async function shopPage(browser, origin) {
  const page = await browser.page(`${origin}/`);
  await page.waitForFunction(() => 'test' in globalThis);
  return page;
}

/** Opens the page's shop, and says how many orders it has. */
export async function opened(page, at = 'shop') {
  return page.evaluate(async (at) => (await (await test.open(at)).verify()).orders, at);
}

/** That the page's shop is sound and has these orders. */
export async function assertKept(page, ids) {
  const { report, missing } = await page.evaluate(async (ids) => {
    const missing = [];
    for (const id of ids) if ((await shop.order(id)) === null) missing.push(id);
    return { report: await shop.verify(), missing };
  }, ids);
  assert.deepEqual(missing, []);
  assert.equal(report.ok, true, JSON.stringify(report));
  assert.ok(report.orders >= ids.length);
  return report;
}
