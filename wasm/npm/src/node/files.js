// SQLite's files in Node: what the module asks of its host, over `node:fs`. Synchronous, because SQLite is; every
// operation answers with a number and none throws, because an exception must not fly through WebAssembly's frames.

import fs from 'node:fs';
import { dirname, resolve } from 'node:path';

const FAILED = -1;
const MISSING = -2;
const NOT_ALLOWED = -3;
const FULL = -4;
const FOREIGN = -5;

const FAULTS = {
  ENOENT: MISSING,
  EACCES: NOT_ALLOWED,
  EPERM: NOT_ALLOWED,
  EROFS: NOT_ALLOWED,
  ENOSPC: FULL,
  EDQUOT: FULL,
  EFBIG: FULL,
};

const FOREIGN_SAID =
  'another program is at work on the database; nothing more is written. Close it, and open the database again when the other has ended';

/** What the system adds to the path of a file whose name was taken away. */
const DELETED = ' (deleted)';

/**
 * What is open. `link` is where the system says what the file is called, where there is such a place; `isLooked` is
 * whether a log's name was looked at since it was written. `database` is shared by the files of one database: once another
 * program has been seen there, none of them is written any more, the checkpoint at closing included.
 *
 * @typedef {{ path: string, link: string | undefined, log: boolean, isNew: boolean, isLooked: boolean, database: { shm: string, foreign: boolean, open: number } }} OpenFile
 */

/** @implements {import('../../module/stockroom.js').HostFiles} */
export class NodeFiles {
  /** @type {Map<number, OpenFile>} by descriptor */
  #files = new Map();
  /** @type {Map<string, OpenFile['database']>} by the main file's path */
  #databases = new Map();
  #said = '';

  open(path, create, readOnly, log) {
    try {
      const main = log ? path.replace(/-wal$/, '') : path;
      let isNew = false;
      let descriptor;
      try {
        descriptor = fs.openSync(path, readOnly ? 'r' : 'r+');
      } catch (error) {
        if (error.code !== 'ENOENT' || !create) throw error;
        descriptor = this.#create(path, log ? main : undefined);
        isNew = true;
      }
      let database = this.#databases.get(main);
      if (database === undefined) {
        database = { shm: `${main}-shm`, foreign: false, open: 0 };
        this.#databases.set(main, database);
      }
      database.open += 1;
      this.#files.set(descriptor, { path, link: log ? linkOf(descriptor) : undefined, log, isNew, isLooked: false, database });
      return descriptor;
    } catch (error) {
      return this.#fault(error);
    }
  }

  close(descriptor) {
    const file = this.#files.get(descriptor);
    this.#files.delete(descriptor);
    if (file !== undefined) {
      file.database.open -= 1;
      if (file.database.open === 0) this.#databases.delete(file.path.replace(/-wal$/, ''));
    }
    try {
      fs.closeSync(descriptor);
      return 0;
    } catch (error) {
      return this.#fault(error);
    }
  }

  read(descriptor, buffer, at) {
    try {
      let done = 0;
      while (done < buffer.length) {
        const count = fs.readSync(descriptor, buffer, done, buffer.length - done, at + done);
        if (count === 0) break;
        done += count;
      }
      return done;
    } catch (error) {
      return this.#fault(error);
    }
  }

