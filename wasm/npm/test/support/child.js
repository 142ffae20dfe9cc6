// The other processes of the tests: `child.js <job> <file> [name] [count]`. Each says a line when something is done;
// a line is written before the next thing begins, so that what was said had happened.

import fs from 'node:fs';
import { openShop, place, stock, verified } from './shop.js';
import { NodeDatabase } from './engine.js';

const [job, file, name, count] = process.argv.slice(2);
const say = (line) => fs.writeSync(1, `${line}\n`);

const jobs = {
  /** Places orders until it is killed, and says each that is acknowledged. */
  async sell() {
    const db = await openShop(file);
    say('open');
    for (let number = 1; ; number++) {
      const id = `${name}-${number}`;
      place(db, id);
      say(id);
    }
  },
  /** Places so many orders, and says the digest. */
  async write() {
    const db = await openShop(file);
    for (let number = 1; number <= Number(count); number++) place(db, `${name}-${number}`);
    verified(db);
    say(db.digest());
    db.close();
  },
  /** Says the digest of what is there. */
  async digest() {
    const db = await NodeDatabase.open(file);
    verified(db);
    say(db.digest());
    db.close();
  },
  /** Opens the file, if it can, and keeps it until its input ends. */
  async hold() {
    try {
      const db = await NodeDatabase.open(file);
      say('open');
      process.stdin.resume();
      process.stdin.once('end', () => {
        db.close();
        say('closed');
      });
    } catch (error) {
      say(`refused: ${error.code}: ${error.message}`);
    }
  },
  /** Opens, sells a little and closes, again and again until it has had the file so many times. */
  async turns() {
    for (let turn = 1; turn <= Number(count); ) {
      try {
        const db = await NodeDatabase.open(file);
        if (turn === 1 && JSON.parse(db.verify()).stock_rows === 0) stock(db);
        for (let number = 1; number <= 3; number++) {
          place(db, `${name}-${turn}-${number}`);
          say(`${name}-${turn}-${number}`);
        }
        db.close();
        turn++;
      } catch (error) {
        if (error.code !== 'busy') throw error;
      }
    }
  },
};

await jobs[job]();
