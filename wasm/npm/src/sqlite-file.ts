// What an SQLite file is told by, before anything is done with it.

import { StockroomError } from './errors.js';

/** What every SQLite file begins with. Source: <https://www.sqlite.org/fileformat2.html#magic_header_string>. */
export const MAGIC = new TextEncoder().encode('SQLite format 3\0');

/** The smallest file that can be one, in bytes: one page of the smallest size. */
const BYTES_MIN = 512;

/** Refuses bytes that are no SQLite file. Whether it is Stockroom's is told when it is opened. */
export function checkFile(bytes: Uint8Array): void {
  const isFile = bytes.length >= BYTES_MIN && MAGIC.every((byte, at) => bytes[at] === byte);
  if (!isFile) throw new StockroomError('unsupported', 'import', 'the bytes are no SQLite file');
}

/** Where there is a database already, which an import must not touch. */
export function alreadyThere(path: string): StockroomError {
  return new StockroomError('unsupported', 'import', `there is a database ${path} already; remove it first`);
}
