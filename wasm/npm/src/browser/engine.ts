// The engine behind a worker, as the page has it. A worker can end unasked: the browser took it, or the engine broke off.
// Then every call that waits is answered with a failure, and nothing is sent any more.

import type { Engine, Opening } from '../engine.js';
import { StockroomError } from '../errors.js';
import { text } from '../json.js';
import type { Answer, Call, Job } from './protocol.js';

interface Waiting {
  done(answer: string | Uint8Array | undefined): void;
  failed(error: StockroomError): void;
}

type Ask = Call extends infer C ? (C extends Call ? Omit<C, 'id'> : never) : never;

/** A worker and what it was asked. */
class Line {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #onLost: (error: StockroomError) => void;
  #next = 1;
  #ended: StockroomError | undefined;

  private constructor(worker: Worker, onLost: (error: StockroomError) => void) {
    this.#worker = worker;
    this.#onLost = onLost;
    worker.onmessage = ({ data }: MessageEvent<Answer>) => this.#answered(data);
    worker.onmessageerror = () => this.lose('a message of the worker could not be read');
    worker.onerror = (event) => {
      event.preventDefault();
      // An error without words is a script that did not load.
      this.lose(event.message ? `the worker failed: ${event.message}` : 'the worker could not be started', event.message ? 'aborted' : 'io');
    };
  }

  /** Starts a worker and gives it its job. */
  static async start(job: Job, onLost: (error: StockroomError) => void): Promise<Line> {
    if (typeof Worker === 'undefined') throw new StockroomError('unsupported', job.job, 'there are no workers here');
    // The words that bundlers know: they take the worker along.
    const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module', name: 'stockroom' });
    const line = new Line(worker, onLost);
    try {
      await line.#said(0, () => worker.postMessage(job));
    } catch (error) {
      line.end(new StockroomError('closed', job.job, 'the database is closed'));
      throw error;
    }
    return line;
  }

  ask(call: Ask): Promise<string | Uint8Array | undefined> {
    const id = this.#next;
    this.#next += 1;
    return this.#said(id, () => this.#worker.postMessage({ ...call, id }));
  }

  /** Ends the worker; whoever still waits is told this. */
  end(error: StockroomError): void {
    if (this.#ended !== undefined) return;
    this.#ended = error;
    this.#worker.terminate();
    for (const waiting of this.#waiting.values()) waiting.failed(error);
    this.#waiting.clear();
  }

  /** The worker ended, or has to. */
  lose(message: string, code: 'aborted' | 'io' = 'aborted'): void {
    if (this.#ended !== undefined) return;
    const error = new StockroomError(code, 'worker', message);
    this.end(error);
    this.#onLost(error);
  }

  #said(id: number, send: () => void): Promise<string | Uint8Array | undefined> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    return new Promise((done, failed) => {
      this.#waiting.set(id, { done, failed });
      send();
    });
  }

  #answered(message: Answer): void {
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (!('failed' in message)) {
      waiting?.done(message.answer);
      return;
    }
    const { code, operation, message: said } = message.failed;
    waiting?.failed(new StockroomError(code, operation, said));
    // A module that trapped answers nobody any more.
    if (code === 'aborted') this.lose(said);
  }
}

/** A database in a worker of its own. */
export class WorkerEngine implements Engine {
  readonly lost: Promise<StockroomError>;
  readonly #line: Line;
  #closing: Promise<void> | undefined;

  private constructor(line: Line, lost: Promise<StockroomError>) {
    this.#line = line;
    this.lost = lost;
  }

  static async open(opening: Opening): Promise<WorkerEngine> {
    let tell: (error: StockroomError) => void = () => undefined;
    const lost = new Promise<StockroomError>((resolve) => {
      tell = resolve;
    });
    const life = `stockroom-worker:${crypto.randomUUID?.() ?? Math.random()}`;
    const line = await Line.start({ job: 'open', opening, life }, tell);
    // The worker holds this lock as long as it lives.
    navigator.locks?.request(life, () => line.lose('the worker ended')).catch(() => undefined);
    return new WorkerEngine(line, lost);
  }

  static async remove(path: string, busyTimeoutMs: number | undefined): Promise<void> {
    const line = await Line.start({ job: 'remove', path, busyTimeoutMs }, () => undefined);
    line.end(new StockroomError('closed', 'remove', 'it is done'));
  }

  execute(document: Uint8Array, nowMs: number): Promise<string> {
    return this.#line.ask({ call: 'execute', text: text(document), nowMs }) as Promise<string>;
  }

  executeBatch(document: Uint8Array, nowMs: number): Promise<string> {
    return this.#line.ask({ call: 'executeBatch', text: text(document), nowMs }) as Promise<string>;
  }

  preview(document: Uint8Array, nowMs: number): Promise<string> {
    return this.#line.ask({ call: 'preview', text: text(document), nowMs }) as Promise<string>;
  }

  read(document: Uint8Array, nowMs: number): Promise<string> {
    return this.#line.ask({ call: 'read', text: text(document), nowMs }) as Promise<string>;
  }

  exportFile(): Promise<Uint8Array> {
    return this.#line.ask({ call: 'exportFile' }) as Promise<Uint8Array>;
  }

  /** Answers what was asked before, closes the database, and ends the worker. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    try {
      await this.#line.ask({ call: 'close' });
    } catch (error) {
      // A worker that is gone has closed.
      if (!(error instanceof StockroomError && error.code === 'aborted')) throw error;
    } finally {
      this.#line.end(new StockroomError('closed', 'database', 'the database is closed'));
    }
  }
}
