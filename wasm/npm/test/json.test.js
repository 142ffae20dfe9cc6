// Documents as text: numbers are written as the language writes them, and an answer's that are not exact are found
// wherever they stand.

import assert from 'node:assert/strict';
import test from 'node:test';
import { decode, encode } from '../build/json.js';

test('numbers are written as the language writes them', () => {
  const edges = [0, 1, 9, 10, 99, 100, 999, 1_000, 1_001, 1_010, 10_000, 12_345, 999_000, 999_999, 1_000_000, 1_000_001];
  const far = [2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 53 - 1];
  for (const value of [...edges, ...far].flatMap((value) => [value, -value || 0])) {
    assert.equal(encode(value, 'test', 'value'), String(value));
  }
  for (const value of [-0, 0.5, -0.5, 999.5, 1_000.5, 2 ** 53, 1e21, Number.MIN_VALUE, Number.NaN, Infinity, -Infinity]) {
    assert.throws(() => encode(value, 'test', 'value'), { code: 'unsafe_number' }, String(value));
  }
});

test('a number of an answer that is not exact is found at every place', () => {
  const [exact, inexact] = ['9007199254740991', '9007199254740993'];
  for (let before = 0; before < 40; before++) {
    const around = (number) => `{"a":"${'1-'.repeat(before).slice(before)}","b":[${number}]}`;
    assert.deepEqual(decode(around(exact), 'test').b, [Number(exact)]);
    assert.deepEqual(decode(around(`"${inexact}"`), 'test').b, [inexact], 'a text is one');
    for (const long of [inexact, `-${inexact}`, `${inexact}00`]) {
      assert.throws(() => decode(around(long), 'test'), { code: 'unsafe_number' }, `${long} at ${before}`);
    }
  }
  assert.equal(decode('123456789012345', 'test'), 123456789012345);
  assert.throws(() => decode(inexact, 'test'), { code: 'unsafe_number' });
});
