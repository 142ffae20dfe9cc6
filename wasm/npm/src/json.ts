// Documents as text. `JSON.stringify` makes `null` of what is no number, `{}` of a map and 2^53 of 2^53 + 1, and
// says nothing. What crosses to the engine says exactly what the caller has, or is refused before anything is done.
// Each value is looked at once: what a getter or a proxy says a second time plays no part.

import { StockroomError } from './errors.js';

/** Deeper nesting than any document has. */
const DEPTH_MAX = 64;
/** The longest document, in bytes. */
const BYTES_MAX = 64 * 1024 * 1024;

/** Names of fields as they are written, with their colon. Documents have few, which come again and again. */
const NAMES = new Map<string, Uint8Array>();
const NAMES_MAX = 1_000;
const NAME_LENGTH_MAX = 64;

const [QUOTE, COMMA, COLON, BACKSLASH, ZERO] = [0x22, 0x2c, 0x3a, 0x5c, 0x30] as const;
const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d] as const;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Room that documents are written into, one after the other; not there while somebody writes. It grows with them. */
let room: Uint8Array | undefined = new Uint8Array(64 * 1024);
const ROOM_MAX_BYTES = 1024 * 1024;

/** A document as JSON text. `what` is what the messages call it. */
export function encode(document: unknown, operation: string, what: string): string {
  return text(encodeBytes(document, operation, what));
}

/** A text's bytes. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** A document's bytes as text. */
export function text(document: Uint8Array): string {
  return decoder.decode(document);
}

/** The same as bytes of UTF-8, good until the next document is written. */
export function encodeBytes(document: unknown, operation: string, what: string): Uint8Array {
  // A getter of the document may have another written meanwhile, which then has room of its own.
  const writer = new Writer(room ?? new Uint8Array(1024));
  room = undefined;
  try {
    writer.write(document, 0);
    return writer.written;
  } catch (error) {
    if (error instanceof StockroomError) throw error;
    const place = what + writer.place();
    if (error instanceof TooLong) throw new StockroomError('malformed', operation, `${what} is too long`);
    if (error instanceof Fault) throw new StockroomError(error.code, operation, `${place} ${error.message}`);
    throw new StockroomError('callback', operation, `reading ${place} threw: ${message(error)}`, { cause: error });
  } finally {
    room = writer.room.length <= ROOM_MAX_BYTES ? writer.room : new Uint8Array(ROOM_MAX_BYTES);
  }
}

function message(error: unknown): string {
  try {
    return error instanceof Error ? error.message : String(error);
  } catch {
    return 'something that has no text';
  }
}

/** What is wrong with the value at the place that the writer gathers while this flies. */
class Fault extends Error {
  constructor(
    readonly code: 'malformed' | 'unsafe_number',
    says: string,
  ) {
    super(says);
  }
}

class TooLong extends Error {}

class Writer {
  room: Uint8Array;
  #at = 0;
  /** The objects around the value that is being written, as many as it is deep. */
  readonly #around: object[] = [];
  /** Where it went wrong, from the inside out: nothing is noted as long as all goes well. */
  readonly #path: Array<string | number> = [];

  constructor(room: Uint8Array) {
    this.room = room;
  }

  get written(): Uint8Array {
    return this.room.subarray(0, this.#at);
  }

  place(): string {
    return this.#path.reduceRight<string>((path, step) => path + (typeof step === 'number' ? `[${step}]` : `.${step}`), '');
  }

  write(value: unknown, depth: number): void {
    switch (typeof value) {
      case 'string':
        return this.#string(value);
      case 'number':
        return this.#number(value);
      case 'boolean':
        return this.#ascii(value ? 'true' : 'false');
      case 'object':
        return value === null ? this.#ascii('null') : this.#object(value, depth);
      case 'bigint':
        throw new Fault('unsafe_number', 'is a bigint: whole numbers are plain numbers, up to 2^53 - 1');
      default:
        throw new Fault('malformed', `is ${value === undefined ? 'undefined' : `a ${typeof value}`}, which no document holds`);
    }
  }

  #string(text: string): void {
    const length = text.length;
    this.#need(length + 2);
    const room = this.room;
    let at = this.#at;
    room[at++] = QUOTE;
    for (let index = 0; index < length; index++) {
      const unit = text.charCodeAt(index);
      if (unit < 0x20 || unit > 0x7e || unit === QUOTE || unit === BACKSLASH) return this.#escaped(text);
      room[at++] = unit;
    }
    room[at] = QUOTE;
    this.#at = at + 1;
  }

  /** A text that does not stand in JSON as it is. */
  #escaped(text: string): void {
    if (!text.isWellFormed()) throw new Fault('malformed', 'has half a surrogate pair, which is no text');
    const bytes = encoder.encode(JSON.stringify(text));
    this.#need(bytes.length);
    this.room.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  #ascii(text: string): void {
    this.#need(text.length);
    for (let index = 0; index < text.length; index++) this.room[this.#at++] = text.charCodeAt(index);
  }

  #sign(unit: number): void {
    this.#need(1);
    this.room[this.#at++] = unit;
  }

