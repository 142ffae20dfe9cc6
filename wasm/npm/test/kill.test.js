// kill -9 at random, again and again on one file: no acknowledged order is lost, and the state is sound. `KILLS` says
// how often; 20 by default, 200 in the full test.

import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { NodeDatabase } from './support/engine.js';
import { Child, place, scratch, verified } from './support/shop.js';

const KILLS = Number(process.env.KILLS ?? 20);
const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000);

test(`no acknowledged order is lost in ${KILLS} kills (SEED=${SEED})`, { timeout: KILLS * 20_000 }, async (t) => {
  const file = scratch(t);
  let state = SEED || 1;
  const below = (bound) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % bound;
  };
  let acknowledged = 0;
  for (let kill = 1; kill <= KILLS; kill++) {
    const seller = new Child('sell', file, `k${kill}`);
    // Some while opening or stocking; most in the middle of selling, checkpoints (every hundred orders) included.
    if (below(10) > 0) await seller.line(1 + below(150));
    await pause(below(10));
    const ids = (await seller.kill()).slice(1);
    acknowledged += ids.length;
    const db = await NodeDatabase.open(file);
    try {
      const { orders } = verified(db);
      assert.ok(orders >= acknowledged, `${orders} of ${acknowledged} orders`);
      for (const id of ids) assert.equal(place(db, id), true, id);
    } finally {
      db.close();
    }
  }
  t.diagnostic(`${acknowledged} orders were acknowledged`);
  assert.ok(acknowledged > KILLS, 'there was something to lose');
});
