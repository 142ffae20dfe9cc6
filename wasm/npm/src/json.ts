// Documents as text. `JSON.stringify` makes `null` of what is no number, `{}` of a map and 2^53 of 2^53 + 1, and
// says nothing. What crosses to the engine says exactly what the caller has, or is refused before anything is done.
// Each value is looked at once: what a getter or a proxy says a second time plays no part.

import { StockroomError } from './errors.js';

/** Deeper nesting than any document has. */
const DEPTH_MAX = 64;
/** The longest document, in UTF-16 units. */
const LENGTH_MAX = 64 * 1024 * 1024;

/** Text that stands in JSON as it is. */
const PLAIN = /^[ !#-[\]-~]*$/;
/** So many digits in a row may be a number that a double does not hold exactly. */
const LONG = 16;

/** The numbers below a thousand as text, plain and with leading zeros. */
const SMALL = Array.from({ length: 1_000 }, (_, value) => String(value));
const PADDED = SMALL.map((text) => text.padStart(3, '0'));

/** Names of fields as they are written, with their colon. Documents have few, which come again and again. */
const NAMES = new Map<string, string>();
const NAMES_MAX = 1_000;
const NAME_LENGTH_MAX = 64;

/** A document as JSON text. `what` is what the messages call it. */
export function encode(document: unknown, operation: string, what: string): string {
  const writer = new Writer();
  try {
    return writer.write(document, 0);
  } catch (error) {
    if (error instanceof StockroomError) throw error;
    const place = what + writer.place();
    if (error instanceof TooLong) throw new StockroomError('malformed', operation, `${what} is too long`);
    if (error instanceof Fault) throw new StockroomError(error.code, operation, `${place} ${error.message}`);
    throw new StockroomError('callback', operation, `reading ${place} threw: ${message(error)}`, { cause: error });
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
  /** The objects around the value that is being written. */
  readonly #around: object[] = [];
  /** Where it went wrong, from the inside out: nothing is noted as long as all goes well. */
  readonly #path: Array<string | number> = [];
  #left = LENGTH_MAX;

  place(): string {
    return this.#path.reduceRight<string>((path, step) => path + (typeof step === 'number' ? `[${step}]` : `.${step}`), '');
  }

  write(value: unknown, depth: number): string {
    switch (typeof value) {
      case 'string':
        return this.#string(value);
      case 'number':
        return number(value);
      case 'boolean':
        return value ? 'true' : 'false';
      case 'object':
        return value === null ? 'null' : this.#object(value, depth);
      case 'bigint':
        throw new Fault('unsafe_number', 'is a bigint: whole numbers are plain numbers, up to 2^53 - 1');
      default:
        throw new Fault('malformed', `is ${value === undefined ? 'undefined' : `a ${typeof value}`}, which no document holds`);
    }
  }

  #string(text: string): string {
    this.#count(text.length + 2);
    if (PLAIN.test(text)) return `"${text}"`;
    if (!text.isWellFormed()) throw new Fault('malformed', 'has half a surrogate pair, which is no text');
    return JSON.stringify(text);
  }

  #name(name: string): string {
    const known = NAMES.get(name);
    if (known !== undefined) {
      this.#count(known.length);
      return known;
    }
    const written = `${this.#string(name)}:`;
    if (NAMES.size < NAMES_MAX && name.length <= NAME_LENGTH_MAX) NAMES.set(name, written);
    return written;
  }

  #object(value: object, depth: number): string {
    if (this.#around.includes(value)) throw new Fault('malformed', 'holds itself');
    if (depth >= DEPTH_MAX) throw new Fault('malformed', 'is nested too deeply');
    this.#around.push(value);
    const text = Array.isArray(value) ? this.#array(value, depth) : this.#fields(value, depth);
    this.#around.pop();
    return text;
  }

  #array(values: readonly unknown[], depth: number): string {
    const length = values.length;
    this.#count(2 * length + 2);
    let text = '[';
    let at = 0;
    try {
      for (; at < length; at++) text += (at > 0 ? ',' : '') + this.write(values[at], depth + 1);
    } catch (error) {
      this.#path.push(at);
      throw error;
    }
    return `${text}]`;
  }

  #fields(value: object, depth: number): string {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) {
      // An object of a class, or of another realm: fine if it is made of fields.
      const tag = Object.prototype.toString.call(value);
      if (tag !== '[object Object]') throw new Fault('malformed', `is ${tag.slice(8, -1)}, not a plain object`);
    }
    let text = '{';
    const names = Object.keys(value);
    let at = 0;
    try {
      for (; at < names.length; at++) {
        const name = names[at]!;
        const field = (value as Record<string, unknown>)[name];
        // As in `JSON.stringify`: a field that is undefined is not there.
        if (field === undefined) continue;
        text += (text.length > 1 ? ',' : '') + this.#name(name) + this.write(field, depth + 1);
      }
    } catch (error) {
      this.#path.push(names[at]!);
      throw error;
    }
    this.#count(2);
    return `${text}}`;
  }

  #count(length: number): void {
    this.#left -= length;
    if (this.#left < 0) throw new TooLong();
  }
}

function number(value: number): string {
  // Quantities and prices, for which the language's own way is several times slower. Both tests are false of -0 and NaN.
  if (value < 1_000_000 && 1 / value > 0 && Number.isInteger(value)) {
    const thousands = Math.trunc(value / 1_000);
    return thousands === 0 ? SMALL[value]! : SMALL[thousands]! + PADDED[value - 1_000 * thousands]!;
  }
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) return String(value);
  if (!Number.isFinite(value)) throw new Fault('unsafe_number', `is ${value}`);
  if (value === 0) throw new Fault('unsafe_number', 'is negative zero');
  if (!Number.isInteger(value)) throw new Fault('unsafe_number', `is ${value}: documents hold whole numbers, money in minor units`);
  throw new Fault('unsafe_number', `is beyond 2^53 - 1, where numbers are not exact`);
}

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
