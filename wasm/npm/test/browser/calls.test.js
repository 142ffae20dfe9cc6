// The package in a page: memory, the same results as in Node, workers that die, export and import, and where there are no
// files.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { NodeDatabase } from '../support/engine.js';
import { Chromium, noBrowser, profile } from './support/chromium.js';
import { assertKept, opened, shopPage, site } from './support/shop.js';

const options = { skip: noBrowser, timeout: 120_000 };

/** A page in a browser of its own. */
async function started(t, ...flags) {
  const server = await site(t);
  const browser = await Chromium.start(t, profile(t), ...flags);
  return { server, browser, page: await shopPage(browser, server.origin) };
}

/** The worker of the page's only database. */
async function workerOf(page) {
  const [worker] = page.workers();
  return worker ?? page.waitForEvent('worker');
}

test('memory is said to be memory, and is gone with the page', options, async (t) => {
  const { page, browser } = await started(t);
  await opened(page, ':memory:');
  const seen = await page.evaluate(async () => {
    const { Stockroom, StockroomRejection, told, order } = test;
    await test.sell('a', 3);
    const rejected = await shop.placeOrder(order('o-9', 9_000_000)).catch((error) => error);
    const kinds = [];
    for await (const event of shop.events({ after: 0, follow: false })) kinds.push(event.type);
    return {
      isDurable: shop.isDurable,
      orders: (await shop.verify()).orders,
      available: await shop.available('mug', 'main'),
      isRejection: rejected instanceof StockroomRejection,
      code: rejected.code,
      placed: kinds.filter((kind) => kind.includes('order')).length > 0,
      exported: (await told(shop.export())).code,
      imported: (await told(Stockroom.import(':memory:', new Uint8Array(4096)))).code,
      removed: (await told(Stockroom.remove(':memory:'))).code,
      relay: (await told((async () => shop.exchange({}))())).code,
      over: (await told((async () => Stockroom.over({ fetch() {}, commit() {} }))())).code,
      files: await navigator.storage.getDirectory().then(async (root) => (await Array.fromAsync(root.keys())).length),
    };
  });
  assert.deepEqual(seen, {
    isDurable: false, orders: 3, available: 999_997, isRejection: true, code: 'insufficient_stock', placed: true,
    exported: 'unsupported', imported: 'unsupported', removed: 'unsupported', relay: 'unsupported', over: 'unsupported', files: 0,
  });
  await page.reload();
  await page.waitForFunction(() => 'test' in globalThis);
  assert.equal(await opened(page, ':memory:'), 0);
  await browser.close();
});

test('the same commands at the same times give the same bytes as in Node', options, async (t) => {
  const { page, browser } = await started(t);
  const commands = [
    { register_location: { location: 'main' } },
    { register_channel: { channel: 'web', locations: ['main'] } },
    { register_sku: { sku: 'mug' } },
    { receive_stock: { location: 'main', lines: [{ sku: 'mug', quantity: 500 }] } },
    ...Array.from({ length: 100 }, (_, at) => ({ place_order: { id: `o-${at}`, channel: 'web', currency: 'EUR', lines: [{ sku: 'mug', quantity: 1 + (at % 9), unit_price_minor: at }] } })),
  ].map((action, at) => ({ at_ms: 1_795_000_000_000 + at, key: `k-${at}`, action }));
  const node = await NodeDatabase.open(':memory:');
  const theirs = JSON.parse(node.executeBatch(JSON.stringify(commands)));
  const digests = await page.evaluate(async (commands) => {
    const digests = [];
    const replies = [];
    for (const at of [':memory:', 'shop']) {
      const shop = await test.Stockroom.open(at);
      // One call each, made together: the worker puts them into few commits.
      replies.push(await Promise.all(commands.map((command) => shop.execute(command))));
      digests.push(await shop.digest());
      await shop.close();
    }
    return { digests, replies };
  }, commands);
  assert.deepEqual(digests.digests, [node.digest(), node.digest()]);
  assert.deepEqual(digests.replies, [theirs, theirs]);
  node.close();
  await browser.close();
});

test('calls made together share commits, and each is answered for itself', options, async (t) => {
  const { page, browser } = await started(t);
  await opened(page);
  const worker = await workerOf(page);
  await worker.evaluate(() => {
    const { flush } = FileSystemSyncAccessHandle.prototype;
    globalThis.flushed = 0;
    FileSystemSyncAccessHandle.prototype.flush = function () {
      globalThis.flushed += 1;
      return flush.call(this);
    };
  });
  const codes = await page.evaluate(async () => {
    const calls = Array.from({ length: 300 }, (_, at) => shop.placeOrder(test.order(`o-${at}`, at % 3 === 0 ? 5_000_000 : 1)));
    return (await Promise.all(calls.map(test.told))).map(({ value, code }) => value?.state ?? code);
  });
  assert.deepEqual(codes, Array.from({ length: 300 }, (_, at) => (at % 3 === 0 ? 'insufficient_stock' : 'allocated')));
  const flushed = await worker.evaluate(() => globalThis.flushed);
  t.diagnostic(`${flushed} flushes for 300 calls`);
  assert.ok(flushed > 0 && flushed < 150, `${flushed}`);
  await browser.close();
});

