// The core's tables of behaviour through the package: `node tables.mjs DIRECTORY`. Each file of the directory holds scenes, a
// line each, as the core's own tests recorded them: commands, replies, and the digest that they lead to.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { Stockroom } from '../../dist/node.js';

const [directory] = process.argv.slice(2);
let [tables, scenes, commands] = [0, 0, 0];
for (const file of fs.readdirSync(directory).sort()) {
  tables += 1;
  for (const line of fs.readFileSync(path.join(directory, file), 'utf8').trim().split('\n')) {
    const { scene, steps, digest } = JSON.parse(line);
    const shop = await Stockroom.open(':memory:');
    for (const { command, reply } of steps) {
      assert.deepEqual(await shop.execute(command), reply, `${file}, ${scene}: ${JSON.stringify(command)}`);
      commands += 1;
    }
    assert.equal(await shop.digest(), digest, `${file}, ${scene}`);
    await shop.close();
    scenes += 1;
  }
}
assert.ok(tables >= 12 && scenes > 100 && commands > 500, `${tables} tables, ${scenes} scenes, ${commands} commands: too few`);
console.log(`${tables} tables, ${scenes} scenes and ${commands} commands give the same through the package`);
