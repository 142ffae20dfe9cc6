// The package in CommonJS, and beside itself as an ES module: one package, one class of errors.

const assert = require('node:assert/strict');
const test = require('node:test');
const { Stockroom, StockroomError } = require('stockroom');

test('it works when it is required', async () => {
  const shop = await Stockroom.open(':memory:');
  assert.equal(await shop.registerSku({ sku: 'mug' }), 'done');
  assert.equal(await shop.registerSku({ sku: 'mug' }), 'unchanged');
  await shop.close();
});

test('required and imported it is the same', async () => {
  const imported = await import('stockroom');
  assert.equal(imported.StockroomError, StockroomError);
  assert.equal(imported.Stockroom, Stockroom);
});
