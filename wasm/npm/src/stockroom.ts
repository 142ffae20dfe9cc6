// The database as JavaScript has it. Documents are checked and written on the way in and read on the way out; what
// happens in between is the engine's.

import { Calls } from './commands.js';
import type * as documents from './documents.js';
import type { Answer, Engine, Host, TextCall } from './engine.js';
import { MEMORY } from './engine.js';
import { StockroomError, StockroomRejection, failure } from './errors.js';
import type { EventsOptions } from './events.js';
import { Events } from './events.js';
import { Backfill, Exchange, Webhook } from './exchange.js';
import { decode, encode, encodeBytes } from './json.js';
import { News } from './news.js';
import type { CommandOptions, LogEntry, OpenOptions, ReadAsk } from './options.js';
import type { OverOptions, OwnDatabase } from './own.js';
import { OwnEngine } from './own-engine.js';
import type { RelayOptions } from './relay.js';
import { Relay, connectionsOf } from './relay.js';
import { decodeReplies, decodeReply } from './reply.js';
import { checkFile } from './sqlite-file.js';

/** Events read at a time. */
const PAGE = 500;
const SOURCE = '/stockroom';
/** Stands where a path would, for a database that has none. */
const OWN = 'own';

/** How deliveries are taken. */
export interface TakeOptions {
  /** At most so many, 1 to 1,000; 10 where it is left out. */
  max?: number;
  /** For how long, 1,000 to 3,600,000 milliseconds; 60,000 where it is left out. Longer than the slowest attempt. */
  leaseMs?: number;
}

/**
 * A shop's orders and stock.
 *
 * Calls are carried out in the order in which they are made; in Node each before it returns its promise, in a browser by
 * a worker. A command that has resolved is durable. Whole numbers cross exactly: what a double does not hold exactly is refused with the code
 * `unsafe_number` before anything is done.
 */
export class Stockroom extends Calls implements Disposable, AsyncDisposable {
  readonly #host: Host;
  readonly #clock: () => number;
  readonly #log: ((entry: LogEntry) => void) | undefined;
  readonly #source: string;
  readonly #isDurable: boolean;
  readonly #news = new News();
  /** Nothing once it is closed. */
  #engine: Engine | undefined;

  private constructor(host: Host, engine: Engine, options: OpenOptions) {
    super();
    this.#host = host;
    this.#engine = engine;
    this.#clock = options.clock ?? Date.now;
    this.#log = options.log;
    this.#source = options.source ?? SOURCE;
    this.#isDurable = options.path !== MEMORY;
    // A worker that died while nothing was asked of it: whoever waits for events must hear of it.
    void engine.lost?.then((error) => {
      if (this.#engine === undefined) return;
      this[Symbol.dispose]();
      this.#desk().log({ level: 'failure', operation: error.operation, message: error.message, error });
    });
  }

  /**
   * Opens a database, creating it where there is none: a file, or `:memory:` for one that is gone when it is closed. A
   * file has one owner at a time, this database; a second one is refused with the code `busy`.
   *
   * In a browser the path is a name in the private files of the page's origin. Where a browser has none, this fails with
   * the code `unsupported`: nothing is kept in memory unless `:memory:` is asked for.
   */
  static open(at: string | OpenOptions): Promise<Stockroom> {
    return Stockroom.#opened('open', at, undefined);
  }

  /**
   * A shop over a database of the host's own, which may be asynchronous, remote and shared by several processes: see
   * `OwnDatabase`. Everything is as over a file, but that others may commit as well: then a call begins again, and
   * `events` hears of what others did with the next change of its own. In Node only.
   */
  static over(database: OwnDatabase, options: OverOptions = {}): Stockroom {
    const unknown = Object.keys(options).filter((name) => !OVER_OPTIONS.has(name));
    if (unknown.length > 0) throw new StockroomError('unsupported', 'over', `there is no option ${unknown.join(', ')}`);
    const { retries, ...others } = options;
    return new Stockroom(host('over'), new OwnEngine(database, { retries }), checked({ ...others, path: OWN }));
  }

  /**
   * Opens a database that begins as a file exported elsewhere: by `export`, by Rust, or a copy of a closed file. Where
   * there is a database already, or the file is none of Stockroom's, it fails with `unsupported` and nothing is changed.
   */
  static import(at: string | OpenOptions, file: Uint8Array): Promise<Stockroom> {
    return Stockroom.#opened('import', at, file);
  }

  /**
   * Removes a database and all that belongs to it. While somebody has it open it fails with `busy`; where there is none,
   * nothing happens.
   */
  static async remove(at: string | Pick<OpenOptions, 'path' | 'busyTimeoutMs'>): Promise<void> {
    try {
      const { path, busyTimeoutMs } = checked(at);
      if (path === MEMORY) throw new StockroomError('unsupported', 'remove', 'a database in memory is gone when it is closed');
      await host('remove').remove(path, busyTimeoutMs);
    } catch (error) {
      throw failure(error, 'remove');
    }
  }

  static async #opened(operation: string, at: string | OpenOptions, file: Uint8Array | undefined): Promise<Stockroom> {
    try {
      const options = checked(at);
      const { path, durability = 'full', busyTimeoutMs, cacheKib, checksums = true } = options;
      if (operation === 'import') {
        if (!(file instanceof Uint8Array)) throw new StockroomError('unsupported', 'import', 'the file is no Uint8Array');
        if (path === MEMORY) throw new StockroomError('unsupported', 'import', 'a database in memory has no file');
        checkFile(file);
      }
      const opened = host(operation);
      const survivesPowerCut = durability === 'full';
      const engine = await opened.open({ path, survivesPowerCut, busyTimeoutMs, cacheKib, checksums, file });
      return new Stockroom(opened, engine, options);
    } catch (error) {
      throw failure(error, operation);
    }
  }

