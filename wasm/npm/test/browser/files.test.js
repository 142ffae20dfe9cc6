// A database in a browser's files: kept over reloads, restarts and kills; one owner; a full disk.

import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Chromium, noBrowser, profile, within } from './support/chromium.js';
import { assertKept, opened, shopPage, site } from './support/shop.js';

const KILLS = Number(process.env.KILLS ?? 6);
const options = { skip: noBrowser, timeout: 180_000 };
/** Sells in a page without an end, and comes back when so many more are acknowledged. It goes on meanwhile. */
async function selling(page, name, known, count) {
  const wanted = known.length + count;
  const sold = (async () => {
    while (known.length < wanted) await pause(5);
  })();
  let stopped;
  const sells = page.evaluate((name) => test.sell(name), name).catch((error) => {
    stopped = error;
  });
  await within(60_000, Promise.race([sold, sells]), `${known.length} of ${wanted} orders`);
  assert.equal(stopped, undefined, 'nothing stops it before it is killed');
}

const numbered = (name, count) => Array.from({ length: count }, (_, at) => `${name}-${at + 1}`);

test('what was acknowledged is there after a reload and after a restart', options, async (t) => {
  const { origin } = await site(t);
  const folder = profile(t);
  const first = await Chromium.start(t, folder);
  const page = await shopPage(first, origin);
  assert.equal(await opened(page), 0);
  assert.equal(await page.evaluate(() => shop.isDurable), true);
  await page.evaluate(() => test.sell('a', 30));
  await page.reload();
  await page.waitForFunction(() => 'test' in globalThis);
  // Without a wait of ours: the page before is still going.
  assert.equal(await opened(page), 30);
  await page.evaluate(() => test.sell('b', 10));
  const digest = await page.evaluate(() => shop.digest());
  await first.close();
  const second = await Chromium.start(t, folder);
  const again = await shopPage(second, origin);
  await opened(again);
  assert.equal(await again.evaluate(() => shop.digest()), digest);
  await assertKept(again, [...numbered('a', 30), ...numbered('b', 10)]);
  await second.close();
});

test(`no acknowledged order is lost when a tab is killed, ${KILLS} times`, options, async (t) => {
  const { origin } = await site(t);
  const browser = await Chromium.start(t, profile(t));
  const known = [];
  for (let kill = 1; kill <= KILLS; kill++) {
    const page = await shopPage(browser, origin);
    await page.exposeFunction('acknowledged', (id) => void known.push(id));
    await opened(page);
    await assertKept(page, known);
    await selling(page, `k${kill}`, known, 5 + kill * 3);
    await browser.killPages(page);
    await within(20_000, page.close(), 'a crashed page closes');
  }
  const page = await shopPage(browser, origin);
  await opened(page);
  await assertKept(page, known);
  assert.ok(known.length >= KILLS * 5);
  t.diagnostic(`${known.length} orders were acknowledged`);
  await browser.close();
});

test('no acknowledged order is lost when the browser is killed', options, async (t) => {
  const { origin } = await site(t);
  const folder = profile(t);
  const known = [];
  for (let kill = 1; kill <= 3; kill++) {
    const browser = await Chromium.start(t, folder);
    const page = await shopPage(browser, origin);
    await page.exposeFunction('acknowledged', (id) => void known.push(id));
    await opened(page);
    await assertKept(page, known);
    await selling(page, `k${kill}`, known, 20);
    await browser.kill();
  }
  const browser = await Chromium.start(t, folder);
  const page = await shopPage(browser, origin);
  await opened(page);
  await assertKept(page, known);
  await browser.close();
});