test('a worker that dies: every call is answered, events end, and a new one opens', options, async (t) => {
  const { page, browser } = await started(t);
  await opened(page);
  const worker = await workerOf(page);
  await worker.evaluate(() => {
    const { flush } = FileSystemSyncAccessHandle.prototype;
    let left = 5;
    FileSystemSyncAccessHandle.prototype.flush = function () {
      left -= 1;
      if (left === 0) self.close();
      return flush.call(this);
    };
  });
  const seen = await page.evaluate(async () => {
    const logged = [];
    const events = (async () => {
      for await (const event of shop.events({ after: 1_000_000 })) logged.push(event);
      return 'ended';
      // Reading on at that very moment, it is a call like the others.
    })().catch((error) => (error.code === 'aborted' ? 'ended' : error.code));
    const acknowledged = [];
    const codes = new Set();
    // Each sells until it fails, however long a commit takes here: so there are always some calls that wait.
    const all = Array.from({ length: 4 }, async (_, caller) => {
      for (let number = 0; codes.size === 0; number += 1) {
        const id = `o-${caller}-${number}`;
        const { value, code } = await test.told(shop.placeOrder(test.order(id)));
        if (value) acknowledged.push(id);
        else codes.add(code);
      }
    });
    await Promise.all(all);
    return { acknowledged, codes: [...codes].sort(), events: await events, isClosed: shop.isClosed, after: (await test.told(shop.digest())).code };
  });
  assert.ok(seen.codes.length > 0 && seen.codes.every((code) => code === 'aborted' || code === 'closed'), String(seen.codes));
  assert.ok(seen.codes.includes('aborted'));
  assert.deepEqual({ events: seen.events, isClosed: seen.isClosed, after: seen.after }, { events: 'ended', isClosed: true, after: 'closed' });
  await opened(page);
  await assertKept(page, seen.acknowledged);
  await browser.close();
});

test('a worker that dies while nothing is asked of it is told to the log', options, async (t) => {
  const { page, browser } = await started(t);
  await page.evaluate(async () => {
    globalThis.logged = [];
    await test.open({ path: 'shop', log: (entry) => logged.push(entry) });
  });
  await (await workerOf(page)).evaluate(() => self.close()).catch(() => undefined);
  await page.waitForFunction(() => shop.isClosed);
  const [entry] = await page.evaluate(() => logged.map(({ level, error }) => ({ level, code: error.code })));
  assert.deepEqual(entry, { level: 'failure', code: 'aborted' });
  assert.equal(await opened(page), 0);
  await browser.close();
});

test('a trap in the engine: the calls are answered with aborted, and a new one opens', options, async (t) => {
  const { page, browser } = await started(t);
  await opened(page);
  await page.evaluate(() => test.sell('a', 5));
  // A trap as the module's own would be: it flies through the module's frames on the way back from a commit.
  await (await workerOf(page)).evaluate(() => {
    const code = [0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 97, 0, 0, 10, 5, 1, 3, 0, 0, 11];
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(code)));
    TextDecoder.prototype.decode = () => exports.a();
  });
  const seen = await page.evaluate(async () => {
    const calls = [1, 2, 3].map((number) => test.told(shop.placeOrder(test.order(`t-${number}`))));
    return { calls: (await Promise.all(calls)).map(({ code, retryable }) => [code, retryable]), after: (await test.told(shop.digest())).code };
  });
  assert.deepEqual(seen, { calls: [1, 2, 3].map(() => ['aborted', true]), after: 'closed' });
  await opened(page);
  await assertKept(page, ['a-1', 'a-2', 'a-3', 'a-4', 'a-5']);
  // The outcome was open; sent again, each is there once.
  assert.deepEqual(await page.evaluate(async () => {
    for (const number of [1, 2, 3]) await shop.placeOrder(test.order(`t-${number}`));
    return (await shop.verify()).orders;
  }), 8);
  await browser.close();
});

test('what cannot be loaded is said, and can be tried again', options, async (t) => {
  const { page, browser, server } = await started(t);
  for (const name of ['/dist/stockroom.wasm', '/dist/worker.js']) {
    server.gone.add(name);
    for (const at of ['shop', ':memory:']) {
      const { code, retryable } = await page.evaluate((at) => test.told(test.Stockroom.open(at)), at);
      assert.deepEqual([code, retryable], ['io', true], `${name} ${at}`);
    }
    server.gone.clear();
  }
  assert.equal(await opened(page), 0);
  await browser.close();
});

