// The built till as a shopkeeper has it, in Chromium: by mouse and by keyboard, over reloads, without a network, in two tabs.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { Stockroom } from 'stockroom';
import { Chromium, noBrowser, profile } from '../../../wasm/npm/test/browser/support/chromium.js';
import { serve } from '../../../wasm/npm/test/browser/support/server.js';

const dist = path.resolve(import.meta.dirname, '../dist');
const options = { skip: noBrowser, timeout: 120_000 };

/** The till behind a server, in a browser of its own. What the page complains of fails the test. */
async function till(t) {
  assert.ok(fs.existsSync(path.join(dist, 'index.html')), 'build it first: npm run build');
  const server = await serve(dist);
  t.after(() => server.close());
  const browser = await Chromium.start(t, profile(t));
  const complaints = [];
  t.after(() => assert.deepEqual(complaints, []));
  const open = async () => {
    const page = await browser.page(`${server.origin}/`);
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    return page;
  };
  const page = await open();
  await add(page, 'Mug').waitFor();
  return { server, browser, page, open };
}

const add = (page, name) => page.getByRole('button', { name: new RegExp(`^Add ${name},`) });
const tab = (page, name) => page.getByRole('link', { name, exact: true }).click();
/** The numbers of an item in the stock view. */
const level = async (page, sku) => Object.fromEntries(await page.locator(`tr[data-sku="${sku}"] [data-what]`).evaluateAll((cells) => cells.map((cell) => [cell.dataset.what, cell.textContent])));
const inCart = (page, name) => page.getByLabel(`${name} in the cart`, { exact: true });
/** Waits until a text is so; the page works in the background. */
const reads = async (locator, text) => {
  await locator.filter({ hasText: text }).waitFor();
};

test('search, cart, hold, pay, receipt, and all of it after a reload', options, async (t) => {
  const { page, browser } = await till(t);
  const search = page.getByLabel('Search goods');
  await search.fill('speckled');
  assert.equal(await page.getByRole('button', { name: /^Add / }).count(), 1);
  await add(page, 'Mug').click();
  await reads(inCart(page, 'Mug'), '1');
  await page.getByRole('button', { name: 'One more Mug' }).click();
  await reads(inCart(page, 'Mug'), '2');
  await search.fill('nothing of the kind');
  await page.getByText('Nothing is called').waitFor();
  await search.fill('');
  await add(page, 'Coffee').click();
  await reads(page.locator('#total'), '€38.80');

  // The cart is held: others see it in the stock.
  await tab(page, 'Stock');
  await reads(page.locator('tr[data-sku=mug] [data-what=held]'), '2');
  assert.deepEqual(await level(page, 'mug'), { on_hand: '24', held: '2', available: '22' });

  // The cart is in the database, so that it outlives the page.
  await page.reload();
  await tab(page, 'Till');
  await reads(page.locator('#total'), '€38.80');
  await page.getByRole('button', { name: 'One less Mug' }).click();
  await reads(page.locator('#total'), '€24.30');

  await page.getByRole('button', { name: 'Pay' }).click();
  await page.getByRole('button', { name: '€50.00' }).click();
  const receipt = page.getByRole('dialog');
  await receipt.getByText('Receipt 1').waitFor();
  const text = (await receipt.innerText()).replace(/\s+/g, ' ');
  assert.match(text, /1 × Mug €14\.50.*1 × Coffee €9\.80.*Total €24\.30.*Cash €50\.00.*Change €25\.70/);
  await receipt.getByRole('button', { name: 'Next customer' }).click();
  await page.getByText('Nothing yet.').waitFor();

  await page.reload();
  await tab(page, 'Sales');
  await page.getByRole('button', { name: 'Receipt 1, €24.30' }).click();
  await page.getByRole('dialog').getByText('Change').waitFor();
  await page.keyboard.press('Escape');
  await tab(page, 'Stock');
  await reads(page.locator('tr[data-sku=mug] [data-what=on_hand]'), '23');
  assert.deepEqual(await level(page, 'mug'), { on_hand: '23', held: '–', available: '23' });
  await browser.close();
});

