// A disk that fills up: the batch that does not fit fails with a word that says so, nothing acknowledged is lost, and
// the same database goes on when there is room again. Needs a small file system of its own, so root and Linux.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { NodeDatabase } from './support/engine.js';
import { openShop, place, scratch, verified } from './support/shop.js';

test('a full disk loses nothing', async (t) => {
  const folder = path.join(path.dirname(scratch(t)), 'small');
  fs.mkdirSync(folder);
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', folder]);
  if (mounted.status !== 0) return t.skip('a small file system cannot be mounted here');
  try {
    const file = path.join(folder, 'shop.sqlite3');
    const ballast = path.join(folder, 'ballast');
    fs.writeFileSync(ballast, Buffer.alloc(800 * 1024));
    const db = await openShop(file);
    let placed = 0;
    const fill = () => {
      for (;;) {
        place(db, `o-${placed + 1}`);
        placed += 1;
      }
    };
    assert.throws(fill, { code: 'full', retryable: true });
    assert.ok(placed > 10, `${placed} orders`);
    assert.throws(() => place(db, `o-${placed + 1}`), { code: 'full' }, 'still');
    assert.equal(verified(db).orders, placed);
    fs.rmSync(ballast);
    place(db, `o-${placed + 1}`);
    placed += 1;
    db.close();
    const again = await NodeDatabase.open(file);
    assert.equal(verified(again).orders, placed);
    for (let number = 1; number <= placed; number++) assert.equal(place(again, `o-${number}`), true);
    again.close();
  } finally {
    spawnSync('umount', [folder]);
  }
});
