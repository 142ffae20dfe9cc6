// SQLite's files in a browser: what the module asks of its host, over the synchronous handles of the origin's private file
// system. Handles cannot be opened in the middle of a call, so that all files of a database are open while it is: a file
// that is not there is one with nothing in it, which SQLite takes for the same.

import type { HostFiles } from '../../module/stockroom.js';

/** What we use of a `FileSystemSyncAccessHandle`; TypeScript has it only where there is no page. */
export interface SyncHandle {
  read(buffer: Uint8Array, options: { at: number }): number;
  write(buffer: Uint8Array, options: { at: number }): number;
  truncate(bytes: number): void;
  getSize(): number;
  flush(): void;
  close(): void;
}

const FAILED = -1;
const MISSING = -2;
const FULL = -4;

export class BrowserFiles implements HostFiles {
  /** By the path that SQLite says. */
  readonly #files = new Map<string, SyncHandle>();
  /** What SQLite has open, by its number. */
  readonly #open = new Map<number, SyncHandle>();
  #next = 1;
  #said = '';

  /** Says which files there are, from now on. */
  use(files: ReadonlyMap<string, SyncHandle>): void {
    this.#files.clear();
    for (const [path, file] of files) this.#files.set(path, file);
  }

  open(path: string, create: boolean): number {
    const file = this.#files.get(path);
    if (file === undefined || (!create && !this.#hasContent(file))) {
      this.#said = `there is no file ${path}`;
      return MISSING;
    }
    const handle = this.#next;
    this.#next += 1;
    this.#open.set(handle, file);
    return handle;
  }

  close(handle: number): number {
    // The browser's handle stays: it is what keeps others out.
    this.#open.delete(handle);
    return 0;
  }

  read(handle: number, buffer: Uint8Array, at: number): number {
    return this.#tried(() => this.#at(handle).read(buffer, { at }));
  }

  write(handle: number, buffer: Uint8Array, at: number): number {
    return this.#tried(() => {
      const written = this.#at(handle).write(buffer, { at });
      if (written === buffer.length) return 0;
      this.#said = `${written} of ${buffer.length} bytes were written: the browser gives no more room`;
      return FULL;
    });
  }

  truncate(handle: number, bytes: number): number {
    return this.#tried(() => {
      this.#at(handle).truncate(bytes);
      return 0;
    });
  }

  sync(handle: number): number {
    return this.#tried(() => {
      this.#at(handle).flush();
      return 0;
    });
  }

  size(handle: number): number {
    return this.#tried(() => this.#at(handle).getSize());
  }

  remove(path: string): number {
    const file = this.#files.get(path);
    if (file === undefined) return MISSING;
    return this.#tried(() => {
      file.truncate(0);
      file.flush();
      return 0;
    });
  }

  access(path: string, writable: boolean): number {
    const file = this.#files.get(path);
    if (file === undefined) return 0;
    return this.#tried(() => (writable || this.#hasContent(file) ? 1 : 0));
  }

  fullPath(path: string): string {
    return path;
  }

  said(): string {
    return this.#said;
  }

  #at(handle: number): SyncHandle {
    const file = this.#open.get(handle);
    if (file === undefined) throw new Error(`there is no open file ${handle}`);
    return file;
  }

  #hasContent(file: SyncHandle): boolean {
    return file.getSize() > 0;
  }

  /** An operation's answer; an exception must not fly through WebAssembly's frames. */
  #tried(operation: () => number): number {
    try {
      return operation();
    } catch (error) {
      this.#said = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      return error instanceof Error && error.name === 'QuotaExceededError' ? FULL : FAILED;
    }
  }
}
