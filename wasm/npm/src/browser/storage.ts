// A database's files in the origin's private file system, held by one worker: under a lock of the origin, and by handles
// that the browser gives out once. Both end with the worker, however it ends.

import { StockroomError, failure } from '../errors.js';
import { MAGIC, alreadyThere } from '../sqlite-file.js';
import type { SyncHandle } from './files.js';

/** The folder that holds all databases of an origin. */
const FOLDER = 'stockroom';
/** The files of one database: itself, its log, and the journal that it has while it becomes one with a log. */
const SUFFIXES = ['', '-wal', '-journal'] as const;
/** Letters, digits, `.`, `_`, `-` and spaces, beginning with no dot. */
const NAME = /^[\p{L}\p{N}_][\p{L}\p{N}\p{M}._ -]{0,99}$/u;
/** How long to wait for another owner where nothing is said: a page that is reloaded lets go a moment later. */
const BUSY_TIMEOUT_MS = 1_000;
/** The handles of a worker that has ended are free a moment after its lock. */
const HANDLES_TIMEOUT_MS = 2_000;
const HANDLES_PAUSE_MS = 20;

type FileHandle = FileSystemFileHandle & { createSyncAccessHandle(): Promise<SyncHandle> };
/** By the path that SQLite says. */
type Files = Map<string, SyncHandle>;

/** A database's place, while it is ours. */
export class Storage {
  readonly path: string;
  readonly files: Files;
  readonly #free: () => void;

  private constructor(path: string, files: Files, free: () => void) {
    this.path = path;
    this.files = files;
    this.#free = free;
  }

  /** Takes a place for this worker, until `release` or the worker's end. */
  static async take(path: string, busyTimeoutMs = BUSY_TIMEOUT_MS): Promise<Storage> {
    const folder = await folderOf(path, true);
    const free = await locked(path, busyTimeoutMs);
    const files: Files = new Map();
    try {
      for (const suffix of SUFFIXES) files.set(path + suffix, await handleOf(folder, path + suffix));
      const storage = new Storage(path, files, free);
      storage.#dropUnfinished();
      return storage;
    } catch (error) {
      close(files);
      free();
      throw refused(error, 'open');
    }
  }

  /** Removes a database that nobody has. */
  static async remove(path: string, busyTimeoutMs = BUSY_TIMEOUT_MS): Promise<void> {
    const storage = await Storage.take(path, busyTimeoutMs);
    try {
      storage.clear();
      close(storage.files);
      const folder = await folderOf(path, false);
      for (const suffix of SUFFIXES) await folder.removeEntry(path + suffix);
    } catch (error) {
      throw refused(error, 'remove');
    } finally {
      storage.release();
    }
  }