test('two tabs: the second is told, waits if it is asked to, and has it after the first', options, async (t) => {
  const { origin } = await site(t);
  const browser = await Chromium.start(t, profile(t));
  const [one, two] = [await shopPage(browser, origin), await shopPage(browser, origin)];
  await opened(one);
  const refused = await two.evaluate(() => test.told(test.Stockroom.open({ path: 'shop', busyTimeoutMs: 0 })));
  assert.equal(refused.code, 'busy');
  assert.equal(refused.retryable, true);
  assert.equal(refused.isOurs, true);
  assert.equal((await two.evaluate(() => test.told(test.Stockroom.open('shop')))).code, 'busy', 'after a second by itself');
  assert.equal((await two.evaluate(() => test.told(test.Stockroom.remove({ path: 'shop', busyTimeoutMs: 0 })))).code, 'busy');
  await one.evaluate(() => test.sell('a', 3));
  // Another name is another database.
  assert.equal(await opened(two, 'other'), 0);
  await two.evaluate(() => shop.close());

  const waiting = two.evaluate(async () => (await (await test.open({ path: 'shop', busyTimeoutMs: 60_000 })).verify()).orders);
  await pause(300);
  await one.evaluate(() => shop.close());
  assert.equal(await waiting, 3);

  await browser.killPages(two);
  const three = await shopPage(browser, origin);
  assert.equal(await opened(three), 3, 'a page that crashed has let go');
  await browser.close();
});

test('a page that was left has let go, and comes back anew', options, async (t) => {
  const { origin } = await site(t);
  const browser = await Chromium.start(t, profile(t));
  const page = await shopPage(browser, origin);
  await opened(page);
  await page.evaluate(() => test.sell('a', 3));
  await page.goto(`${origin}/?next`);
  await page.waitForFunction(() => 'test' in globalThis);
  assert.equal(await opened(page), 3);
  // A browser may keep a page that was left, to show it again at once; never one that has a database.
  await page.evaluate(() => history.back()).catch(() => undefined);
  await page.waitForURL(`${origin}/`);
  await page.waitForFunction(() => 'test' in globalThis);
  assert.equal(await page.evaluate(() => 'shop' in globalThis), false);
  assert.equal(await opened(page), 3);
  await browser.close();
});

test('two databases in one page, and one page that opens twice', options, async (t) => {
  const { origin } = await site(t);
  const browser = await Chromium.start(t, profile(t));
  const page = await shopPage(browser, origin);
  const seen = await page.evaluate(async () => {
    const { Stockroom, told } = test;
    const [a, b] = await Promise.all([Stockroom.open('a'), Stockroom.open('b.sqlite3')]);
    await a.registerSku({ sku: 'mug' });
    const twice = await told(Stockroom.open({ path: 'a', busyTimeoutMs: 0 }));
    const [inA, inB] = [(await a.verify()).events, (await b.verify()).events];
    await Promise.all([a.close(), b.close()]);
    const again = await Stockroom.open({ path: 'a', busyTimeoutMs: 0 });
    await again.close();
    return { twice: twice.code, inA: inA > 0, inB };
  });
  assert.deepEqual(seen, { twice: 'busy', inA: true, inB: 0 });
  await browser.close();
});

test('a full disk: the call fails with a word, nothing acknowledged is lost, and it goes on when there is room', options, async (t) => {
  const { origin } = await site(t);
  const browser = await Chromium.start(t, profile(t));
  const page = await shopPage(browser, origin);
  await opened(page);
  const session = await page.context().newCDPSession(page);
  const used = await page.evaluate(async () => (await navigator.storage.estimate()).usage);
  await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: used + 1024 * 1024 });
  const { placed, failed } = await page.evaluate(async () => {
    for (let placed = 0; placed < 100_000; placed += 50) {
      const orders = Array.from({ length: 50 }, (_, at) => ({ action: { place_order: test.order(`f-${placed + at + 1}`) } }));
      const { code, message, retryable } = await test.told(shop.batch(orders));
      if (code !== undefined) return { placed, failed: { code, message, retryable } };
    }
    return { placed: 100_000 };
  });
  t.diagnostic(`${placed} orders, then: ${JSON.stringify(failed)}`);
  assert.deepEqual({ code: failed?.code, retryable: failed?.retryable }, { code: 'full', retryable: true });
  assert.ok(placed > 0);
  await assertKept(page, numbered('f', placed));
  await session.send('Storage.overrideQuotaForOrigin', { origin });
  await page.evaluate(() => test.sell('g', 5));
  await page.reload();
  await page.waitForFunction(() => 'test' in globalThis);
  await opened(page);
  await assertKept(page, [...numbered('f', placed), ...numbered('g', 5)]);
  await browser.close();
});
