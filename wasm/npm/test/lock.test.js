// One owner for a file: others are refused with a clear word, and an owner that was killed blocks nobody.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { Worker } from 'node:worker_threads';
import { acquire, ownerAmong } from '../src/node/lock.js';
import { NodeDatabase } from './support/engine.js';
import { Child, openShop, place, scratch, verified } from './support/shop.js';

const linux = process.platform === 'linux' ? false : 'only Linux tells';

function claims(file) {
  return fs.readdirSync(path.dirname(file)).filter((name) => name.includes('-lock-'));
}

test('a second owner in the same process is refused', async (t) => {
  const file = scratch(t);
  const first = await NodeDatabase.open(file);
  await assert.rejects(NodeDatabase.open(file), { code: 'busy', retryable: true, message: new RegExp(process.pid) });
  const link = path.join(path.dirname(file), 'link.sqlite3');
  fs.symlinkSync(file, link);
  await assert.rejects(NodeDatabase.open(link), { code: 'busy' }, 'by another name');
  first.close();
  const second = await NodeDatabase.open(link);
  second.close();
  assert.deepEqual(claims(file), []);
});

test('a worker is refused, and a worker that ends lets go', async (t) => {
  const file = scratch(t);
  const open = new URL('./support/engine.js', import.meta.url);
  const code = `
    const { parentPort } = require('node:worker_threads');
    import(${JSON.stringify(open.href)}).then(({ NodeDatabase }) => NodeDatabase.open(${JSON.stringify(file)}))
      .then((db) => { globalThis.db = db; parentPort.postMessage('open'); setInterval(() => {}, 1000); },
            (error) => parentPort.postMessage(error.code));`;
  const said = (worker) => new Promise((done) => worker.once('message', done));
  const first = await NodeDatabase.open(file);
  const refused = new Worker(code, { eval: true });
  assert.equal(await said(refused), 'busy');
  await refused.terminate();
  first.close();
  const owner = new Worker(code, { eval: true });
  assert.equal(await said(owner), 'open');
  await assert.rejects(NodeDatabase.open(file), { code: 'busy' });
  await owner.terminate();
  const next = await NodeDatabase.open(file);
  next.close();
});

test('another process is refused, until the owner is killed', async (t) => {
  const file = scratch(t);
  const owner = new Child('hold', file);
  assert.equal(await owner.line(0), 'open');
  const other = new Child('hold', file);
  assert.match(await other.line(0), new RegExp(`^refused: busy: .*process ${owner.process.pid}`));
  await owner.kill();
  assert.equal(claims(file).length, 1, 'it could not take its claim back');
  const db = await openShop(file);
  assert.equal(claims(file).length, 1, 'the dead claim is gone');
  db.close();
  assert.deepEqual(claims(file), []);
});

test('a process that ends without closing leaves no claim', async (t) => {
  const file = scratch(t);
  const open = new URL('./support/engine.js', import.meta.url).href;
  const code = `import { NodeDatabase } from ${JSON.stringify(open)}; await NodeDatabase.open(${JSON.stringify(file)});`;
  execFileSync(process.execPath, ['--input-type=module', '-e', code], { timeout: 20_000 });
  assert.deepEqual(claims(file), []);
});

test('processes that want it at the same time have it one after another', async (t) => {
  const file = scratch(t);
  (await openShop(file)).close();
  const turns = 6;
  const children = ['a', 'b', 'c', 'd'].map((name) => new Child('turns', file, name, String(turns)));
  for (const child of children) assert.equal(await child.ended, 0);
  const db = await NodeDatabase.open(file);
  assert.equal(verified(db).orders, children.length * turns * 3);
  for (const child of children) {
    assert.equal(child.lines.length, turns * 3);
    for (const id of child.lines) assert.equal(place(db, id), true, id);
  }
  db.close();
});

test('a path too long for a socket is guarded too', { skip: linux }, async (t) => {
  const folder = path.join(path.dirname(scratch(t)), 'a'.repeat(120));
  fs.mkdirSync(folder);
  const file = path.join(folder, 'shop.sqlite3');
  const first = await NodeDatabase.open(file);
  await assert.rejects(NodeDatabase.open(file), { code: 'busy' });
  first.close();
  assert.deepEqual(claims(file), []);
});

