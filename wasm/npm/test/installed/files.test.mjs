// A database as a file: out with `export`, in with `import`, gone with `remove`.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { Stockroom } from 'stockroom';
import { order, stocked } from './shop.mjs';

function scratch(t) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stockroom-files-'));
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  return { folder, file: path.join(folder, 'shop.sqlite3'), copy: path.join(folder, 'copy.sqlite3') };
}

test('an exported file has all that was acknowledged, and becomes a database elsewhere', async (t) => {
  const { folder, file, copy } = scratch(t);
  const shop = await stocked(await Stockroom.open(file));
  assert.equal(shop.isDurable, true);
  const placed = shop.placeOrder(order('o-1'));
  const bytes = await shop.export();
  assert.equal((await placed).state, 'allocated');
  const digest = await shop.digest();
  await shop.placeOrder(order('o-2'));
  assert.equal((await shop.verify()).orders, 2, 'it goes on');
  const second = await Stockroom.import(copy, bytes);
  assert.equal(await second.digest(), digest);
  await assert.rejects(Stockroom.import(copy, bytes), { code: 'busy' });
  await second.close();
  await assert.rejects(Stockroom.import(copy, bytes), { code: 'unsupported', message: /already/ });
  await assert.rejects(Stockroom.remove(file), { code: 'busy' });
  await shop.close();
  await Stockroom.remove({ path: file });
  await Stockroom.remove(file);
  assert.deepEqual(fs.readdirSync(folder), ['copy.sqlite3']);
});

test('what is no database of ours is not taken in, and leaves nothing behind', async (t) => {
  const { folder, file } = scratch(t);
  const shop = await stocked(await Stockroom.open(file));
  const bytes = await shop.export();
  await shop.close();
  await Stockroom.remove(file);
  const broken = bytes.slice();
  broken.fill(0xff, 100, 4096);
  for (const strange of [new Uint8Array(), new Uint8Array(4096), new TextEncoder().encode('SQLite format 3\0'), broken]) {
    await assert.rejects(Stockroom.import(file, strange), (error) => ['unsupported', 'corrupt'].includes(error.code));
    assert.deepEqual(fs.readdirSync(folder), []);
  }
  await assert.rejects(Stockroom.import(file, 'text'), { code: 'unsupported' });
  await assert.rejects(Stockroom.import(':memory:', bytes), { code: 'unsupported' });
});

test('memory has no file', async () => {
  const shop = await Stockroom.open(':memory:');
  assert.equal(shop.isDurable, false);
  await assert.rejects(shop.export(), { code: 'unsupported' });
  assert.equal((await shop.verify()).ok, true, 'and goes on');
  await assert.rejects(Stockroom.remove(':memory:'), { code: 'unsupported' });
  await shop.close();
  await assert.rejects(shop.export(), { code: 'closed' });
});
