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
/** A number of 16 digits or more, perhaps in a text: then it is looked at closely. */
const LONG = /\d{16}/;

/** A document as JSON text. `what` is what the messages call it. */
export function encode(document: unknown, operation: string, what: string): string {
  const writer = new Writer(operation, what);
  try {
    return writer.write(document, 0);
  } catch (error) {
    if (error instanceof StockroomError) throw error;
    throw new StockroomError('callback', operation, `reading ${writer.place()} threw: ${message(error)}`, { cause: error });
  }
}

function message(error: unknown): string {
  try {
    return error instanceof Error ? error.message : String(error);
  } catch {
    return 'something that has no text';
  }
}

class Writer {
  readonly #operation: string;
  readonly #what: string;
  /** The objects around the value that is being written. */
  readonly #around: object[] = [];
  /** Where that value stands. */
  readonly #path: Array<string | number> = [];
  #left = LENGTH_MAX;

  constructor(operation: string, what: string) {
    this.#operation = operation;
    this.#what = what;
  }

  place(): string {
    return this.#path.reduce<string>((path, step) => path + (typeof step === 'number' ? `[${step}]` : `.${step}`), this.#what);
  }

  write(value: unknown, depth: number): string {
    switch (typeof value) {
      case 'string':
        return this.#string(value);
      case 'number':
        return this.#number(value);
      case 'boolean':
        return value ? 'true' : 'false';
      case 'object':
        return value === null ? 'null' : this.#object(value, depth);
      case 'bigint':
        throw this.#fault('unsafe_number', 'is a bigint: whole numbers are plain numbers, up to 2^53 - 1');
      default:
        throw this.#fault('malformed', `is ${value === undefined ? 'undefined' : `a ${typeof value}`}, which no document holds`);
    }
  }

  #string(text: string): string {
    this.#count(text.length + 2);
    if (PLAIN.test(text)) return `"${text}"`;
    if (!text.isWellFormed()) throw this.#fault('malformed', 'has half a surrogate pair, which is no text');
    return JSON.stringify(text);
  }

  #number(value: number): string {
    if (!Number.isFinite(value)) throw this.#fault('unsafe_number', `is ${value}`);
    if (Object.is(value, -0)) throw this.#fault('unsafe_number', 'is negative zero');
    if (!Number.isInteger(value)) throw this.#fault('unsafe_number', `is ${value}: documents hold whole numbers, money in minor units`);
    if (!Number.isSafeInteger(value)) throw this.#fault('unsafe_number', `is beyond 2^53 - 1, where numbers are not exact`);
    return String(value);
  }

  #object(value: object, depth: number): string {
    if (this.#around.includes(value)) throw this.#fault('malformed', 'holds itself');
    if (depth >= DEPTH_MAX) throw this.#fault('malformed', 'is nested too deeply');
    this.#around.push(value);
    const text = Array.isArray(value) ? this.#array(value, depth) : this.#fields(value, depth);
    this.#around.pop();
    return text;
  }

  #array(values: readonly unknown[], depth: number): string {
    const length = values.length;
    this.#count(2 * length + 2);
    let text = '[';
    for (let at = 0; at < length; at++) {
      this.#path.push(at);
      text += (at > 0 ? ',' : '') + this.write(values[at], depth + 1);
      this.#path.pop();
    }
    return `${text}]`;
  }

  #fields(value: object, depth: number): string {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) {
      // An object of a class, or of another realm: fine if it is made of fields.
      const tag = Object.prototype.toString.call(value);
      if (tag !== '[object Object]') throw this.#fault('malformed', `is ${tag.slice(8, -1)}, not a plain object`);
    }
    let text = '{';
    for (const name of Object.keys(value)) {
      this.#path.push(name);
      const field = (value as Record<string, unknown>)[name];
      // As in `JSON.stringify`: a field that is undefined is not there.
      if (field !== undefined) text += `${text === '{' ? '' : ','}${this.#string(name)}:${this.write(field, depth + 1)}`;
      this.#path.pop();
    }
    this.#count(2);
    return `${text}}`;
  }

  #count(length: number): void {
    this.#left -= length;
    if (this.#left < 0) throw new StockroomError('malformed', this.#operation, `${this.#what} is too long`);
  }

  #fault(code: 'malformed' | 'unsafe_number', says: string): StockroomError {
    return new StockroomError(code, this.#operation, `${this.place()} ${says}`);
  }
}

/** A document of the engine's. Its whole numbers are exact, or it is refused. */
export function decode<T>(text: string, operation: string): T {
  const document: unknown = JSON.parse(text);
  if (LONG.test(text)) checkNumbers(document, operation);
  return document as T;
}

function checkNumbers(value: unknown, operation: string): void {
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)) {
    throw new StockroomError('unsafe_number', operation, 'a number of the answer is beyond 2^53 - 1; JavaScript cannot hold it exactly');
  }
  if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) checkNumbers(inner, operation);
}
