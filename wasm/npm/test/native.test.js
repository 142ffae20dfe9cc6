// The file is an ordinary SQLite file: the sqlite3 shell opens what was written here, and the other way round, with
// the log that a killed process left behind; and what happens when the shell is used on a database at work.

import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import test from 'node:test';
import { NodeDatabase } from './support/engine.js';
import { Child, openShop, place, scratch, verified } from './support/shop.js';

const shell = spawnSync('sqlite3', ['--version']).status === 0 ? false : 'there is no sqlite3 shell';
const sql = (file, text) => execFileSync('sqlite3', [file, text], { encoding: 'utf8' }).trim();

test('the shell reads what was written here', { skip: shell }, async (t) => {
  const file = scratch(t);
  const db = await openShop(file);
  for (let number = 1; number <= 50; number++) place(db, `o-${number}`);
  db.close();
  assert.equal(sql(file, 'PRAGMA integrity_check; SELECT count(*) FROM stockroom_orders; PRAGMA journal_mode; PRAGMA page_size'), 'ok\n50\nwal\n4096');
});

test('the shell finds every acknowledged order in the log of a killed process', { skip: shell }, async (t) => {
  const file = scratch(t);
  const seller = new Child('sell', file, 'o');
  await seller.line(40);
  const [, ...acknowledged] = await seller.kill();
  assert.ok(acknowledged.length >= 40);
  assert.ok(fs.statSync(`${file}-wal`).size > 0);
  assert.equal(sql(file, 'PRAGMA integrity_check'), 'ok');
  const there = new Set(sql(file, 'SELECT id FROM stockroom_orders').split('\n'));
  for (const id of acknowledged) assert.ok(there.has(id), id);
});

/** Where the shell is to write as well. */
const shared = { checksums: false };

test('what the shell left in its log is read here', { skip: shell }, async (t) => {
  const file = scratch(t);
  const db = await openShop(file, shared);
  place(db, 'o-1');
  db.close();
  const killed = spawn('sqlite3', [file], { stdio: ['pipe', 'pipe', 'inherit'] });
  killed.stdin.write("CREATE TABLE notes (note TEXT); INSERT INTO notes VALUES ('kept'); SELECT 'done';\n");
  await new Promise((done) => killed.stdout.once('data', done));
  killed.kill('SIGKILL');
  await new Promise((done) => killed.once('close', done));
  assert.ok(fs.statSync(`${file}-wal`).size > 0);
  const again = await NodeDatabase.open(file);
  assert.equal(place(again, 'o-1'), true);
  place(again, 'o-2');
  again.close();
  assert.equal(sql(file, 'SELECT note FROM notes; SELECT count(*) FROM stockroom_orders'), 'kept\n2');
});

test('a shell that comes in between costs no acknowledged order', { skip: shell }, async (t) => {
  const file = scratch(t);
  const db = await openShop(file);
  for (let number = 1; number <= 20; number++) place(db, `o-${number}`);
  // Reading is enough: closing, the shell copies the log into the database and removes it.
  assert.equal(sql(file, 'SELECT count(*) FROM stockroom_orders'), '20');
  assert.throws(() => place(db, 'o-21'), { code: 'io', message: /another program/ });
  assert.throws(() => place(db, 'o-22'), { code: 'io' }, 'it stays so');
  db.close();
  const again = await NodeDatabase.open(file);
  assert.equal(verified(again).orders, 20);
  for (let number = 1; number <= 20; number++) assert.equal(place(again, `o-${number}`), true);
  place(again, 'o-21');
  again.close();
});

test('a shell that writes in between loses nothing either', { skip: shell }, async (t) => {
  const file = scratch(t);
  const db = await openShop(file, shared);
  place(db, 'o-1');
  const other = spawn('sqlite3', [file], { stdio: ['pipe', 'pipe', 'inherit'] });
  other.stdin.write("CREATE TABLE notes (note TEXT); INSERT INTO notes VALUES ('kept'); SELECT 'done';\n");
  await new Promise((done) => other.stdout.once('data', done));
  assert.throws(() => place(db, 'o-2'), { code: 'io', message: /another program/ });
  db.close();
  other.stdin.end();
  await new Promise((done) => other.once('close', done));
  assert.equal(sql(file, 'PRAGMA integrity_check; SELECT note FROM notes; SELECT count(*) FROM stockroom_orders'), 'ok\nkept\n1');
  const again = await NodeDatabase.open(file);
  assert.equal(verified(again).orders, 1);
  again.close();
});

/** What another program, or a person, does to the name of a log that is at work. */
const takings = {
  removed: (log) => fs.rmSync(log),
  replaced: (log) => {
    fs.copyFileSync(log, `${log}-copy`);
    fs.renameSync(`${log}-copy`, log);
  },
};

for (const [how, take] of Object.entries(takings)) {
  for (const survivesPowerCut of [true, false]) {
    for (const hasProc of [true, false]) {
      const where = `${survivesPowerCut ? 'with' : 'without'} syncs, ${hasProc ? 'as the system tells it' : 'where only its links tell'}`;
      test(`a log that was ${how} is noticed with the next command: ${where}`, async (t) => {
        if (!hasProc) t.mock.method(fs, 'readlinkSync', () => assert.fail('there is no such place'));
        const file = scratch(t);
        const db = await openShop(file, { survivesPowerCut });
        place(db, 'o-1');
        place(db, 'o-2');
        take(`${file}-wal`);
        assert.throws(() => place(db, 'o-3'), { code: 'io', message: /another program/ });
        assert.throws(() => place(db, 'o-4'), { code: 'io' }, 'it stays so');
        db.close();
      });
    }
  }
}

test('a page that the disk turned is said, and one that the shell wrote until its VACUUM', { skip: shell }, async (t) => {
  const file = scratch(t);
  const db = await openShop(file);
  for (let number = 1; number <= 200; number++) place(db, `o-${number}`);
  db.close();
  const sound = fs.readFileSync(file);
  const turned = Buffer.from(sound);
  for (let at = turned.indexOf('o-77'); at >= 0; at = turned.indexOf('o-77', at + 1)) turned[at + 3] ^= 1;
  fs.writeFileSync(file, turned);
  const damaged = await NodeDatabase.open(file);
  assert.throws(() => verified(damaged), { code: 'corrupt', message: /checksum/ });
  damaged.close();
  fs.writeFileSync(file, sound);
  sql(file, 'CREATE TABLE notes (note TEXT)');
  await assert.rejects(NodeDatabase.open(file), { code: 'corrupt', message: /another program/ });
  sql(file, 'VACUUM');
  const again = await NodeDatabase.open(file);
  assert.equal(verified(again).orders, 200);
  assert.equal(place(again, 'o-77'), true);
  again.close();
});