  /**
   * Does a command and resolves to its reply once that is durable, whatever it says: a rejection is a reply. The methods
   * named after commands throw it instead.
   */
  async execute(command: documents.Command): Promise<documents.Reply> {
    return this.#execute(command);
  }

  /** Does commands in one commit, each standing or falling alone. A failure means that none was done. */
  async batch(commands: readonly documents.Command[]): Promise<documents.Reply[]> {
    return after(this.#exchange('executeBatch', commands, 'commands', decodeReplies), (replies) => {
      if (replies.some(changed)) this.#news.tell();
      return replies;
    });
  }

  /** The reply that a command would get now. Nothing is changed. */
  async preview(command: documents.Command): Promise<documents.Reply> {
    return this.#exchange('preview', command, 'command', decode<documents.Reply>);
  }

  /** A read by its name; most have a method of their own. */
  async read<K extends keyof documents.ReadAnswers>(name: K, ask: ReadAsk<K>): Promise<documents.ReadAnswers[K]> {
    return this.#exchange('read', { [name]: ask }, 'read', decode<documents.ReadAnswers[K]>);
  }

  /** Available-to-promise of many SKUs at locations, in their order, from one consistent state. */
  availability(pairs: documents.SkuAt[]): Promise<documents.ReadAnswers['availability']> {
    return this.read('availability', { pairs });
  }

  /** Events in order, those that are there and then those that come, as an async iterator. */
  events(options: EventsOptions = {}): Events {
    const page = (after: number): Promise<documents.EventDocument[]> =>
      this.read('events', { after, limit: PAGE, source: this.#source });
    const cursor = async (subscription: string): Promise<number> => {
      const place = await this.subscription(subscription);
      if (place === null) throw new StockroomError('not_found', 'events', `there is no subscription ${subscription}`);
      return place.cursor;
    };
    const acknowledge = async (subscription: string, through: number): Promise<void> => {
      await this.acknowledge({ subscription, through });
    };
    return new Events({ news: this.#news, isClosed: () => this.isClosed, page, cursor, acknowledge }, options);
  }

  /** Takes due deliveries of a destination, to carry them out and report each before its lease ends. */
  async take(destination: string, options: TakeOptions = {}): Promise<documents.TakenDeliveries> {
    const { max = 10, leaseMs = 60_000 } = options;
    const taken = await this.takeDeliveries({ destination, max, lease_ms: leaseMs });
    return taken === 'unchanged' ? { deliveries: [] } : taken;
  }

  /** Says what came of a delivery that was taken. */
  async report(
    delivery: Pick<documents.LeasedDelivery, 'destination' | 'number' | 'attempt'>,
    result: documents.DeliveryResult,
  ): Promise<void> {
    const { destination, number, attempt } = delivery;
    await this.reportDelivery({ destination, number, attempt, result });
  }

  /** How to speak with a warehouse or a shop. The settings hold keys, which are never shown. */
  exchange(settings: documents.ExchangeSettings): Exchange {
    return this.#made('exchange', settings, (text) => new Exchange(this.#host.exchange(text), this.#desk()));
  }

  /** Carries deliveries out until it is stopped, with `fetch`. */
  relay(options: RelayOptions): Relay {
    this.#open('relay');
    const routes = options.routes.map((route) => ({
      destination: route.destination,
      exchange: route.exchange instanceof Exchange ? route.exchange : this.exchange(route.exchange),
      connections: connectionsOf(route),
    }));
    const desk = { ...this.#desk(), news: this.#news, execute: (command: documents.Command) => this.execute(command) };
    return new Relay(desk, routes, options);
  }

  /** Reads what a warehouse or a shop sends to a webhook address. The settings hold secrets, which are never shown. */
  webhook(settings: documents.WebhookSettings): Webhook {
    return this.#made('webhook', settings, (text) => new Webhook(this.#host.webhook(text), this.#desk()));
  }

  /**
   * A look for a shop's orders that changed since a time, in milliseconds since the Unix epoch: the channel's
   * `orders_through_ms`.
   */
  backfill(settings: documents.BackfillSettings, sinceMs: number): Backfill {
    encode(sinceMs, 'backfill', 'sinceMs');
    return this.#made('backfill', settings, (text) => new Backfill(this.#host.backfill(text, sinceMs), this.#desk()));
  }

  /**
   * The database as one SQLite file, with all that was acknowledged in it: for a download, a backup, or `import`. It is
   * closed and opened again for that, between two calls.
   */
  async export(): Promise<Uint8Array> {
    const engine = this.#open('export');
    return this.#guarded('export', async () => await engine.exportFile());
  }

  /** Whether what is acknowledged outlives this process or page: false for `:memory:`. */
  get isDurable(): boolean {
    return this.#isDurable;
  }

  /** Whether it was closed. */
  get isClosed(): boolean {
    return this.#engine === undefined;
  }

  /** Closes it and lets its file go. What was acknowledged is durable before that already. Closing again does nothing. */
  async close(): Promise<void> {
    const engine = this.#engine;
    if (engine === undefined) return;
    this.#engine = undefined;
    try {
      await engine.close();
    } catch (error) {
      throw failure(error, 'close');
    } finally {
      // Whoever waits for events or work sees that there will be none.
      this.#news.tell();
    }
  }

  /** Closes it without waiting for a worker; `await using` waits. */
  [Symbol.dispose](): void {
    this.close().catch(() => undefined);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  protected async answered<T>(action: documents.Action, options: CommandOptions | undefined): Promise<T> {
    // An answer is a word, or a document under the one name that says what it is.
    const untagged = (answer: documents.Answer): T => (typeof answer === 'string' ? answer : Object.values(answer)[0]) as T;
    return after(this.#tagged(action, options), untagged);
  }

  protected async tagged(action: documents.Action, options: CommandOptions | undefined): Promise<documents.Answer> {
    return this.#tagged(action, options);
  }

  // What is below answers at once where the engine does, as in Node: one promise a call, not one a step.

  #tagged(action: documents.Action, options: CommandOptions | undefined): Answer<documents.Answer> {
    const command: documents.Command = { action };
    if (options?.key !== undefined) command.key = options.key;
    if (options?.atMs !== undefined) command.at_ms = options.atMs;
    return after(this.#execute(command), ({ outcome }) => {
      if ('rejected' in outcome) throw new StockroomRejection(outcome.rejected);
      return outcome.accepted;
    });
  }

  #execute(command: documents.Command): Answer<documents.Reply> {
    return after(this.#exchange('execute', command, 'command', decodeReply), (reply) => {
      if (changed(reply)) this.#news.tell();
      return reply;
    });
  }

  /** One crossing: a document in, a document out. */
  #exchange<T>(call: TextCall, document: unknown, what: string, decoded: (text: string, operation: string) => T): Answer<T> {
    this.#open(call);
    const nowMs = this.#now(call);
    const bytes = encodeBytes(document, call, what);
    // Looked at again: the clock, or a getter of the document, may have closed it.
    const engine = this.#open(call);
    let answer: Answer<string>;
    try {
      answer = engine[call](bytes, nowMs);
    } catch (error) {
      throw this.#failed(error, call);
    }
    if (typeof answer === 'string') return decoded(answer, call);
    return answer.then(
      (text) => decoded(text, call),
      (error: unknown) => {
        throw this.#failed(error, call);
      },
    );
  }

  async #guarded<T>(operation: string, call: () => T | Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw this.#failed(error, operation);
    }
  }

  #failed(error: unknown, operation: string): StockroomError {
    const failed = failure(error, operation);
    // An engine that broke off is not used again.
    if (failed.code === 'aborted') this[Symbol.dispose]();
    return failed;
  }

  #open(operation: string): Engine {
    if (this.#engine === undefined) throw new StockroomError('closed', operation, 'the database is closed');
    return this.#engine;
  }

  #now(operation: string): number {
    let now: unknown;
    try {
      now = this.#clock();
    } catch (error) {
      throw new StockroomError('callback', operation, 'the clock threw', { cause: error });
    }
    const nowMs = typeof now === 'number' ? Math.trunc(now) : Number.NaN;
    if (!Number.isSafeInteger(nowMs)) throw new StockroomError('callback', operation, `the clock said ${String(now)}`);
    return nowMs;
  }

  #made<T>(operation: string, settings: unknown, make: (text: string) => T): T {
    this.#open(operation);
    const text = encode(settings, operation, 'settings');
    try {
      return make(text);
    } catch (error) {
      throw failure(error, operation);
    }
  }

  #desk(): { now(operation: string): number; batch(commands: readonly documents.Command[]): Promise<documents.Reply[]>; log(entry: LogEntry): void } {
    return {
      now: (operation) => {
        this.#open(operation);
        return this.#now(operation);
      },
      batch: (commands) => this.batch(commands),
      log: (entry) => {
        try {
          this.#log?.(entry);
        } catch {
          // A log that fails is no reason for the work to stop, and there is nobody to tell.
        }
      },
    };
  }
}

