// What the tests have in common: a stocked shop, its orders, folders for files, and other processes.

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { NodeDatabase } from './engine.js';

const SKUS = 50;

/** A folder that is gone after the test, with a path in it. */
export function scratch(test, name = 'shop.sqlite3') {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stockroom-'));
  test.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  return path.join(folder, name);
}

export function run(db, action, key) {
  return JSON.parse(db.execute(JSON.stringify({ action, key })));
}

/** Opens a database and stocks it if it is new. */
export async function openShop(file, options) {
  const db = await NodeDatabase.open(file, options);
  if (JSON.parse(db.verify()).stock_rows === 0) stock(db);
  return db;
}

export function stock(db) {
  const actions = [
    { register_location: { location: 'main' } },
    { register_channel: { channel: 'web', locations: ['main'] } },
  ];
  for (let number = 0; number < SKUS; number++) {
    const sku = `SKU-${number}`;
    actions.push({ register_sku: { sku } });
    actions.push({ receive_stock: { location: 'main', lines: [{ sku, quantity: 1_000_000_000 }] } });
  }
  const replies = JSON.parse(db.executeBatch(JSON.stringify(actions.map((action) => ({ action })))));
  for (const reply of replies) {
    if (reply.outcome.rejected) throw new Error(JSON.stringify(reply.outcome.rejected));
  }
}

/** The order of this id, always the same. */
export function order(id) {
  const number = [...id].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 1_000_003, 7);
  return {
    id,
    channel: 'web',
    currency: 'EUR',
    lines: [1, 7, 11].map((step) => ({
      sku: `SKU-${(number * step + step) % SKUS}`,
      quantity: 1 + (number % 3),
      unit_price_minor: 1_000 + (number % 900),
    })),
  };
}

/** Places an order; true if it was there already. */
export function place(db, id) {
  const reply = run(db, { place_order: order(id) });
  if (!reply.outcome.accepted) throw new Error(`${id}: ${JSON.stringify(reply)}`);
  return reply.repeated;
}

export function verified(db) {
  const report = JSON.parse(db.verify());
  if (report.problems.length > 0) throw new Error(JSON.stringify(report.problems));
  return report;
}

/** Another process, doing one of the jobs of `child.js` and saying lines. */
export class Child {
  constructor(job, file, ...rest) {
    const program = path.join(import.meta.dirname, 'child.js');
    this.process = spawn(process.execPath, [program, job, file, ...rest], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.lines = [];
    this.text = '';
    this.waiting = [];
    this.process.stdout.on('data', (data) => {
      const lines = (this.text + data).split('\n');
      // What has no end yet was not said yet.
      this.text = lines.pop();
      this.lines.push(...lines);
      for (const wake of this.waiting.splice(0)) wake();
    });
    this.ended = new Promise((done) => this.process.once('close', (code) => done(code)));
    this.ended.then(() => this.waiting.splice(0).forEach((wake) => wake()));
  }

  /** The line of this number, from 0; undefined if it ends before. */
  async line(number) {
    while (this.lines.length <= number) {
      if (this.process.exitCode !== null || this.process.signalCode !== null) {
        await this.ended;
        return this.lines[number];
      }
      await new Promise((done) => this.waiting.push(done));
    }
    return this.lines[number];
  }

  async kill() {
    this.process.kill('SIGKILL');
    await this.ended;
    return this.lines;
  }
}