test('without sockets a claim names a process', { skip: linux }, async (t) => {
  // A name that no socket's path has room for.
  const file = scratch(t, `${'n'.repeat(90)}.sqlite3`);
  const first = await acquire(file);
  await assert.rejects(acquire(file), { code: 'busy', message: new RegExp(process.pid) });
  first.release();
  assert.deepEqual(claims(file), []);
  const owner = new Child('hold', file);
  assert.equal(await owner.line(0), 'open');
  await assert.rejects(acquire(file), { code: 'busy' });
  await owner.kill();
  (await acquire(file)).release();
  assert.deepEqual(claims(file), [], 'a dead process has no claim');
});

test('a claim of a process number that was given away again is dead', { skip: linux }, async (t) => {
  const file = scratch(t);
  const [boot, namespace] = [
    fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8),
    fs.readlinkSync('/proc/self/ns/pid').replace(/\D/g, ''),
  ];
  const claim = (...fields) => fs.writeFileSync(`${file}-lock-${fields.join('-')}`, '');
  claim(process.pid, 'aa', '12345', boot, namespace);
  claim(process.pid, 'bb', '12345', '00000000', namespace);
  claim(4_000_000, 'cc', '12345', boot, namespace);
  (await acquire(file)).release();
  assert.deepEqual(claims(file), []);
  claim(4_000_000, 'dd', '12345', boot, '1');
  await assert.rejects(acquire(file), { code: 'busy' }, 'what cannot be told counts as alive');
});

test('the kernel\'s list of locks is read', () => {
  const cases = [
    ['1: POSIX  ADVISORY  READ 4711 fe:00:1234 1073741826 1073742335', '4711', 'a reader of the database'],
    ['12: POSIX  ADVISORY  WRITE 4711 00:1f:99 128 128', '4711', 'an owner of -shm'],
    ['1: POSIX  ADVISORY  WRITE 4711 fe:00:1234 0 0', undefined, 'another lock on the file'],
    ['1: POSIX  ADVISORY  READ 4711 fe:00:12345 1073741826 1073742335', undefined, 'another file'],
    ['1: FLOCK  ADVISORY  WRITE 4711 fe:00:1234 0 EOF', undefined, 'not SQLite\'s kind'],
    ['1: -> POSIX  ADVISORY  WRITE 4711 fe:00:1234 1073741826 1073742335', undefined, 'one who waits'],
    ['1: -> FLOCK  ADVISORY  WRITE 99 fe:00:77 0 EOF', undefined, 'another who waits'],
    ['1: POSIX  ADVISORY  WRITE 4711 <none>:0 0 EOF', undefined, 'a file without a name'],
    ['', undefined, 'the end'],
  ];
  for (const [line, owner, what] of cases) {
    assert.equal(ownerAmong(`7: FLOCK  ADVISORY  WRITE 1 fe:00:3 0 EOF\n${line}`, '1234', '99'), owner, what);
  }
  assert.equal(ownerAmong(cases[6][0], '1234', undefined), undefined, 'without -shm');
});

test('while a native program has it open it is refused', { skip: linux }, async (t) => {
  const file = scratch(t);
  (await openShop(file)).close();
  const shell = spawn('sqlite3', [file], { stdio: ['pipe', 'pipe', 'inherit'] });
  shell.stdin.write('SELECT count(*) FROM stockroom_orders;\n');
  await new Promise((done) => shell.stdout.once('data', done));
  await assert.rejects(NodeDatabase.open(file), { code: 'busy', message: new RegExp(`process ${shell.pid}`) });
  shell.kill('SIGKILL');
  await new Promise((done) => shell.once('close', done));
  assert.ok(fs.existsSync(`${file}-shm`), 'it was killed with its memory on the disk');
  const db = await NodeDatabase.open(file);
  place(db, 'o-1');
  db.close();
});
