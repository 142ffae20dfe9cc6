// The package beside a hand-written better-sqlite3 program, in one run on one machine: `node main.js [orders]`.
// Contenders take turns; each figure is the median of the rounds. Both are durable after every commit.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ByHand } from './by-hand.js';
import { Engine } from './engine.js';
import { orders } from './workload.js';

const CONTENDERS = [Engine, ByHand];
const SHAPES = [
  { name: 'one per commit', size: 1, share: 0.2 },
  { name: 'batches of 100', size: 100, share: 1 },
];
const COUNT = Number(process.argv[2] ?? 20_000);
const ROUNDS = Number(process.argv[3] ?? 5);

// Beside this file and not in the system's temporary directory, which may be memory, where a sync costs nothing.
const directory = fs.mkdtempSync(path.join(process.env.BENCH_DIRECTORY ?? import.meta.dirname, 'data-'));
try {
  const shops = [];
  for (const Contender of CONTENDERS) {
    const began = performance.now();
    const shop = await Contender.open(path.join(directory, `${Contender.name.split(' ')[0]}.sqlite3`));
    shops.push({ Contender, shop, placed: 0 });
    console.log(`${Contender.name}: opened and stocked in ${(performance.now() - began).toFixed(0)} ms`);
  }
  for (const { name, size, share } of SHAPES) {
    const rates = shops.map(() => []);
    const count = Math.round((COUNT * share) / size) * size;
    for (let round = 0; round < ROUNDS; round++) {
      const batch = orders(`${size}-${round}`, 1_000 * size + round, count);
      for (const [at, entry] of shops.entries()) {
        const began = performance.now();
        for (let from = 0; from < count; from += size) {
          if (entry.shop.place(batch.slice(from, from + size)).includes(false)) throw new Error('an order was refused');
        }
        rates[at].push(count / ((performance.now() - began) / 1_000));
        entry.placed += count;
      }
    }
    const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
    const [ours, theirs] = rates.map(median);
    const ratio = median(rates[0].map((rate, round) => rate / rates[1][round]));
    console.log(`${name}: ${ours.toFixed(0)} orders/s, by hand ${theirs.toFixed(0)}, ratio ${ratio.toFixed(2)}`);
  }
  for (const { Contender, shop, placed } of shops) {
    if (shop.count() !== placed) throw new Error(`${Contender.name} has ${shop.count()} of ${placed} orders`);
    shop.close();
  }
  console.log(`resident at the end: ${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MiB; load ${os.loadavg()[0].toFixed(1)}`);
} finally {
  fs.rmSync(directory, { recursive: true });
}
