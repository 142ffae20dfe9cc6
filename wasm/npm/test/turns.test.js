// How a browser's worker answers the calls of one turn: commands that may share a commit do, and no caller can tell.

import assert from 'node:assert/strict';
import test from 'node:test';
import { answered } from '../build/browser/turns.js';

const execute = (id, text, nowMs = 1) => ({ id, call: 'execute', text, nowMs });
const read = (id) => ({ id, call: 'read', text: '{"digest":{}}', nowMs: 1 });
const fail = (error, operation) => ({ code: error.code, operation, message: error.message });

/** An engine that writes down what it is asked. Commands that are no JSON are malformed, `"io"` fails. */
function engine() {
  const asked = [];
  const checked = (text) => {
    let document;
    try {
      document = JSON.parse(text);
    } catch {
      throw Object.assign(new Error('no document'), { code: 'malformed' });
    }
    if (JSON.stringify(document).includes('"io"')) throw Object.assign(new Error('the disk'), { code: 'io' });
    return document;
  };
  return {
    asked,
    execute: (text, nowMs) => {
      asked.push(['execute', nowMs]);
      return JSON.stringify({ did: checked(text) });
    },
    executeBatch: (text, nowMs) => {
      const commands = checked(text);
      asked.push(['batch', commands.length, nowMs]);
      return commands.map((command) => `${JSON.stringify({ did: command })}\n`).join('');
    },
    read: (text) => {
      asked.push(['read']);
      return text;
    },
    exportFile: () => {
      asked.push(['export']);
      return new Uint8Array([1]);
    },
    close: () => asked.push(['close']),
  };
}

const cases = [
  ['one command is one call', [execute(1, '1')], [['execute', 1]], ['{"did":1}']],
  ['commands of one time share a commit', [execute(1, '1'), execute(2, '2')], [['batch', 2, 1]], ['{"did":1}', '{"did":2}']],
  ['commands of two times do not', [execute(1, '1'), execute(2, '2', 2)], [['execute', 1], ['execute', 2]], ['{"did":1}', '{"did":2}']],
  [
    'a read sees the commands before it and none after it',
    [execute(1, '1'), execute(2, '2'), read(3), execute(4, '4')],
    [['batch', 2, 1], ['read'], ['execute', 1]],
    ['{"did":1}', '{"did":2}', '{"digest":{}}', '{"did":4}'],
  ],
  [
    'a document that is none spoils nothing but itself',
    [execute(1, '1'), execute(2, '{'), execute(3, '3')],
    [['execute', 1], ['execute', 1], ['execute', 1]],
    ['{"did":1}', 'malformed', '{"did":3}'],
  ],
  ['a commit that fails fails for all of it', [execute(1, '1'), execute(2, '"io"'), read(3)], [['read']], ['io', 'io', '{"digest":{}}']],
  ['the file is taken and the database closed in their turn', [execute(1, '1'), { id: 2, call: 'exportFile' }, { id: 3, call: 'close' }], [['execute', 1], ['export'], ['close']], ['{"did":1}', new Uint8Array([1]), undefined]],
];

for (const [name, calls, asked, answers] of cases) {
  test(name, () => {
    const own = engine();
    const got = [...answered(own, calls, fail)];
    assert.deepEqual(got.map(({ id }) => id), calls.map(({ id }) => id));
    assert.deepEqual(got.map((one) => one.failed?.code ?? one.answer), answers);
    assert.deepEqual(own.asked, asked);
  });
}

test('a great many go in several commits', () => {
  const own = engine();
  const calls = Array.from({ length: 2_500 }, (_, at) => execute(at + 1, String(at)));
  const got = [...answered(own, calls, fail)];
  assert.deepEqual(own.asked, [['batch', 1_000, 1], ['batch', 1_000, 1], ['batch', 500, 1]]);
  assert.ok(got.every(({ id, answer }, at) => id === at + 1 && answer === `{"did":${at}}`));
});
