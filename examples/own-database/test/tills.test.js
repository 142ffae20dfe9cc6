// Tills in processes of their own over one PostgreSQL database, which `npm test` makes and drops: the last units, a kill in
// the middle, and what is told of the database's failures.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import test, { after, before, beforeEach } from 'node:test';
import pg from 'pg';
import { Step, Stockroom, StockroomError } from 'stockroom';
import { Postgres } from '../postgres.js';

const main = path.join(import.meta.dirname, '..', 'main.js');
let pool;

before(() => {
  pool = new pg.Pool();
});
after(() => pool.end());
beforeEach(async () => {
  await pool.query('DROP TABLE IF EXISTS stockroom_cells');
  await new Postgres(pool).create();
});

/** Runs main.js; gives the lines that it printed, and its child meanwhile. */
function started(...words) {
  const child = spawn(process.execPath, [main, ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = [];
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop();
    lines.push(...parts);
  });
  const ended = once(child, 'close').then(([code]) => code);
  return { child, lines, ended };
}

async function run(...words) {
  const { lines, ended } = started(...words);
  assert.equal(await ended, 0, words.join(' '));
  return lines;
}

const sold = (lines) => lines.filter((line) => line.startsWith('sold')).map((line) => /^sold ([^:]+)/.exec(line)[1]);

test('four tills sell what there is and no more', async () => {
  await run('stock', '30');
  const tills = await Promise.all(['a', 'b', 'c', 'd'].map((till) => run(till)));
  const ids = tills.flatMap(sold);
  assert.equal(ids.length, 30);
  assert.equal(new Set(ids).size, 30);
  for (const lines of tills) assert.equal(lines.filter((line) => line.startsWith('no mug')).length, 1);
  assert.deepEqual(await run('verify'), ['30 orders, 0 mugs left, 0 problems']);
});

test('a till that is killed takes no sale with it, and leaves none half done', async () => {
  // More than one till can sell before the other has started, however late that is.
  const stock = 1_000_000;
  await run('stock', String(stock));
  const tills = ['x', 'y'].map((till) => started(till));
  await new Promise((done, failed) => {
    const look = setInterval(() => {
      const early = tills.find(({ child }) => child.exitCode !== null);
      if (!early && tills.some(({ lines }) => lines.length < 5)) return;
      clearInterval(look);
      if (early) failed(new Error(`a till ended by itself: ${early.lines.slice(-3).join('; ')}`));
      else done();
    }, 5);
  });
  for (const { child } of tills) child.kill('SIGKILL');
  for (const { ended } of tills) await ended;
  const shop = Stockroom.over(new Postgres(pool));
  for (const id of tills.flatMap(({ lines }) => sold(lines))) assert.equal((await shop.order(id))?.state, 'allocated', id);
  const { orders, problems } = await shop.verify();
  assert.deepEqual(problems, []);
  // What was not said may have been done; nothing is done by halves.
  assert.equal(await shop.available('mug', 'main'), stock - orders);
  await shop.close();
});

test('a database that fails is told as a failure that a retry can mend', async () => {
  await run('stock', '1');
  await pool.query('ALTER TABLE stockroom_cells RENAME TO away');
  const shop = Stockroom.over(new Postgres(pool));
  const order = { id: 'o-1', channel: 'web', currency: 'EUR', lines: [{ sku: 'mug', quantity: 1, unit_price_minor: 1 }] };
  await assert.rejects(shop.placeOrder(order), (error) => error instanceof StockroomError && error.code === 'io' && error.retryable && /stockroom_cells/.test(error.message));
  await pool.query('ALTER TABLE away RENAME TO stockroom_cells');
  assert.equal((await shop.placeOrder(order)).state, 'allocated');
  await shop.close();
});

test('one step by hand', async () => {
  await run('stock', '3');
  const database = new Postgres(pool);
  const step = Step.read('availability', { pairs: [{ sku: 'mug', location: 'main' }] });
  while (step.needs !== undefined) step.supply(await database.fetch(step.needs));
  const { answer, expects, writes } = step.decided;
  assert.deepEqual(writes, []);
  assert.equal(await database.commit({ expects, writes }), true);
  assert.equal(answer.length, 1);
});
