// A step whose call is text already: what the class of steps and the engine over them have in common.

import type { RawStep, TextCall } from './engine.js';
import { StockroomError, failure } from './errors.js';
import { decode, encode } from './json.js';
import type { Changes, Decided, Needs, Supply } from './step.js';

type Turn = { needs: Needs } | { decided: { answer: unknown; expects: Changes['expects'] | null; writes: Changes['writes'] } };

/** Begins a call where the package runs; the entry says how. */
export type Begin = (call: TextCall, document: string, nowMs: number) => RawStep;

let begin: Begin | undefined;

/** Says how; the entry does, once. */
export function useSteps(how: Begin): void {
  begin = how;
}

/** How a call begins; fails where the package runs without steps. */
export function beginning(operation: string): Begin {
  if (begin === undefined) throw new StockroomError('unsupported', operation, "a database of the host's own is for Node");
  return begin;
}

/** A call as text on its way, for whoever has the text already. */
export class TextStep {
  /** Nothing once it has ended. */
  #step: RawStep | undefined;
  #turn: Turn;
  #expects: Changes['expects'];

  constructor(call: TextCall, text: string, nowMs: number) {
    const step = this.#called(() => beginning('step')(call, text, nowMs));
    this.#step = step;
    this.#turn = this.#advanced(step);
  }

  get needs(): Needs | undefined {
    return 'needs' in this.#turn ? this.#turn.needs : undefined;
  }

  get expects(): Changes['expects'] {
    return this.#expects;
  }

  supply(supply: Supply): void {
    const step = this.#step;
    if (step === undefined) throw new StockroomError('malformed', 'step', 'the step needs nothing');
    if (typeof supply !== 'object' || supply === null) throw new StockroomError('malformed', 'step', 'a supply has cells and ranges');
    const { cells, ranges } = supply;
    const text = encode({ cells, ranges }, 'step', 'supply');
    this.#called(() => step.supply(text));
    // It is asked for first, and alone.
    const [key] = this.needs?.keys ?? [];
    if (this.#expects === undefined && key !== undefined) this.#expects = { key, cell: cells[0] ?? null };
    this.#turn = this.#advanced(step);
  }

  get decided(): Decided<unknown> {
    if (!('decided' in this.#turn)) throw new StockroomError('malformed', 'step', 'the step needs more before it is decided');
    const { answer, expects, writes } = this.#turn.decided;
    return expects === null || expects === undefined ? { answer, writes } : { answer, expects, writes };
  }

  #advanced(step: RawStep): Turn {
    let turn: Turn | undefined;
    try {
      turn = decode<Turn>(this.#called(() => step.advance()), 'step');
      return turn;
    } finally {
      // Decided or failed: it is not asked again.
      if (turn === undefined || 'decided' in turn) {
        this.#step = undefined;
        step.free();
      }
    }
  }

  #called<T>(call: () => T): T {
    try {
      return call();
    } catch (error) {
      throw failure(error, 'step');
    }
  }
}
