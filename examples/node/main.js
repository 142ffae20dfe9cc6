// Starts the shop of server.js, with a relay that hands its orders to a warehouse, and ends it in good order: on SIGTERM
// nothing new is taken, what is under way is answered and reported, and the database is closed last.
//
// DATABASE, PORT; WMS_URL and WMS_TOKEN for a warehouse; SHOPIFY_SHOP, SHOPIFY_SECRET and SHOPIFY_LOCATION for a shop.

import { Stockroom } from 'stockroom';
import { server } from './server.js';

const { DATABASE = 'shop.sqlite3', PORT = '3000', WMS_URL, WMS_TOKEN = '', SHOPIFY_SHOP, SHOPIFY_SECRET, SHOPIFY_LOCATION } = process.env;

const shop = await Stockroom.open({
  path: DATABASE,
  // The process before this one may still be closing.
  busyTimeoutMs: 10_000,
  log: ({ level, operation, message }) => console.error(`${level} in ${operation}: ${message}`),
});
await shop.registerLocation({ location: 'main' });
await shop.registerChannel({ channel: 'web', locations: ['main'] });

const stopping = new AbortController();
/** @type {import('stockroom').Relay | undefined} */
let relay;
if (WMS_URL !== undefined) {
  await shop.registerDestination({ destination: 'wms' });
  await shop.registerWarehouse({ location: 'main', destination: 'wms' });
  relay = shop.relay({
    routes: [{ destination: 'wms', connections: 4, exchange: { rest: { base_url: WMS_URL, auth: { bearer: { token: WMS_TOKEN } } } } }],
    fulfill: true,
    signal: stopping.signal,
    allowPlainHttp: WMS_URL.startsWith('http://'),
  });
}
const shopify =
  SHOPIFY_SHOP === undefined || SHOPIFY_SECRET === undefined || SHOPIFY_LOCATION === undefined
    ? undefined
    : shop.webhook({ shopify: { shop: SHOPIFY_SHOP, secrets: [SHOPIFY_SECRET], location: SHOPIFY_LOCATION, orders: { channel: 'web' } } });

const app = server(shop, { stopping: stopping.signal, logger: true, ...(shopify === undefined ? {} : { shopify }) });
await app.listen({ port: Number(PORT), host: '127.0.0.1' });

async function stop() {
  if (stopping.signal.aborted) return;
  stopping.abort();
  await app.close();
  await relay?.ended;
  await shop.close();
}
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
