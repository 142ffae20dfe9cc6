// What speaks with warehouses and shops, in Node: a module of its own, which is loaded when it is first asked for. A
// program without any does not load it, nor does a browser.

import fs from 'node:fs';
import * as wasm from '../../module/exchanges.js';
import type { Backfill, Exchange, Module, Webhook } from '../engine.js';
import { Guard } from '../module.js';

const guard = new Guard();
let isLoaded = false;

function made<T>(operation: string, make: () => T): T {
  return guard.call(operation, () => {
    if (!isLoaded) wasm.initSync({ module: fs.readFileSync(new URL('./exchanges.wasm', import.meta.url)) });
    isLoaded = true;
    return make();
  });
}

/** What needs no database. */
export const exchanges: Module = {
  exchange: (settings): Exchange => made('exchange', () => new wasm.Exchange(settings)),
  webhook: (settings): Webhook => made('webhook', () => new wasm.Webhook(settings)),
  backfill: (settings, sinceMs): Backfill => made('backfill', () => new wasm.Backfill(settings, sinceMs)),
};
