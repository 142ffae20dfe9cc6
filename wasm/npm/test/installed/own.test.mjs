// The engine over a database of the host's own: step by step, and as a whole shop. The database is a map that answers
// later, in any order, and may fail; several shops share it, as processes would.

import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Step, Stockroom, StockroomError, StockroomRejection } from 'stockroom';
import { order, stocked } from './shop.mjs';

/** A database of the host's: cells under keys, and a compare-and-set. */
class Cells {
  map = new Map();
  asked = 0;
  commits = 0;
  conflicts = 0;
  /** Called before each fetch and commit; may throw. */
  meddle = () => undefined;

  async fetch({ keys, ranges }) {
    this.asked += 1;
    await pause(Math.random() * 3);
    await this.meddle('fetch');
    const cells = keys.map((key) => this.map.get(key) ?? null);
    const of = ({ from, before, limit }) =>
      [...this.map].filter(([key]) => key >= from && key < before).sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, limit);
    return { cells, ranges: ranges.map(of) };
  }

  async commit({ expects, writes }) {
    await pause(Math.random() * 3);
    await this.meddle('commit');
    if ((this.map.get(expects.key) ?? null) !== expects.cell) {
      this.conflicts += 1;
      return false;
    }
    if (writes.length > 0) this.commits += 1;
    for (const [key, cell] of writes) {
      if (cell === null) this.map.delete(key);
      else this.map.set(key, cell);
    }
    return true;
  }
}

const failed = (code) => (error) => {
  assert.ok(error instanceof StockroomError, String(error));
  assert.equal(error.code, code, error.message);
  return true;
};

async function through(step, cells) {
  while (step.needs !== undefined) step.supply(await cells.fetch(step.needs));
  return step.decided;
}

test('several shops over one database sell the last units once', async () => {
  const cells = new Cells();
  await stocked(Stockroom.over(cells), 12);
  const shops = Array.from({ length: 4 }, () => Stockroom.over(cells));
  const outcomes = await Promise.allSettled(
    shops.flatMap((shop, at) => Array.from({ length: 5 }, (_, number) => pause(number * at).then(() => shop.placeOrder(order(`o-${at}-${number}`, 1))))),
  );
  const refused = outcomes.filter(({ status }) => status === 'rejected').map(({ reason }) => reason);
  for (const reason of refused) assert.ok(reason instanceof StockroomRejection && reason.code === 'insufficient_stock', String(reason));
  assert.equal(refused.length, 8);
  assert.ok(cells.conflicts > 0, 'they met');
  const { orders, problems } = await shops[0].verify();
  assert.deepEqual([orders, problems], [12, []]);
  assert.equal(await shops[1].available('mug', 'main'), 0);
  await Promise.all(shops.map((shop) => shop.close()));
});

test('it is the same shop as over a file', async () => {
  const [own, memory] = [Stockroom.over(new Cells(), { clock: () => 1_000 }), await Stockroom.open({ path: ':memory:', clock: () => 1_000 })];
  for (const shop of [own, memory]) {
    await stocked(shop);
    await shop.placeOrder(order('o-1'), { key: 'till' });
    await shop.placeHold({ hold: 'h-1', channel: 'web', lives_ms: 5_000, lines: [{ sku: 'mug', quantity: 1 }] });
    await shop.placeOrder(order('o-2', 3));
    await shop.shipOrder({ order: 'o-1' });
    await shop.cancelOrder({ order: 'o-2' });
    await shop.tick({ limit: 10 }, { atMs: 10_000 });
  }
  assert.deepEqual(await own.digest(), await memory.digest());
  assert.deepEqual(await own.order('o-1'), await memory.order('o-1'));
  const told = async (shop) => {
    const all = [];
    for await (const event of shop.events({ follow: false })) all.push(event);
    return all;
  };
  assert.deepEqual(await told(own), await told(memory));
  assert.ok((await told(own)).length > 5);
  await own.close();
  await memory.close();
});

