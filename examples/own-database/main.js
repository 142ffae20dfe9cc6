// A till over PostgreSQL: sells mugs one at a time until there are none, and says each sale when it is durable. Start as
// many as you like at once; together they sell what there is and no more. With the word `stock` it brings mugs in, with
// `verify` it counts the books.
//
// node main.js stock 20 | node main.js TILL | node main.js verify; PGHOST and its kin name the database.

import pg from 'pg';
import { Stockroom, StockroomRejection } from 'stockroom';
import { Postgres } from './postgres.js';

const [what = 'till', units = '20'] = process.argv.slice(2);
const pool = new pg.Pool({ max: 4 });
const database = new Postgres(pool);
await database.create();
const shop = Stockroom.over(database);
try {
  if (what === 'stock') {
    await shop.registerLocation({ location: 'main' });
    await shop.registerChannel({ channel: 'web', locations: ['main'] });
    await shop.registerSku({ sku: 'mug' });
    await shop.receiveStock({ location: 'main', lines: [{ sku: 'mug', quantity: Number(units) }] });
  } else if (what === 'verify') {
    const { orders, problems } = await shop.verify();
    console.log(`${orders} orders, ${await shop.available('mug', 'main')} mugs left, ${problems.length} problems`);
    process.exitCode = problems.length === 0 ? 0 : 1;
  } else {
    await sell(what);
  }
} finally {
  await shop.close();
  await pool.end();
}

/** @param {string} till */
async function sell(till) {
  for (let number = 1; ; number++) {
    const id = `${till}-${number}`;
    try {
      const { lines } = await shop.placeOrder({
        id,
        channel: 'web',
        currency: 'EUR',
        lines: [{ sku: 'mug', quantity: 1, unit_price_minor: 1250 }],
      });
      console.log(`sold ${id}: ${lines.length} line`);
    } catch (error) {
      if (!(error instanceof StockroomRejection) || error.code !== 'insufficient_stock') throw error;
      console.log(`no mug for ${id}`);
      return;
    }
  }
}
