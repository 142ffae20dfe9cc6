// The package beside a hand-written better-sqlite3 program, in one run on one machine: `node main.js [orders] [rounds]`, or
// `cargo xtask bench --node`. Contenders take turns; each figure is the median of the rounds. Both are durable after every
// commit. An order is one call into the module, a batch as well.

import { fork } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ByHand } from './by-hand.js';
import { Engine } from './engine.js';

const SHAPES = [
  { name: 'node/one-per-commit', size: 1, share: 0.2, target: 0.8 },
  { name: 'node/batch-100', size: 100, share: 1, target: 1 },
];
const COUNT = Number(process.argv[2] ?? 20_000);
const ROUNDS = Number(process.argv[3] ?? 5);

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

/** A contender's process, and what it has placed. */
class Side {
  placed = 0;

  constructor(name, directory) {
    this.name = name;
    this.child = fork(path.join(import.meta.dirname, 'contender.js'), [name, directory]);
    this.child.on('message', (told) => this.#told?.(told));
    this.child.on('exit', () => this.#told?.({ failed: 'it ended' }));
  }

  /** Who waits for an answer; one at a time. */
  #told;

  async ask(call, asked) {
    const { answer, failed } = await new Promise((told) => {
      this.#told = told;
      this.child.send({ call, asked });
    });
    if (failed !== undefined) throw new Error(`${this.name}: ${failed}`);
    return answer;
  }
}

// Beside this file and not in the system's temporary directory, which may be memory, where a sync costs nothing.
const directory = fs.mkdtempSync(path.join(process.env.BENCH_DIRECTORY ?? import.meta.dirname, 'data-'));
const sides = [Engine, ByHand].map(({ name }) => new Side(name, directory));
try {
  for (const side of sides) side.openMs = await side.ask('open');
  for (const { name, size, share, target } of SHAPES) {
    const rates = sides.map(() => []);
    const count = Math.round((COUNT * share) / size) * size;
    for (let round = 0; round < ROUNDS; round++) {
      for (const [at, side] of sides.entries()) {
        rates[at].push(await side.ask('place', { prefix: `${size}-${round}`, seed: 1_000 * size + round, count, size }));
        side.placed += count;
      }
    }
    const [ours, byHand] = rates.map(median);
    const told = [ours.toFixed(0), byHand.toFixed(0), (ours / byHand).toFixed(2), target.toFixed(2)];
    console.log(`${name.padEnd(22)} ours ${told[0]}, by hand ${told[1]} orders/s, ratio ${told[2]}, target ${told[3]}`);
  }
  for (const side of sides) {
    const { counted, residentMib } = await side.ask('end');
    if (counted !== side.placed) throw new Error(`${side.name} has ${counted} of ${side.placed} orders`);
    console.log(`${side.name}: opened in ${side.openMs.toFixed(1)} ms, ${residentMib.toFixed(0)} MiB resident after ${counted} orders`);
  }
  console.log(`Node ${process.version}, load ${os.loadavg()[0].toFixed(1)}`);
} finally {
  for (const { child } of sides) child.kill();
  fs.rmSync(directory, { recursive: true });
}
