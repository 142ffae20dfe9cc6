// One contender in a process of its own, so that what it holds in memory is its own: `main.js` forks it, tells it what to
// do, and is told how long that took.

import path from 'node:path';
import { ByHand } from './by-hand.js';
import { Engine } from './engine.js';
import { orders } from './workload.js';

const [, , name, directory] = process.argv;
const Contender = [Engine, ByHand].find((contender) => contender.name === name);
const file = path.join(directory, `${name.split(' ')[0]}.sqlite3`);
let shop;

const work = {
  /** Stocks a new shop and opens it again. Gives what the opening took, in milliseconds. */
  async open() {
    const fresh = await Contender.open(file);
    await fresh.stock();
    await fresh.close();
    const began = performance.now();
    shop = await Contender.open(file);
    return performance.now() - began;
  },

  /** Places orders. Gives how many a second. */
  async place({ prefix, seed, count, size }) {
    const placed = orders(prefix, seed, count);
    const began = performance.now();
    for (let from = 0; from < count; from += size) {
      const accepted = await shop.place(placed.slice(from, from + size));
      if (accepted.includes(false)) throw new Error('an order was refused');
    }
    return count / ((performance.now() - began) / 1_000);
  },

  /** Counts the books and closes them. */
  async end() {
    const counted = await shop.count();
    const residentMib = process.memoryUsage().rss / 2 ** 20;
    await shop.close();
    return { counted, residentMib };
  },
};

process.on('message', async ({ call, asked }) => {
  try {
    process.send({ answer: await work[call](asked) });
  } catch (error) {
    process.send({ failed: String(error?.stack ?? error) });
  }
});
