// One owner for a database file, in Node, which has no lock of the operating system's to offer.
//
// Whoever wants the file puts a claim beside it, under a name that nobody used before, and then looks at the claims of
// others. If one of them is alive it takes its own back; if all are dead it removes them and owns the file. Of two who
// come at once, the one who made its claim later sees the other's: both may yield, both may never own. No claim's name
// comes twice, so that removing a dead one can never hit a living one.
//
// A claim is a socket that its owner listens on: the system closes it when the process or the worker ends, however it
// ends, and then nobody answers there. It holds between processes, workers and containers on one machine. Where the
// file system takes no sockets a claim is an empty file that names the process, its start and the boot.

import { randomBytes, createHash } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const MARK = '-lock-';
/** A socket's path is longer nowhere: 108 bytes with its zero on Linux, 104 on macOS. */
const SOCKET_PATH_MAX = 100;
const TRIES = 5;

/** @typedef {{ path: string, release(): void }} Lock */

/** What stands in the way of owning the file, for `StockroomError`. */
export class BusyError extends Error {
  code = 'busy';
  retryable = true;
  operation = 'wasm.lock';
}

/**
 * Takes a database file for this thread until `release` or the end of the process.
 *
 * @param {string} path the file; its directory must exist
 * @returns {Promise<Lock>} with the path that all who mean this file have in common
 */
export async function acquire(path) {
  const file = realPath(path);
  if (process.platform === 'win32') {
    const claim = await listenOnPipe(file);
    return checked({ path: file, release: claim.release });
  }
  for (let attempt = 1; ; attempt++) {
    const claim = await makeClaim(file);
    let owner;
    try {
      owner = await livingOwner(file, claim.name);
    } catch (error) {
      claim.release();
      throw error;
    }
    if (owner === undefined) return checked({ path: file, release: claim.release });
    claim.release();
    // Whoever came at the same moment may have yielded too.
    if (attempt === TRIES) throw new BusyError(`${file} is in use by process ${owner}; a database has one owner at a time`);
    await pause(5 + Math.random() * 20 * attempt);
  }
}

/** The path without symbolic links, of a file that may not be there yet. */
function realPath(path) {
  const whole = resolve(path);
  try {
    return fs.realpathSync(whole);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    return join(fs.realpathSync(dirname(whole)), basename(whole));
  }
}

async function makeClaim(file) {
  const name = `${basename(file)}${MARK}${process.pid}-${randomBytes(8).toString('hex')}`;
  return (await listenBeside(file, name)) ?? writeBeside(file, `${name}-${ownIdentity()}`);
}

/** A claim that is a socket, or nothing where there can be none. */
async function listenBeside(file, name) {
  const claim = join(dirname(file), name);
  const reached = reach(dirname(file), name);
  if (reached === undefined) return undefined;
  const server = net.createServer((socket) => socket.destroy());
  try {
    await new Promise((done, failed) => server.once('error', failed).listen(reached.path, done));
  } catch {
    reached.close();
    return undefined;
  }
  // Nobody is waited for: the socket is there to be there.
  server.unref();
  return {
    name,
    release: once(claim, () => {
      server.close();
      reached.close();
    }),
  };
}

/** A claim that is an empty file with all in its name, so that it is never seen half written. */
function writeBeside(file, name) {
  const claim = join(dirname(file), name);
  fs.closeSync(fs.openSync(claim, 'wx'));
  return { name, release: once(claim, () => {}) };
}

/** A path to a name in a directory that is short enough for a socket. */
function reach(directory, name) {
  const path = join(directory, name);
  if (Buffer.byteLength(path) <= SOCKET_PATH_MAX) return { path, close() {} };
  if (process.platform !== 'linux' || Buffer.byteLength(name) > SOCKET_PATH_MAX - 25) return undefined;
  const descriptor = fs.openSync(directory, 'r');
  return { path: `/proc/self/fd/${descriptor}/${name}`, close: () => fs.closeSync(descriptor) };
}

/** The claims to remove if the process ends in good order without closing its databases. */
const held = new Set();
function removeHeld() {
  for (const claim of held) removeQuietly(claim);
}

function once(claim, end) {
  if (held.size === 0) process.on('exit', removeHeld);
  held.add(claim);
  return () => {
    if (!held.delete(claim)) return;
    if (held.size === 0) process.off('exit', removeHeld);
    removeQuietly(claim);
    end();
  };
}

function removeQuietly(path) {
  try {
    fs.unlinkSync(path);
  } catch {
    // It is gone, or stays as a dead claim that the next owner removes.
  }
}

/** The process of a living claim but ours, or undefined. Dead claims are removed. */
async function livingOwner(file, own) {
  const directory = dirname(file);
  const prefix = basename(file) + MARK;
  for (const name of fs.readdirSync(directory)) {
    if (!name.startsWith(prefix) || name === own) continue;
    const claim = join(directory, name);
    const stat = fs.lstatSync(claim, { throwIfNoEntry: false });
    if (stat === undefined) continue;
    const fields = name.slice(prefix.length).split('-');
    const alive = stat.isSocket() ? await answers(directory, name) : runs(fields);
    if (alive) return fields[0];
    removeQuietly(claim);
  }
  return undefined;
}

