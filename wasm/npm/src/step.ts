// A call of the engine over a database of the host's own, step by step: the engine says which cells it needs, the host
// fetches them as it likes, and in the end the engine says what to write and which one cell must be as it was read.

import type * as documents from './documents.js';
import type { TextCall } from './engine.js';
import { StockroomError } from './errors.js';
import { encode } from './json.js';
import type { ReadAsk } from './options.js';
import { TextStep } from './text-step.js';

/** The cells with keys from one on and before another, by the order of their bytes. Keys are printable ASCII. */
export interface KeyRange {
  /** The first key that is meant. */
  readonly from: string;
  /** The first after those that are meant. */
  readonly before: string;
  /** The most cells to give; 4,294,967,295 stands for all. */
  readonly limit: number;
}

/** A cell and its key. A cell is a text, to be kept as it is. */
export type Entry = readonly [key: string, cell: string];

/** What a step needs to go on. */
export interface Needs {
  /** Cells by their keys. */
  readonly keys: readonly string[];
  /** Cells in ranges. */
  readonly ranges: readonly KeyRange[];
}

/** What was needed, in the order in which it was asked for. */
export interface Supply {
  /** A cell for each key, null where there is none. */
  cells: ReadonlyArray<string | null>;
  /** The entries of each range, in the order of the keys. */
  ranges: ReadonlyArray<readonly Entry[]>;
}

/** What to do to a database, all or nothing. */
export interface Changes {
  /**
   * The cell that must be as it was read, null for none: every commit changes it. Where it is another by now, nothing may be
   * written, and the call begins again. Absent where nothing was read.
   */
  readonly expects?: { readonly key: string; readonly cell: string | null };
  /** Cells to write, in the order of their keys; null where one is to be removed. Empty where nothing changes. */
  readonly writes: ReadonlyArray<readonly [key: string, cell: string | null]>;
}

/** What came of a call. The answer counts once the changes are durable, also where there are none to write. */
export interface Decided<T> extends Changes {
  readonly answer: T;
}

/** How a step begins. */
export interface StepOptions {
  /** When it is decided, in milliseconds since the Unix epoch; now where it is left out. */
  nowMs?: number;
}

/**
 * A call of the engine on its way over a database of the host's own.
 *
 * ```js
 * const step = Step.execute({ action: { place_order: order } });
 * while (step.needs !== undefined) step.supply(await fetchFrom(database, step.needs));
 * const { answer, expects, writes } = step.decided;
 * // In one transaction: if the cell of `expects` is as it was, write. Else make a new step.
 * ```
 *
 * `Stockroom.over` does this for whole shops. In Node only.
 */
export class Step<T> {
  readonly #step: TextStep;

  private constructor(call: TextCall, document: unknown, what: string, options: StepOptions) {
    const text = encode(document, 'step', what);
    const { nowMs = Date.now() } = options;
    if (!Number.isSafeInteger(nowMs)) throw new StockroomError('unsafe_number', 'step', `nowMs is ${String(nowMs)}, no whole number of milliseconds`);
    this.#step = new TextStep(call, text, nowMs);
  }

  /** A command. */
  static execute(command: documents.Command, options: StepOptions = {}): Step<documents.Reply> {
    return new Step('execute', command, 'command', options);
  }

  /** Commands that share a commit, each standing or falling alone. */
  static batch(commands: readonly documents.Command[], options: StepOptions = {}): Step<documents.Reply[]> {
    return new Step('executeBatch', commands, 'commands', options);
  }

  /** The reply that a command would get. Nothing is written. */
  static preview(command: documents.Command, options: StepOptions = {}): Step<documents.Reply> {
    return new Step('preview', command, 'command', options);
  }

  /** A read by its name. */
  static read<K extends keyof documents.ReadAnswers>(
    name: K,
    ask: ReadAsk<K>,
    options: StepOptions = {},
  ): Step<documents.ReadAnswers[K]> {
    return new Step('read', { [name]: ask }, 'read', options);
  }

  /** What it needs to go on; undefined once it is decided. */
  get needs(): Needs | undefined {
    return this.#step.needs;
  }

  /** The cell that must be as it was read, as soon as it was supplied: it is asked for first, and alone. */
  get expects(): Changes['expects'] {
    return this.#step.expects;
  }

  /**
   * Takes in what was needed and goes on. All of it is from one moment, or read after the cell that is expected.
   *
   * What was not asked for fails with `malformed`, and the step stands where it stood. Where the call fails, the step has
   * ended. Parts that are from different moments may contradict each other: `corrupt` and `invariant_broken` mean what they say
   * only where the cell that is expected is still as it was.
   */
  supply(supply: Supply): void {
    this.#step.supply(supply);
  }

  /** What came of it. Fails with `malformed` while something is needed. */
  get decided(): Decided<T> {
    return this.#step.decided as Decided<T>;
  }
}