  #name(name: string): void {
    const known = NAMES.get(name);
    if (known === undefined) return this.#newName(name);
    const length = known.length;
    this.#need(length);
    const room = this.room;
    let at = this.#at;
    for (let index = 0; index < length; index++) room[at++] = known[index]!;
    this.#at = at;
  }

  #newName(name: string): void {
    const begin = this.#at;
    this.#string(name);
    this.#sign(COLON);
    if (NAMES.size < NAMES_MAX && name.length <= NAME_LENGTH_MAX) NAMES.set(name, this.room.slice(begin, this.#at));
  }

  #number(value: number): void {
    // Quantities and prices, for which the language's own way is several times slower. False of -0 and NaN.
    if (value >= 0 && value < 1_000_000_000 && Object.is(value | 0, value)) return this.#digits(value | 0);
    this.#ascii(number(value));
  }

  #digits(value: number): void {
    const digits = value < 1_000 ? (value < 10 ? 1 : value < 100 ? 2 : 3) : value < 1_000_000 ? (value < 10_000 ? 4 : value < 100_000 ? 5 : 6) : value < 10_000_000 ? 7 : value < 100_000_000 ? 8 : 9;
    this.#need(digits);
    const room = this.room;
    let at = this.#at + digits;
    this.#at = at;
    let left = value;
    do {
      const rest = (left / 10) | 0;
      room[--at] = ZERO + left - 10 * rest;
      left = rest;
    } while (left > 0);
  }

  #object(value: object, depth: number): void {
    const around = this.#around;
    for (let index = 0; index < depth; index++) if (around[index] === value) throw new Fault('malformed', 'holds itself');
    if (depth >= DEPTH_MAX) throw new Fault('malformed', 'is nested too deeply');
    around[depth] = value;
    if (Array.isArray(value)) this.#array(value, depth);
    else this.#fields(value, depth);
  }

  #array(values: readonly unknown[], depth: number): void {
    const length = values.length;
    this.#sign(OPEN_ARRAY);
    let at = 0;
    try {
      for (; at < length; at++) {
        if (at > 0) this.#sign(COMMA);
        this.write(values[at], depth + 1);
      }
    } catch (error) {
      this.#path.push(at);
      throw error;
    }
    this.#sign(CLOSE_ARRAY);
  }

  #fields(value: object, depth: number): void {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) {
      // An object of a class, or of another realm: fine if it is made of fields.
      const tag = Object.prototype.toString.call(value);
      if (tag !== '[object Object]') throw new Fault('malformed', `is ${tag.slice(8, -1)}, not a plain object`);
    }
    this.#sign(OPEN_OBJECT);
    let isFirst = true;
    let at = '';
    try {
      // As with `Object.keys`, without a list of them.
      for (const name in value) {
        if (!Object.hasOwn(value, name)) continue;
        at = name;
        const field = (value as Record<string, unknown>)[name];
        // As in `JSON.stringify`: a field that is undefined is not there.
        if (field === undefined) continue;
        if (!isFirst) this.#sign(COMMA);
        isFirst = false;
        this.#name(name);
        this.write(field, depth + 1);
      }
    } catch (error) {
      this.#path.push(at);
      throw error;
    }
    this.#sign(CLOSE_OBJECT);
  }

  /** Makes room for so many bytes more. */
  #need(bytes: number): void {
    if (this.#at + bytes > this.room.length) this.#grow(this.#at + bytes);
  }

  #grow(bytes: number): void {
    if (bytes > BYTES_MAX) throw new TooLong();
    const grown = new Uint8Array(Math.min(BYTES_MAX, Math.max(bytes, 2 * this.room.length)));
    grown.set(this.written);
    this.room = grown;
  }
}

/** A number that is not written in place, as text. */
function number(value: number): string {
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) return String(value);
  if (!Number.isFinite(value)) throw new Fault('unsafe_number', `is ${value}`);
  if (value === 0) throw new Fault('unsafe_number', 'is negative zero');
  if (!Number.isInteger(value)) throw new Fault('unsafe_number', `is ${value}: documents hold whole numbers, money in minor units`);
  throw new Fault('unsafe_number', `is beyond 2^53 - 1, where numbers are not exact`);
}

/** So many digits in a row may be a number that a double does not hold exactly. */
const LONG = 16;

/** A document of the engine's. Its whole numbers are exact, or it is refused. */
export function decode<T>(text: string, operation: string): T {
  const document: unknown = JSON.parse(text);
  if (hasLong(text)) checkNumbers(document, operation);
  return document as T;
}

/** Whether there is a number of 16 digits or more, perhaps in a text: then it is looked at closely. */
function hasLong(text: string): boolean {
  // Wherever so many digits stand, one of them is at a multiple of their count: the others need no look.
  for (let at = LONG - 1; at < text.length; at += LONG) {
    if (!isDigit(text, at)) continue;
    let from = at;
    while (isDigit(text, from - 1)) from--;
    let to = at + 1;
    while (isDigit(text, to)) to++;
    if (to - from >= LONG) return true;
  }
  return false;
}

function isDigit(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return unit >= 0x30 && unit <= 0x39;
}

function checkNumbers(value: unknown, operation: string): void {
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)) {
    throw new StockroomError('unsafe_number', operation, 'a number of the answer is beyond 2^53 - 1; JavaScript cannot hold it exactly');
  }
  if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) checkNumbers(inner, operation);
}
