// The engine over a database of the host's own: fetches what its steps need, has their changes committed, and begins again
// where somebody else committed in between.

import type { Engine, TextCall } from './engine.js';
import { StockroomError } from './errors.js';
import { text } from './json.js';
import type { OverOptions, OwnDatabase } from './own.js';
import type { Changes, Decided } from './step.js';
import { TextStep, beginning } from './text-step.js';

/** The most commands of one commit. */
const COMMANDS_MAX = 1_000;
const RETRIES = 100;
/** The longest pause before a call begins again, in milliseconds. */
const PAUSE_MAX_MS = 50;

interface Waiting {
  call: TextCall;
  text: string;
  nowMs: number;
  done(answer: string): void;
  failed(error: unknown): void;
}

/** The engine. Calls are carried out in their order; commands that wait together share a commit. */
export class OwnEngine implements Engine {
  readonly #database: OwnDatabase;
  readonly #retries: number;
  readonly #waiting: Waiting[] = [];
  #work: Promise<void> | undefined;
  #isClosed = false;

  constructor(database: OwnDatabase, { retries = RETRIES }: Pick<OverOptions, 'retries'>) {
    beginning('over');
    if (typeof database?.fetch !== 'function' || typeof database.commit !== 'function') {
      throw new StockroomError('unsupported', 'over', 'a database has the methods fetch and commit');
    }
    if (!Number.isSafeInteger(retries) || retries < 0) throw new StockroomError('unsupported', 'over', 'retries is no count');
    this.#database = database;
    this.#retries = retries;
  }

  execute(command: Uint8Array, nowMs: number): Promise<string> {
    return this.#called('execute', text(command), nowMs);
  }

  executeBatch(commands: Uint8Array, nowMs: number): Promise<string> {
    return this.#called('executeBatch', text(commands), nowMs);
  }

  preview(command: Uint8Array, nowMs: number): Promise<string> {
    return this.#called('preview', text(command), nowMs);
  }

  read(read: Uint8Array, nowMs: number): Promise<string> {
    return this.#called('read', text(read), nowMs);
  }

  exportFile(): never {
    throw new StockroomError('unsupported', 'export', "the database is the host's own: it has no file of Stockroom's");
  }

  /** Waits for the calls before it. The database stays the host's. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#work;
  }

  #called(call: TextCall, text: string, nowMs: number): Promise<string> {
    if (this.#isClosed) return Promise.reject(new StockroomError('closed', call, 'the database is closed'));
    return new Promise((done, failed) => {
      this.#waiting.push({ call, text, nowMs, done, failed });
      // A moment later, so that calls made together are seen together.
      this.#work ??= Promise.resolve().then(() => this.#worked());
    });
  }

  async #worked(): Promise<void> {
    for (;;) {
      const together = this.#together();
      const [first] = together;
      if (first === undefined) break;
      if (together.length === 1) await this.#alone(first);
      else await this.#inOneCommit(together);
    }
    this.#work = undefined;
  }

  /** The next call, with the commands behind it that may share its commit: those at the same time. */
  #together(): Waiting[] {
    const [first] = this.#waiting;
    let count = 1;
    if (first?.call === 'execute') {
      const joins = (at: number): boolean => this.#waiting[at]?.call === 'execute' && this.#waiting[at]?.nowMs === first.nowMs;
      while (count < COMMANDS_MAX && joins(count)) count++;
    }
    return this.#waiting.splice(0, count);
  }

  async #alone({ call, text, nowMs, done, failed }: Waiting): Promise<void> {
    try {
      done(JSON.stringify((await this.#decided(call, text, nowMs)).answer));
    } catch (error) {
      failed(error);
    }
  }

  async #inOneCommit(commands: readonly Waiting[]): Promise<void> {
    let replies: unknown[];
    try {
      const all = `[${commands.map((command) => command.text).join(',')}]`;
      replies = (await this.#decided('executeBatch', all, commands[0]?.nowMs ?? 0)).answer as unknown[];
    } catch (error) {
      // One document that is none spoils the batch, and the others must not suffer for it. Nothing was done.
      if (error instanceof StockroomError && error.code === 'malformed') for (const command of commands) await this.#alone(command);
      else for (const { failed } of commands) failed(error);
      return;
    }
    for (const [at, { done }] of commands.entries()) done(JSON.stringify(replies[at]));
  }

  /** A call from its beginning to its commit, as often as it takes. */
  async #decided(call: TextCall, text: string, nowMs: number): Promise<Decided<unknown>> {
    for (let attempt = 0; attempt <= this.#retries; attempt++) {
      if (attempt > 0) await pause(Math.random() * Math.min(PAUSE_MAX_MS, 2 ** attempt));
      const step = new TextStep(call, text, nowMs);
      try {
        for (let { needs } = step; needs !== undefined; { needs } = step) {
          const asked = needs;
          step.supply(await this.#asked('fetch', () => this.#database.fetch(asked)));
        }
      } catch (error) {
        const { expects } = step;
        // What was read at different moments may contradict itself.
        const isTorn = error instanceof StockroomError && (error.code === 'corrupt' || error.code === 'invariant_broken');
        if (isTorn && expects !== undefined && !(await this.#committed({ expects, writes: [] }))) continue;
        throw error;
      }
      const { decided } = step;
      const { answer: _, ...changes } = decided;
      if (decided.expects === undefined || (await this.#committed(changes))) return decided;
    }
    throw new StockroomError('busy', call, `others committed in between ${this.#retries + 1} times`);
  }

  async #committed(changes: Changes): Promise<boolean> {
    const isDone = await this.#asked('commit', () => this.#database.commit(changes));
    if (typeof isDone !== 'boolean') throw new StockroomError('callback', 'own.commit', 'a commit says true or false');
    return isDone;
  }

  /** What the host's own code throws is a failure of its database. */
  async #asked<T>(operation: 'fetch' | 'commit', ask: () => T | Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof StockroomError) throw error;
      const message = error instanceof Error ? error.message : String(error);
      throw new StockroomError('io', `own.${operation}`, message, { cause: error });
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}
