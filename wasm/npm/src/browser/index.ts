// The package in a browser: the engine and its files in a worker of each database, and the same class before it.

import type { Host } from '../engine.js';
import { StockroomError } from '../errors.js';
import { useHost } from '../stockroom.js';
import { WorkerEngine } from './engine.js';

/** Shops' and warehouses' APIs allow no calls from pages, and their keys do not belong there. */
function notHere(operation: string): never {
  throw new StockroomError('unsupported', operation, 'exchanges, webhooks and backfills are for Node');
}

const browserHost: Host = {
  open: (opening) => WorkerEngine.open(opening),
  remove: (path, busyTimeoutMs) => WorkerEngine.remove(path, busyTimeoutMs),
  exchange: () => notHere('exchange'),
  webhook: () => notHere('webhook'),
  backfill: () => notHere('backfill'),
};

useHost(browserHost);

export * from '../index.js';