  /** The file's bytes, while no database is open on it. */
  read(): Uint8Array {
    if (this.#file('-wal').getSize() > 0) throw new StockroomError('io', 'export', 'the log could not be written into the file');
    const file = this.#file('');
    const bytes = new Uint8Array(file.getSize());
    file.read(bytes, { at: 0 });
    return bytes;
  }

  /**
   * Makes the file of bytes. What makes it an SQLite file comes last, so that a file which was not written to its end is
   * known for one and dropped at the next opening.
   */
  write(bytes: Uint8Array): void {
    const file = this.#file('');
    if (file.getSize() > 0 || this.#file('-wal').getSize() > 0) throw alreadyThere(this.path);
    const put = (part: Uint8Array, at: number): void => {
      if (file.write(part, { at }) !== part.length) throw new StockroomError('full', 'import', 'the browser gives no more room');
    };
    try {
      put(new Uint8Array(MAGIC.length), 0);
      put(bytes.subarray(MAGIC.length), MAGIC.length);
      file.flush();
      put(bytes.subarray(0, MAGIC.length), 0);
      file.flush();
    } catch (error) {
      this.clear();
      throw refused(error, 'import');
    }
  }

  /** Leaves nothing in the files. The database first: SQLite passes over a log without one. */
  clear(): void {
    for (const suffix of SUFFIXES) {
      const file = this.#file(suffix);
      file.truncate(0);
      file.flush();
    }
  }

  release(): void {
    close(this.files);
    this.#free();
  }

  #dropUnfinished(): void {
    const file = this.#file('');
    if (file.getSize() === 0 || this.#file('-wal').getSize() > 0 || this.#file('-journal').getSize() > 0) return;
    const start = new Uint8Array(MAGIC.length);
    file.read(start, { at: 0 });
    if (start.every((byte) => byte === 0)) this.clear();
  }

  #file(suffix: (typeof SUFFIXES)[number]): SyncHandle {
    const file = this.files.get(this.path + suffix);
    if (file === undefined) throw new StockroomError('io', 'files', `there is no file ${this.path}${suffix}`);
    return file;
  }
}

function close(files: Files): void {
  for (const file of files.values()) file.close();
}

async function folderOf(path: string, create: boolean): Promise<FileSystemDirectoryHandle> {
  if (!NAME.test(path) || SUFFIXES.some((suffix) => suffix !== '' && path.endsWith(suffix))) {
    const message = `${JSON.stringify(path)} is no name of a database in a browser: letters, digits, "._- ", at most 100, no folders`;
    throw new StockroomError('unsupported', 'open', message);
  }
  try {
    // Absent on pages that came by http, and in some private windows.
    if (navigator.storage?.getDirectory === undefined || navigator.locks === undefined) throw new Error('this page has none');
    const root = await navigator.storage.getDirectory();
    return await root.getDirectoryHandle(FOLDER, { create });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const message = `the browser offers no private files here (${why}): pages need https or localhost, and no private window. \`:memory:\` works, and is gone with the page`;
    throw new StockroomError('unsupported', 'open', message, { cause: error });
  }
}

/** Takes the lock of a name. Gives what frees it. */
function locked(path: string, waitMs: number): Promise<() => void> {
  return new Promise((granted, failed) => {
    const busy = (): void => failed(new StockroomError('busy', 'open', `${path} is in use by another page or worker; a database has one owner at a time`));
    const hold = (lock: Lock | null): Promise<void> | undefined => {
      if (lock !== null) return new Promise((free) => granted(free));
      busy();
      return undefined;
    };
    const options = waitMs > 0 ? { signal: AbortSignal.timeout(waitMs) } : { ifAvailable: true };
    navigator.locks.request(`stockroom:${path}`, options, hold).catch((error: unknown) => {
      if (error instanceof Error && error.name === 'TimeoutError') busy();
      else failed(failure(error, 'open'));
    });
  });
}

async function handleOf(folder: FileSystemDirectoryHandle, name: string): Promise<SyncHandle> {
  const file = (await folder.getFileHandle(name, { create: true })) as FileHandle;
  if (typeof file.createSyncAccessHandle !== 'function') {
    throw new StockroomError('unsupported', 'open', 'this browser has no synchronous file handles');
  }
  for (const untilMs = performance.now() + HANDLES_TIMEOUT_MS; ; ) {
    try {
      return await file.createSyncAccessHandle();
    } catch (error) {
      const isTaken = error instanceof Error && error.name === 'NoModificationAllowedError';
      if (!isTaken || performance.now() > untilMs) throw error;
      await new Promise((done) => setTimeout(done, HANDLES_PAUSE_MS));
    }
  }
}

/** A browser's exception about files, as ours. */
function refused(error: unknown, operation: string): StockroomError {
  if (error instanceof StockroomError) return error;
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const name = error instanceof Error ? error.name : '';
  const code = name === 'QuotaExceededError' ? 'full' : name === 'NoModificationAllowedError' ? 'busy' : 'io';
  return new StockroomError(code, operation, message, { cause: error });
}