test('what is not there is not sold', options, async (t) => {
  const { page, browser } = await till(t);
  await add(page, 'Vase').click();
  await reads(inCart(page, 'Vase'), '1');
  assert.equal(await add(page, 'Vase').isDisabled(), true);
  assert.equal(await page.getByRole('button', { name: 'One more Vase' }).isDisabled(), true);
  // By the keyboard it can be asked for, and the engine says no.
  await page.getByLabel('Search goods').fill('vase');
  await page.keyboard.press('Enter');
  await page.getByText('Vase: there are no more.').waitFor();
  await reads(inCart(page, 'Vase'), '1');
  await tab(page, 'Stock');
  await reads(page.locator('tr[data-sku=vase] [data-what=held]'), '1');
  // Goods come in, and there are more.
  await page.getByRole('button', { name: '10 Vase came in' }).click();
  await reads(page.locator('tr[data-sku=vase] [data-what=available]'), '10');
  await tab(page, 'Till');
  await page.getByRole('button', { name: 'Empty' }).click();
  await page.getByText('Nothing yet.').waitFor();
  await tab(page, 'Stock');
  await reads(page.locator('tr[data-sku=vase] [data-what=available]'), '11');
  await browser.close();
});

test('by the keyboard alone', options, async (t) => {
  const { page, browser } = await till(t);
  await page.keyboard.press('/');
  await page.keyboard.type('green tea');
  await page.keyboard.press('Enter');
  await reads(inCart(page, 'Green tea'), '1');
  await page.keyboard.press('Enter');
  await reads(inCart(page, 'Green tea'), '2');
  await page.keyboard.press('Control+Enter');
  await page.getByRole('heading', { name: 'To pay' }).waitFor();
  // The first button has the focus.
  await page.keyboard.press('Enter');
  await page.getByText('Receipt 1').waitFor();
  await page.keyboard.press('Enter');
  await page.getByText('Nothing yet.').waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'search');
  await browser.close();
});

test('without a network it opens, sells and keeps', options, async (t) => {
  const { page, browser, server, open } = await till(t);
  await page.evaluate(() => navigator.serviceWorker.ready);
  await server.close();
  await page.reload();
  await add(page, 'Honey').click();
  await page.getByRole('button', { name: 'Pay' }).click();
  await page.getByRole('button', { name: 'Card', exact: true }).click();
  await page.getByText('Receipt 1').waitFor();
  await page.close();
  const again = await open();
  await tab(again, 'Sales');
  await again.getByRole('button', { name: 'Receipt 1, €7.90' }).waitFor();
  await browser.close();
});

test('a second tab is told, and can take over', options, async (t) => {
  const { page, browser, open } = await till(t);
  await add(page, 'Honey').click();
  await reads(page.locator('#total'), '€7.90');
  const second = await open();
  await second.getByRole('heading', { name: 'The till is open in another tab' }).waitFor();
  await page.close();
  await second.getByRole('button', { name: 'Try again' }).click();
  await reads(second.locator('#total'), '€7.90');
  await browser.close();
});

test('a saved copy is a database of its own', options, async (t) => {
  const { page, browser } = await till(t);
  await add(page, 'Honey').click();
  await page.getByRole('button', { name: 'Pay' }).click();
  await page.getByRole('button', { name: 'Card', exact: true }).click();
  await page.getByRole('button', { name: 'Next customer' }).click();
  await tab(page, 'Stock');
  const file = path.join(profile(t), 'till.sqlite3');
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save a copy' }).click()]);
  await download.saveAs(file);
  const shop = await Stockroom.open(file);
  const [order] = await shop.orders();
  assert.deepEqual([order.state, order.value_minor, order.metadata.paid], ['shipped', 790, 'card']);
  assert.equal((await shop.verify()).ok, true);
  await shop.close();
  await browser.close();
});

test('everything to press has a name and room for a finger, and nothing sticks out of a phone', options, async (t) => {
  const { page, browser } = await till(t);
  await add(page, 'Honey').click();
  await reads(page.locator('#total'), '€7.90');
  await page.setViewportSize({ width: 390, height: 844 });
  for (const view of ['Till', 'Stock', 'Sales']) {
    await tab(page, view);
    await page.locator('#view > *').waitFor();
    const small = await page.locator('button:visible, a:visible, input:visible').evaluateAll((all) =>
      all.filter((one) => one.getBoundingClientRect().height < 44 || !(one.getAttribute('aria-label') ?? one.textContent)?.trim()).map((one) => one.outerHTML),
    );
    assert.deepEqual(small, [], view);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth), false, view);
  }
  await browser.close();
});