test('calls made together share a commit, and each stands alone', async () => {
  const cells = new Cells();
  const shop = await stocked(Stockroom.over(cells, { clock: () => 5 }), 3);
  const before = cells.commits;
  const placed = await Promise.allSettled(['a', 'b', 'c', 'd'].map((id) => shop.placeOrder(order(id, 1))));
  assert.deepEqual(placed.map(({ status }) => status), ['fulfilled', 'fulfilled', 'fulfilled', 'rejected']);
  assert.equal(cells.commits, before + 1);
  const mixed = await Promise.allSettled([shop.receiveStock({ location: 'main', lines: [{ sku: 'mug', quantity: 'x' }] }), shop.receiveStock({ location: 'main', lines: [{ sku: 'mug', quantity: 1 }] })]);
  assert.deepEqual(mixed.map(({ status }) => status), ['rejected', 'fulfilled'], 'one that is none spoils no other');
  await shop.close();
  await assert.rejects(shop.order('a'), failed('closed'));
});

test('what was read at different moments and contradicts itself is read again', async () => {
  const cells = new Cells();
  const [shop, other] = [Stockroom.over(cells, { clock: () => 1_000 }), Stockroom.over(cells, { clock: () => 1_000 })];
  await stocked(shop);
  await shop.placeHold({ hold: 'h-1', channel: 'web', lives_ms: 5_000, lines: [{ sku: 'mug', quantity: 1 }] });
  const fetch = cells.fetch.bind(cells);
  let released = false;
  const torn = {
    async fetch(needs) {
      // What leads to the hold was read; the hold is gone before it is.
      if (needs.keys.some((key) => key.startsWith('hold!')) && !released) {
        released = true;
        await other.releaseHold({ hold: 'h-1' });
      }
      return fetch(needs);
    },
    commit: (changes) => cells.commit(changes),
  };
  const late = Stockroom.over(torn, { clock: () => 9_000 });
  const ticked = await late.tick({ limit: 5 });
  assert.ok(released);
  assert.equal(ticked === 'unchanged' ? 0 : ticked.expired, 0, 'the other was first');
  // The same by hand: it fails, and the cell tells why.
  await shop.placeHold({ hold: 'h-2', channel: 'web', lives_ms: 5_000, lines: [{ sku: 'mug', quantity: 1 }] });
  released = false;
  const step = Step.execute({ action: { tick: { limit: 5 } } }, { nowMs: 20_000 });
  assert.equal(step.expects, undefined);
  await assert.rejects(async () => {
    while (step.needs !== undefined) {
      const { needs } = step;
      if (needs.keys.some((key) => key.startsWith('hold!')) && !released) {
        released = true;
        await other.releaseHold({ hold: 'h-2' });
      }
      step.supply(await fetch(needs));
    }
  }, failed('corrupt'));
  assert.equal(await cells.commit({ expects: step.expects, writes: [] }), false);
  // A cell that is really missing is told.
  await shop.placeHold({ hold: 'h-3', channel: 'web', lives_ms: 5_000, lines: [{ sku: 'mug', quantity: 1 }] });
  for (const key of cells.map.keys()) if (key.startsWith('hold!')) cells.map.delete(key);
  await assert.rejects(Stockroom.over(cells, { clock: () => 90_000 }).tick({ limit: 5 }), failed('corrupt'));
});

test('failures of the database are told, and nothing is lost by them', async () => {
  const cells = new Cells();
  const shop = await stocked(Stockroom.over(cells), 3);
  for (const [at, code] of [['fetch', 'io'], ['commit', 'io']]) {
    cells.meddle = (what) => {
      if (what === at) throw new Error('the line is down');
    };
    await assert.rejects(shop.placeOrder(order(`at-${at}`, 1)), (error) => failed(code)(error) && error.retryable && error.cause.message === 'the line is down');
    cells.meddle = () => undefined;
    assert.equal((await shop.placeOrder(order(`at-${at}`, 1))).state, 'allocated', 'again');
  }
  // Others are always quicker.
  let others = 0;
  cells.meddle = (what) => {
    if (what !== 'commit') return;
    others += 1;
    cells.map.set('revision', JSON.stringify({ format: 1, revision: 1_000 + others }));
  };
  const hurried = Stockroom.over(cells, { retries: 3 });
  await assert.rejects(hurried.placeOrder(order('late', 1)), failed('busy'));
  assert.equal(others, 4);
  cells.meddle = () => undefined;
  assert.deepEqual((await shop.verify()).problems, []);
  await shop.close();
});