  write(descriptor, buffer, at) {
    try {
      const file = this.#files.get(descriptor);
      // If a log's name was there after the last sync, it is enough that the next sync looks again: what is written into a
      // log without a name is nobody's.
      if (this.#isForeign(descriptor, file, !file.isLooked)) return this.#foreign();
      file.isLooked = false;
      let done = 0;
      while (done < buffer.length) {
        done += fs.writeSync(descriptor, buffer, done, buffer.length - done, at + done);
      }
      return 0;
    } catch (error) {
      return this.#fault(error);
    }
  }

  truncate(descriptor, bytes) {
    try {
      if (this.#isForeign(descriptor, this.#files.get(descriptor), true)) return this.#foreign();
      fs.ftruncateSync(descriptor, bytes);
      return 0;
    } catch (error) {
      return this.#fault(error);
    }
  }

  sync(descriptor) {
    try {
      const file = this.#files.get(descriptor);
      if (file.isNew) {
        fs.fsyncSync(descriptor);
        syncDirectory(dirname(file.path));
        file.isNew = false;
      } else {
        // Lengths and all that is needed to read the file are synced too; only its times may be lost.
        fs.fdatasyncSync(descriptor);
      }
      // Asked last: what another program opens from here on, it opens with this commit in it.
      if (this.#isForeign(descriptor, file, true)) return this.#foreign();
      file.isLooked = true;
      return 0;
    } catch (error) {
      return this.#fault(error);
    }
  }

  size(descriptor) {
    try {
      return fs.fstatSync(descriptor).size;
    } catch (error) {
      return this.#fault(error);
    }
  }

  remove(path, syncsDirectory) {
    try {
      fs.unlinkSync(path);
      if (syncsDirectory) syncDirectory(dirname(path));
      return 0;
    } catch (error) {
      return this.#fault(error);
    }
  }

  access(path, writable) {
    try {
      if (writable) {
        fs.accessSync(path, fs.constants.R_OK | fs.constants.W_OK);
        return 1;
      }
      // As SQLite's own: an empty log or journal is none.
      const stat = fs.statSync(path, { throwIfNoEntry: false });
      return stat !== undefined && (!stat.isFile() || stat.size > 0) ? 1 : 0;
    } catch (error) {
      return error.code === 'ENOENT' || error.code === 'ENOTDIR' || (writable && error.code in FAULTS) ? 0 : this.#fault(error);
    }
  }

  fullPath(path) {
    return resolve(path);
  }

  said() {
    return this.#said;
  }

  /** Creates a file; a log gets the permissions of its database, as SQLite gives it. */
  #create(path, like) {
    if (like === undefined) return fs.openSync(path, 'wx+', 0o644);
    const mode = fs.statSync(like).mode & 0o777;
    const descriptor = fs.openSync(path, 'wx+', mode);
    if (process.platform !== 'win32') fs.fchmodSync(descriptor, mode);
    return descriptor;
  }

  /**
   * Whether another program works on the database. SQLite elsewhere cannot see our lock, and we cannot hold its. But
   * whoever opens a database with a log makes `-shm` first and, closing it, may copy the log into the database and
   * remove it. Looked at before every write to the log and after every sync of it, so that a commit that might get
   * lost that way is never acknowledged. `looksAtName`: whether the log was removed, too.
   */
  #isForeign(descriptor, file, looksAtName) {
    const { log, link, database } = file;
    if (!database.foreign && log) {
      database.foreign = fs.existsSync(database.shm) || (looksAtName && isNameless(descriptor, link));
    }
    return database.foreign;
  }

  #foreign() {
    this.#said = FOREIGN_SAID;
    return FOREIGN;
  }

  #fault(error) {
    this.#said = error instanceof Error ? error.message : String(error);
    return FAULTS[error?.code] ?? FAILED;
  }
}

/** Where the system says what an open file is called; nothing where it has no such place. */
function linkOf(descriptor) {
  const link = `/proc/self/fd/${descriptor}`;
  return process.platform === 'linux' && fs.existsSync(link) ? link : undefined;
}

/**
 * Whether an open file's name was taken away. Asking for its links says so everywhere. But whoever asks for those is told
 * its times too, and Linux (from 6.13 on) then gives the next write a time of its own, which the sync after it brings to the
 * disk: a commit took a third longer.
 */
function isNameless(descriptor, link) {
  if (link !== undefined) {
    try {
      return fs.readlinkSync(link).endsWith(DELETED);
    } catch {
      // A process that gave up rights may have lost this one.
    }
  }
  return fs.fstatSync(descriptor).nlink === 0;
}

/** Makes the names in a directory durable. Windows has no such thing, and needs none. */
export function syncDirectory(path) {
  if (process.platform === 'win32') return;
  const descriptor = fs.openSync(path, 'r');
  try {
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}
