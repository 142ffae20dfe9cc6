// The browser's files over handles in memory: what SQLite is told when a handle fails, gives less room than asked for, or
// is not there.

import assert from 'node:assert/strict';
import test from 'node:test';
import { BrowserFiles } from '../build/browser/files.js';

/** A handle in memory. `fault` is thrown by every operation, `room` ends what can be written. */
class Handle {
  bytes = new Uint8Array();
  fault = undefined;
  room = Infinity;
  flushes = 0;

  read(buffer, { at }) {
    this.#check();
    const part = this.bytes.subarray(at, at + buffer.length);
    buffer.set(part);
    return part.length;
  }

  write(buffer, { at }) {
    this.#check();
    const part = buffer.subarray(0, Math.max(0, Math.min(buffer.length, this.room - at)));
    const bytes = new Uint8Array(Math.max(this.bytes.length, at + part.length));
    bytes.set(this.bytes);
    bytes.set(part, at);
    this.bytes = bytes;
    return part.length;
  }

  truncate(bytes) {
    this.#check();
    this.bytes = this.bytes.slice(0, bytes);
  }

  getSize() {
    this.#check();
    return this.bytes.length;
  }

  flush() {
    this.#check();
    this.flushes += 1;
  }

  #check() {
    if (this.fault !== undefined) throw this.fault;
  }
}

function files() {
  const handles = { shop: new Handle(), 'shop-wal': new Handle() };
  const own = new BrowserFiles();
  own.use(new Map(Object.entries(handles)));
  return { own, handles };
}

test('a file with nothing in it is not there, until it is created', () => {
  const { own, handles } = files();
  assert.equal(own.open('shop', false), -2);
  assert.equal(own.access('shop', false), 0);
  assert.equal(own.access('shop', true), 1);
  const file = own.open('shop', true);
  assert.ok(file > 0);
  assert.equal(own.write(file, new Uint8Array([1, 2, 3]), 2), 0);
  assert.equal(own.size(file), 5);
  assert.equal(own.access('shop', false), 1);
  const buffer = new Uint8Array(8);
  assert.equal(own.read(file, buffer, 1), 4, 'the file ends there');
  assert.deepEqual([...buffer], [0, 1, 2, 3, 0, 0, 0, 0]);
  assert.equal(own.sync(file), 0);
  assert.equal(own.truncate(file, 2), 0);
  assert.equal(own.close(file), 0);
  assert.equal(own.remove('shop', true), 0);
  assert.equal(own.open('shop', false), -2);
  assert.ok(handles.shop.flushes >= 2, 'what is removed is removed for good');
});

test('files that nobody said are not there', () => {
  const { own } = files();
  assert.equal(own.open('other', true), -2);
  assert.equal(own.remove('other', false), -2);
  assert.equal(own.access('other', true), 0);
  assert.match(own.said(), /other/);
});

for (const [name, fault, number] of [['QuotaExceededError', 'no more room', -4], ['InvalidStateError', 'the handle is closed', -1]]) {
  test(`${name} is ${number}, and nothing is thrown`, () => {
    const { own, handles } = files();
    const file = own.open('shop', true);
    handles.shop.fault = new DOMException(fault, name);
    const buffer = new Uint8Array(4);
    const said = [own.read(file, buffer, 0), own.write(file, buffer, 0), own.truncate(file, 0), own.sync(file), own.size(file), own.remove('shop', true), own.access('shop', false)];
    assert.deepEqual(said, said.map(() => number));
    assert.match(own.said(), new RegExp(`${name}.*${fault}`));
  });
}

test('less written than asked for is a full disk', () => {
  const { own, handles } = files();
  const file = own.open('shop-wal', true);
  handles['shop-wal'].room = 3;
  assert.equal(own.write(file, new Uint8Array(8), 0), -4);
  assert.match(own.said(), /3 of 8 bytes/);
});

test('a handle that was closed is no handle', () => {
  const { own } = files();
  const file = own.open('shop', true);
  own.close(file);
  assert.equal(own.size(file), -1);
  assert.equal(own.size(999), -1);
});