test('a database that answers nonsense is refused', async () => {
  const answers = [
    [{ cells: [], ranges: [] }, 'malformed'],
    [{ cells: [null, null], ranges: [] }, 'malformed'],
    [{ cells: [null], ranges: [[]] }, 'malformed'],
    [{ cells: [7], ranges: [] }, 'malformed'],
    [{ cells: [undefined], ranges: [] }, 'malformed'],
    [{ cells: null }, 'malformed'],
    [null, 'malformed'],
    ['cells', 'malformed'],
    [{ cells: ['no JSON'], ranges: [] }, 'corrupt'],
    [{ cells: ['{"format":9,"revision":1}'], ranges: [] }, 'schema_too_new'],
  ];
  for (const [answer, code] of answers) {
    const shop = Stockroom.over({ fetch: () => answer, commit: () => true });
    await assert.rejects(shop.registerSku({ sku: 'mug' }), failed(code), JSON.stringify(answer));
  }
  const shop = Stockroom.over(Object.assign(new Cells(), { commit: () => 'yes' }));
  await assert.rejects(shop.registerSku({ sku: 'mug' }), failed('callback'));
  for (const database of [null, undefined, {}, { fetch() {} }]) assert.throws(() => Stockroom.over(database), failed('unsupported'));
  assert.throws(() => Stockroom.over(new Cells(), { retires: 3 }), failed('unsupported'));
  assert.throws(() => Stockroom.over(new Cells(), { retries: -1 }), failed('unsupported'));
  await assert.rejects(Stockroom.over(new Cells()).export(), failed('unsupported'));
});

test('step by step', async () => {
  const cells = new Cells();
  await stocked(Stockroom.over(cells), 1);
  const place = (id) => Step.execute({ action: { place_order: order(id, 1) } }, { nowMs: 7 });
  const step = place('o-1');
  assert.deepEqual(step.needs, { keys: ['revision'], ranges: [] }, 'first the cell that must hold still');
  assert.throws(() => step.decided, failed('malformed'));
  assert.throws(() => step.supply({ cells: [], ranges: [] }), failed('malformed'));
  assert.throws(() => step.supply(undefined), failed('malformed'));
  assert.deepEqual(step.needs, { keys: ['revision'], ranges: [] }, 'it stands where it stood');
  const { answer, expects, writes } = await through(step, cells);
  assert.ok('accepted' in answer.outcome);
  assert.equal(expects.key, 'revision');
  assert.deepEqual(writes.map(([key]) => key), writes.map(([key]) => key).sort());
  assert.throws(() => step.supply({ cells: [], ranges: [] }), failed('malformed'), 'it is decided');
  // Another is quicker.
  const other = await through(place('o-2'), cells);
  assert.equal(await cells.commit(other), true);
  assert.equal(await cells.commit({ expects, writes }), false);
  const again = await through(place('o-1'), cells);
  assert.equal(again.answer.outcome.rejected.code, 'insufficient_stock');
  assert.equal((await through(Step.read('order', { order: 'o-2' }), cells)).answer.order, 'o-2');
  assert.deepEqual((await through(Step.preview({ action: { cancel_order: { order: 'o-2' } } }), cells)).writes, []);
  assert.equal((await through(Step.batch([{ action: { tick: { limit: 5 } } }]), cells)).answer.length, 1);
  assert.equal((await through(Step.batch([]), cells)).expects, undefined);
  for (const nowMs of [1.5, Number.NaN, '7', 2 ** 53]) assert.throws(() => Step.batch([], { nowMs }), failed('unsafe_number'));
  assert.throws(() => Step.execute({ action: { place_oder: {} } }), failed('malformed'));
  assert.throws(() => Step.execute({ action: { place_order: order('o-9', 1.5) } }), failed('unsafe_number'));
});