/** Whether somebody listens on a socket. In doubt, yes. */
async function answers(directory, name) {
  const reached = reach(directory, name);
  if (reached === undefined) return true;
  try {
    return await new Promise((done) => {
      const socket = net.connect(reached.path);
      const end = (alive) => {
        socket.destroy();
        done(alive);
      };
      socket.once('connect', () => end(true));
      socket.once('error', (error) => end(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT'));
    });
  } finally {
    reached.close();
  }
}

/** Whether the process that a claim names still runs. In doubt, yes. */
function runs([pid, , started, boot, namespace]) {
  const own = ownIdentity().split('-');
  if (started === undefined) return true;
  if (boot !== own[1]) return false;
  if (namespace !== own[2]) return true;
  if (started !== '0') return startOf(pid) === started;
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch (error) {
    return error.code !== 'ESRCH';
  }
}

let identity;

/** When this process started, in which boot, and among which processes its number counts; zeros where unknown. */
function ownIdentity() {
  identity ??= [
    startOf('self') ?? '0',
    read('/proc/sys/kernel/random/boot_id')?.slice(0, 8) ?? '0',
    link('/proc/self/ns/pid')?.replace(/\D/g, '') || '0',
  ].join('-');
  return identity;
}

/** The start of a process in ticks since the boot, or undefined. */
function startOf(pid) {
  // The second field is the program's name, which may hold anything.
  return read(`/proc/${pid}/stat`)?.replace(/^.*\) /s, '').split(' ')[19];
}

function read(path) {
  try {
    return fs.readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}

function link(path) {
  try {
    return fs.readlinkSync(path);
  } catch {
    return undefined;
  }
}

/** Windows: a pipe has one first listener, and ends with its process. */
async function listenOnPipe(file) {
  const name = createHash('sha256').update(file.toLowerCase()).digest('hex');
  const server = net.createServer((socket) => socket.destroy());
  try {
    await new Promise((done, failed) => server.once('error', failed).listen(`\\\\.\\pipe\\stockroom-${name}`, done));
  } catch (error) {
    if (error.code !== 'EADDRINUSE') throw error;
    throw new BusyError(`${file} is in use by another process or worker; a database has one owner at a time`);
  }
  server.unref();
  return { release: () => server.close() };
}

/** Sees to it that no other program has the database open: SQLite elsewhere knows nothing of our claims. */
function checked(lock) {
  try {
    refuseForeign(lock.path);
    return lock;
  } catch (error) {
    lock.release();
    throw error;
  }
}

function refuseForeign(file) {
  const shm = `${file}-shm`;
  const inode = (path) => fs.statSync(path, { throwIfNoEntry: false, bigint: true })?.ino.toString();
  const owner = ownerAmong(read('/proc/locks') ?? '', inode(file), inode(shm));
  if (owner !== undefined) {
    throw new BusyError(`${file} is open in another program (process ${owner}); close it there first`);
  }
  if (!fs.existsSync(shm)) return;
  if (process.platform === 'linux' || process.platform === 'win32') {
    // Left behind by a program that was killed: nobody holds a lock. On Windows an open file cannot be removed.
    try {
      fs.unlinkSync(shm);
      return;
    } catch (error) {
      if (error.code === 'ENOENT') return;
    }
  }
  throw new BusyError(
    `${shm} is there: another program has the database open, or was killed. If none has, open and close it once with the sqlite3 shell`,
  );
}

/** SQLite locks this byte of a database and some of the 511 that follow; what it locks of a `-shm` does not matter. */
const PENDING_BYTE = 0x40000000;
const LOCK_BYTES = 512;

/** A lock that is held: `1: POSIX  ADVISORY  READ 4711 fe:00:1234 1073741826 1073742335`. Waiters have an arrow. */
const HELD = /^\d+: POSIX +\S+ +\S+ (?<pid>\d+) [^ :]+:[^ :]+:(?<inode>\d+) (?<from>\d+) /;

/**
 * A process that holds SQLite's locks on the database or its `-shm`, by what Linux's kernel tells.
 *
 * @param {string} locks the text of `/proc/locks`
 * @param {string | undefined} inode the database's
 * @param {string | undefined} shmInode that of its `-shm`
 */
export function ownerAmong(locks, inode, shmInode) {
  for (const line of locks.split('\n')) {
    const held = HELD.exec(line)?.groups;
    if (held === undefined) continue;
    const from = Number(held.from);
    const ofDatabase = held.inode === inode && from >= PENDING_BYTE && from < PENDING_BYTE + LOCK_BYTES;
    if (ofDatabase || held.inode === shmInode) return held.pid;
  }
  return undefined;
}
