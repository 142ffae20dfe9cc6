// Opening a database in Node: the module loaded once, its files over `node:fs`, and the file's lock held from before
// the database is opened until after it is closed.

import fs from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { initSync, useFiles } from '../../module/stockroom.js';
import type { Backfill, Engine, Exchange, Host, Webhook } from '../engine.js';
import { ModuleEngine, module } from '../module.js';
import { NodeFiles } from './files.js';
import { acquire } from './lock.js';

const MEMORY = ':memory:';
/** The pause between two looks whether a file is free, in milliseconds. */
const BUSY_PAUSE_MS = 50;

let isLoaded = false;

function load(): void {
  if (isLoaded) return;
  const bytes = fs.readFileSync(new URL('./stockroom.wasm', import.meta.url));
  initSync({ module: bytes });
  useFiles(new NodeFiles());
  isLoaded = true;
}

async function lockOf(path: string, busyTimeoutMs: number): Promise<{ path: string; release(): void }> {
  const untilMs = Date.now() + busyTimeoutMs;
  for (;;) {
    try {
      return await acquire(path);
    } catch (error) {
      const isBusy = error instanceof Error && 'code' in error && error.code === 'busy';
      if (!isBusy || Date.now() + BUSY_PAUSE_MS > untilMs) throw error;
      await wait(BUSY_PAUSE_MS);
    }
  }
}

/** Opens a database in a file or in memory. */
export async function openEngine(path: string, survivesPowerCut = true, busyTimeoutMs = 0, cacheKib?: number): Promise<Engine> {
  load();
  if (path === MEMORY) return new ModuleEngine(path, survivesPowerCut, cacheKib, () => undefined);
  const lock = await lockOf(path, busyTimeoutMs);
  try {
    return new ModuleEngine(lock.path, survivesPowerCut, cacheKib, () => lock.release());
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** Node as the package's host. */
export const nodeHost: Host = {
  open: ({ path, survivesPowerCut, busyTimeoutMs, cacheKib }) => openEngine(path, survivesPowerCut, busyTimeoutMs, cacheKib),
  exchange: (settings): Exchange => module.exchange(settings),
  webhook: (settings): Webhook => module.webhook(settings),
  backfill: (settings, sinceMs): Backfill => module.backfill(settings, sinceMs),
};
