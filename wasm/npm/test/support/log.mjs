// Carries a command log out through the package and prints the digest of what came of it: `node log.mjs LOG DATABASE`.
// Each line of the log is a list of commands, done in one commit.

import fs from 'node:fs';
import readline from 'node:readline';
import { Stockroom } from '../../dist/node.js';

const [log, path] = process.argv.slice(2);
const shop = await Stockroom.open({ path, durability: 'normal' });
for await (const line of readline.createInterface({ input: fs.createReadStream(log), crlfDelay: Infinity })) {
  await shop.batch(JSON.parse(line));
}
console.log(await shop.digest());
await shop.close();