test('a file goes out to sqlite3 and Node, and comes in again', options, async (t) => {
  const { page, browser } = await started(t);
  const folder = profile(t);
  await opened(page);
  await page.evaluate(() => test.sell('a', 150));
  const exported = await page.evaluate(async () => {
    const [placed, bytes] = await Promise.all([shop.placeOrder(test.order('o-last')), shop.export()]);
    globalThis.bytes = bytes;
    // It goes on afterwards.
    await shop.placeOrder(test.order('o-after'));
    return { state: placed.state, base64: bytes.toBase64?.() ?? btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')) };
  });
  assert.equal(exported.state, 'allocated');
  const file = path.join(folder, 'shop.sqlite3');
  fs.writeFileSync(file, Buffer.from(exported.base64, 'base64'));
  if (spawnSync('sqlite3', ['--version']).status === 0) {
    const said = execFileSync('sqlite3', [file, 'PRAGMA integrity_check; SELECT count(*) FROM stockroom_orders; PRAGMA page_size; PRAGMA journal_mode'], { encoding: 'utf8' });
    assert.equal(said, 'ok\n151\n4096\nwal\n');
  }
  const node = await NodeDatabase.open(file);
  const digest = node.digest();
  node.close();

  const seen = await page.evaluate(async () => {
    const { Stockroom, told } = test;
    const copy = await Stockroom.import('copy', bytes);
    const digest = await copy.digest();
    await copy.close();
    const codes = {};
    codes.over = (await told(Stockroom.import('copy', bytes))).code;
    codes.noFile = (await told(Stockroom.import('none', new TextEncoder().encode('no file at all. '.repeat(100))))).code;
    codes.noBytes = (await told(Stockroom.import('none', 'text'))).code;
    // An SQLite file that is broken, or another program's.
    const foreign = bytes.slice();
    foreign.fill(0xff, 100, 4096);
    codes.foreign = (await told(Stockroom.import('none', foreign))).code;
    const none = await Stockroom.open('none');
    const events = (await none.verify()).events;
    await none.close();
    const again = await Stockroom.open('copy');
    const same = await again.digest();
    await again.close();
    await Stockroom.remove('copy');
    await Stockroom.remove('copy');
    const names = await navigator.storage.getDirectory().then((root) => root.getDirectoryHandle('stockroom')).then((folder) => Array.fromAsync(folder.keys()));
    return { digest, same, codes, events, names: names.filter((name) => name.startsWith('copy')) };
  });
  assert.equal(seen.digest, digest);
  assert.equal(seen.same, digest);
  assert.deepEqual(seen.codes, { over: 'unsupported', noFile: 'unsupported', noBytes: 'unsupported', foreign: seen.codes.foreign });
  assert.ok(['unsupported', 'corrupt'].includes(seen.codes.foreign), seen.codes.foreign);
  assert.equal(seen.events, 0, 'nothing is left of what was refused');
  assert.deepEqual(seen.names, []);
  await browser.close();
});

test('an import that was broken off is none, and a file of others is left as it is', options, async (t) => {
  const { page, browser } = await started(t);
  const seen = await page.evaluate(async () => {
    const root = await navigator.storage.getDirectory();
    const folder = await root.getDirectoryHandle('stockroom', { create: true });
    const write = async (name, bytes) => {
      const writable = await (await folder.getFileHandle(name, { create: true })).createWritable();
      await writable.write(bytes);
      await writable.close();
    };
    const half = new Uint8Array(8192).fill(7);
    half.fill(0, 0, 16);
    await write('half', half);
    const shop = await test.Stockroom.open('half');
    const events = (await shop.verify()).events;
    await shop.close();
    await write('theirs', new TextEncoder().encode('not a database at all. '.repeat(500)));
    const { code } = await test.told(test.Stockroom.open('theirs'));
    const text = await (await (await folder.getFileHandle('theirs')).getFile()).text();
    return { events, code, kept: text === 'not a database at all. '.repeat(500) };
  });
  assert.deepEqual(seen, { events: 0, code: 'unsupported', kept: true });
  await browser.close();
});

test('names that are none, and pages without files', options, async (t) => {
  const { page, browser, server } = await started(t, '--host-resolver-rules=MAP shop.test 127.0.0.1');
  for (const name of ['a/b', '../a', '.', '.a', 'shop-wal', 'shop-journal', 'file:shop', 'x'.repeat(101), 'a?b', 'a%b']) {
    assert.equal((await page.evaluate((name) => test.told(test.Stockroom.open(name)), name)).code, 'unsupported', name);
  }
  for (const name of ['Läden 2', 'shop.sqlite3', 'x'.repeat(100), '店']) assert.equal(await opened(page, name), 0, name);
  // Not https and not localhost: the browser gives such a page no files.
  const plain = await shopPage(browser, `http://shop.test:${server.port}`);
  const { code, message } = await plain.evaluate(() => test.told(test.Stockroom.open('shop')));
  assert.equal(code, 'unsupported');
  assert.match(message, /private files.*https/);
  assert.equal(await opened(plain, ':memory:'), 0);
  await plain.evaluate(() => test.sell('a', 2));
  await browser.close();
});
