// Opening a database in Node: the module loaded once, its files over `node:fs`, and the file's lock held from before
// the database is opened until after it is closed.

import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { initSync, useFiles } from '../../module/stockroom.js';
import type { Host, Opening } from '../engine.js';
import { MEMORY } from '../engine.js';
import { StockroomError } from '../errors.js';
import type { Place } from '../module.js';
import { ModuleEngine } from '../module.js';
import { alreadyThere } from '../sqlite-file.js';
import { exchanges } from './exchanges.js';
import { NodeFiles, syncDirectory } from './files.js';
import { acquire } from './lock.js';

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
export async function openEngine(at: string, options: Partial<Opening> = {}): Promise<ModuleEngine> {
  load();
  const { survivesPowerCut = true, busyTimeoutMs = 0, cacheKib, checksums = true, file } = options;
  const settings = { survivesPowerCut, cacheKib, checksums };
  if (at === MEMORY) return new ModuleEngine({ path: at, release: () => undefined }, settings);
  const lock = await lockOf(at, busyTimeoutMs);
  const place: Place = { path: lock.path, read: () => whole(lock.path), release: () => lock.release() };
  try {
    if (file !== undefined) write(lock.path, file);
    try {
      return new ModuleEngine(place, settings);
    } catch (error) {
      // What is none of Stockroom's is not left where nothing was.
      if (file !== undefined) fs.rmSync(lock.path, { force: true });
      throw error;
    }
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** A closed database's file. */
function whole(file: string): Uint8Array {
  const log = fs.statSync(`${file}-wal`, { throwIfNoEntry: false });
  if (log !== undefined && log.size > 0) {
    throw new StockroomError('io', 'export', 'the log could not be written into the file, perhaps since another program has it open');
  }
  return new Uint8Array(fs.readFileSync(file));
}

/** Makes a file of bytes, whole or not at all, and durable. */
function write(file: string, bytes: Uint8Array): void {
  const isThere = (name: string): boolean => (fs.statSync(name, { throwIfNoEntry: false })?.size ?? 0) > 0;
  if (isThere(file) || isThere(`${file}-wal`)) throw alreadyThere(file);
  const beside = `${file}-import`;
  const descriptor = fs.openSync(beside, 'w', 0o644);
  try {
    fs.writeFileSync(descriptor, bytes);
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
  fs.renameSync(beside, file);
  syncDirectory(path.dirname(file));
}

async function remove(at: string, busyTimeoutMs = 0): Promise<void> {
  const lock = await lockOf(at, busyTimeoutMs);
  try {
    // The database first: SQLite passes over a log without one, and would not pass over a database without its log.
    for (const suffix of ['', '-wal', '-journal', '-shm', '-import']) fs.rmSync(`${lock.path}${suffix}`, { force: true });
    syncDirectory(path.dirname(lock.path));
  } finally {
    lock.release();
  }
}

/** Node as the package's host. */
export const nodeHost: Host = {
  open: (opening) => openEngine(opening.path, opening),
  remove,
  ...exchanges,
};