/** What becomes of an answer, now or when it is there. */
function after<T, U>(answer: Answer<T>, then: (answer: T) => U): Answer<U> {
  return answer instanceof Promise ? answer.then(then) : then(answer);
}

/** Whether a reply says that something was done now. */
function changed({ outcome, repeated }: documents.Reply): boolean {
  if (repeated) return false;
  // A refused order is an event too.
  if ('rejected' in outcome) return true;
  const answer = outcome.accepted;
  if (typeof answer === 'string') return answer !== 'unchanged';
  if ('taken' in answer) return false;
  if ('fulfilled' in answer) return answer.fulfilled.events > 0 || answer.fulfilled.requested > 0;
  if ('listings_updated' in answer) {
    const { events, queued, shipments, changed } = answer.listings_updated;
    return events + queued + shipments + changed > 0;
  }
  return true;
}

/** What stands for the place that the package runs in. */
let hostOfAll: Host | undefined;

/**
 * Says where the package runs; its entry does, once.
 *
 * @internal
 */
export function useHost(host: Host): void {
  hostOfAll = host;
}

function host(operation: string): Host {
  if (hostOfAll === undefined) throw new StockroomError('unsupported', operation, 'the package was not loaded by its entry');
  return hostOfAll;
}

/** Refuses options that are none: whoever has no compiler misspells them. Gives a copy: what is checked is what is used. */
function checked(at: string | OpenOptions): OpenOptions {
  const options: OpenOptions = typeof at === 'string' ? { path: at } : typeof at === 'object' && at !== null ? { ...at } : at;
  const refuse = (message: string): StockroomError => new StockroomError('unsupported', 'open', message);
  if (typeof options !== 'object' || options === null) throw refuse('a database is opened by its path, or by options');
  const unknown = Object.keys(options).filter((name) => !OPTIONS.has(name));
  if (unknown.length > 0) throw refuse(`there is no option ${unknown.join(', ')}`);
  const { path, durability, busyTimeoutMs, cacheKib, checksums, source } = options;
  if (typeof path !== 'string' || path === '' || path.includes('\0') || !path.isWellFormed()) throw refuse('the path is no path');
  if (durability !== undefined && durability !== 'full' && durability !== 'normal') throw refuse('durability is neither full nor normal');
  if (busyTimeoutMs !== undefined && !isCount(busyTimeoutMs)) throw refuse('busyTimeoutMs is no count of milliseconds');
  if (cacheKib !== undefined && (!isCount(cacheKib) || cacheKib === 0)) throw refuse('cacheKib is no count of KiB');
  if (checksums !== undefined && typeof checksums !== 'boolean') throw refuse('checksums is neither true nor false');
  if (source !== undefined && typeof source !== 'string') throw refuse('source is no text');
  for (const name of ['clock', 'log'] as const) {
    if (options[name] !== undefined && typeof options[name] !== 'function') throw refuse(`${name} is no function`);
  }
  return options;
}

const OVER_OPTIONS: ReadonlySet<string> = new Set(['clock', 'log', 'source', 'retries']);
const OPTIONS: ReadonlySet<string> = new Set(['path', 'durability', 'busyTimeoutMs', 'cacheKib', 'checksums', 'clock', 'log', 'source']);

function isCount(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 2 ** 31;
}
