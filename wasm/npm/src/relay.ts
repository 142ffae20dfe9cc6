// The relay: takes deliveries, carries each out with `fetch`, reports what came of it, and reacts to events with
// fulfillment orders and listings. What was done is reported together with the taking of what comes next, in one commit.

import type * as documents from './documents.js';
import { StockroomError, StockroomRejection, failure } from './errors.js';
import type { Exchange } from './exchange.js';
import type { News } from './news.js';
import { pause } from './news.js';
import type { HttpOptions, LogEntry } from './options.js';

/** Where deliveries go, and how to speak there. */
export interface Route {
  /** The registered destination. */
  destination: string;
  /** With whom its deliveries are talked about. */
  exchange: documents.ExchangeSettings | Exchange;
  /** How many are carried at the same time, 1 to 64; 1 where it is left out. */
  connections?: number;
}

/** How a relay works. */
export interface RelayOptions extends HttpOptions {
  /** Where deliveries go. */
  routes: readonly Route[];
  /** Stops the relay, as `stop` does. */
  signal?: AbortSignal;
  /** Whether the relay also writes the fulfillment orders that events call for. Needs a registered warehouse. */
  fulfill?: boolean;
  /** Whether the relay also brings listings in step with stock. Needs a connected channel. */
  listings?: boolean;
  /** How long a delivery is kept, 1,000 to 3,600,000 milliseconds; 120,000 where it is left out. */
  leaseMs?: number;
  /** The longest time between two looks for work, in milliseconds; 1,000 where it is left out. */
  idleMs?: number;
  /** How long a relay that is stopped waits for answers that are under way, in milliseconds; 5,000 if left out. */
  graceMs?: number;
}

/** What a relay did so far. */
export interface RelayCounts {
  /** Fulfillment orders written. */
  requested: number;
  /** Listings put into deliveries. */
  queued: number;
  /** Attempts made. */
  attempts: number;
  /** Attempts that began in doubt, so that it was looked first. */
  lookedUp: number;
  /** Deliveries done. */
  done: number;
  /** Attempts that are to be repeated. */
  retried: number;
  /** Deliveries that the destination refused. */
  refused: number;
  /** Attempts that were broken off; they come again, in doubt. */
  brokenOff: number;
}

/** What a relay needs of the database. */
export interface RelayDesk {
  readonly news: News;
  now(operation: string): number;
  batch(commands: readonly documents.Command[]): Promise<documents.Reply[]>;
  execute(command: documents.Command): Promise<documents.Reply>;
  log(entry: LogEntry): void;
}

const CONNECTIONS_MAX = 64;
const LEASE_MS = 120_000;
const IDLE_MS = 1_000;
const GRACE_MS = 5_000;
/** Commands whose events one reaction reads. */
const REACTION_COMMANDS = 500;

/** A relay at work. */
export class Relay {
  /** What it did so far. */
  readonly counts: RelayCounts = { requested: 0, queued: 0, attempts: 0, lookedUp: 0, done: 0, retried: 0, refused: 0, brokenOff: 0 };
  /** Resolves when it has stopped; rejects where a failure that no retry mends stopped it. */
  readonly ended: Promise<RelayCounts>;
  readonly #desk: RelayDesk;
  readonly #options: RelayOptions;
  /** Asked to stop: nothing more is taken. */
  readonly #stop = new AbortController();
  /** Time is over: what is under way is broken off. */
  readonly #cut = new AbortController();

  /** @internal */
  constructor(desk: RelayDesk, routes: ReadonlyArray<{ destination: string; exchange: Exchange; connections: number }>, options: RelayOptions) {
    this.#desk = desk;
    this.#options = options;
    const ask = (): void => this.#ask();
    if (options.signal?.aborted === true) ask();
    options.signal?.addEventListener('abort', ask, { once: true });
    const workers = routes.map((route) => this.#carryAll(route));
    if (options.fulfill === true) workers.push(this.#react('fulfill'));
    if (options.listings === true) workers.push(this.#react('update_listings'));
    this.ended = this.#end(workers).finally(() => options.signal?.removeEventListener('abort', ask));
    // Whoever does not look at `ended` hears of it by the log.
    this.ended.catch(() => undefined);
  }

  /** Stops it: takes nothing more, waits for answers under way, reports them. */
  stop(): Promise<RelayCounts> {
    this.#ask();
    return this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #ask(): void {
    if (this.#stop.signal.aborted) return;
    this.#stop.abort();
    const timer = setTimeout(() => this.#cut.abort(), this.#options.graceMs ?? GRACE_MS);
    this.ended?.then(() => clearTimeout(timer), () => clearTimeout(timer));
  }

  async #end(workers: Array<Promise<void>>): Promise<RelayCounts> {
    const failures: unknown[] = [];
    await Promise.all(
      workers.map((worker) =>
        worker.catch((error: unknown) => {
          failures.push(error);
          this.#ask();
        }),
      ),
    );
    const [first] = failures;
    if (first !== undefined) throw first;
    return this.counts;
  }

  get #isStopping(): boolean {
    return this.#stop.signal.aborted;
  }

  get #idleMs(): number {
    return this.#options.idleMs ?? IDLE_MS;
  }

  /** One destination: as many conversations at a time as it has connections. */
  async #carryAll(route: { destination: string; exchange: Exchange; connections: number }): Promise<void> {
    const { destination, connections } = route;
    const { news } = this.#desk;
    const running = new Set<Promise<void>>();
    const reports: documents.Command[] = [];
    let pausedUntilMs = 0;
    let nextDueAtMs: number | undefined;
    const carry = async (delivery: documents.LeasedDelivery): Promise<void> => {
      const end = await this.#carry(route.exchange, delivery);
      if (end === undefined) return;
      reports.push(end.report);
      pausedUntilMs = Math.max(pausedUntilMs, this.#pausedUntil(end.result));
    };
    for (;;) {
      const known = news.count;
      const mayTake = !this.#isStopping && running.size < connections && Date.now() >= pausedUntilMs;
      const sent = reports.length;
      if (mayTake || sent > 0) {
        const take = { action: { take_deliveries: { destination, max: connections - running.size, lease_ms: this.#options.leaseMs ?? LEASE_MS } } };
        const replies = await this.#tried(() => this.#desk.batch([...reports.slice(0, sent), ...(mayTake ? [take] : [])]));
        if (replies === undefined) {
          // Nothing of it was done; the reports are sent again, unless it is time to go.
          if (this.#isStopping && running.size === 0) return;
          await pause(this.#idleMs, this.#cut.signal);
          continue;
        }
        reports.splice(0, sent);
        const taken = this.#told(replies, sent, mayTake);
        nextDueAtMs = taken?.next_due_at_ms ?? undefined;
        // A take that is refused, of a destination that is not registered yet perhaps, is not asked for at once again.
        if (mayTake && taken === undefined) pausedUntilMs = Math.max(pausedUntilMs, Date.now() + this.#idleMs);
        for (const delivery of taken?.deliveries ?? []) {
          const carried = carry(delivery).finally(() => running.delete(carried));
          running.add(carried);
        }
        if (reports.length > 0) continue;
      }
      if (this.#isStopping && running.size === 0) {
        if (reports.length > 0) continue;
        return;
      }
      const now = Date.now();
      const dueInMs = nextDueAtMs === undefined ? this.#idleMs : nextDueAtMs - this.#desk.now('relay.wait');
      const waitMs = Math.max(1, pausedUntilMs > now ? pausedUntilMs - now : Math.min(dueInMs, this.#idleMs));
      // With every connection busy there is nothing to take, whatever happens.
      const isFull = running.size >= connections;
      const woken = new AbortController();
      const signal = AbortSignal.any([this.#stop.signal, woken.signal]);
      if (isFull || this.#isStopping) await Promise.race(running);
      else if (pausedUntilMs > now) await Promise.race([...running, pause(waitMs, signal)]);
      else await Promise.race([...running, news.wait(known, waitMs, signal)]);
      woken.abort();
    }
  }

  async #carry(exchange: Exchange, delivery: documents.LeasedDelivery): Promise<documents.TurnEnd | undefined> {
    this.counts.attempts += 1;
    if (delivery.doubt) this.counts.lookedUp += 1;
    let end: documents.TurnEnd | undefined;
    try {
      end = await exchange.carry(delivery, { ...this.#options, signal: this.#cut.signal });
    } catch (error) {
      // A delivery whose conversation fails comes again when its lease ends.
      this.#failed(failure(error, 'relay.carry'));
    }
    if (end === undefined) this.counts.brokenOff += 1;
    else if ('done' in end.result || 'done_with_pause' in end.result) this.counts.done += 1;
    else if ('retry' in end.result) this.counts.retried += 1;
    else this.counts.refused += 1;
    return end;
  }

  /** Until when a destination wants to be left alone, by this machine's clock. */
  #pausedUntil(result: documents.DeliveryResult): number {
    if ('done_with_pause' in result) return Date.now() + result.done_with_pause.pause_ms;
    if ('retry' in result && result.retry.cause === 'throttled') return Date.now() + (result.retry.after_ms ?? 0);
    return 0;
  }

  /** Tells of what was refused, and gives what was taken. */
  #told(replies: documents.Reply[], reports: number, took: boolean): documents.TakenDeliveries | undefined {
    for (const { outcome } of replies) if ('rejected' in outcome) this.#refused('relay.deliver', outcome.rejected);
    const outcome = took ? replies[reports]?.outcome : undefined;
    if (outcome === undefined || !('accepted' in outcome)) return undefined;
    const answer = outcome.accepted;
    return typeof answer === 'object' && 'taken' in answer ? answer.taken : { deliveries: [] };
  }

  /** Reacts to events as they come. */
  async #react(action: 'fulfill' | 'update_listings'): Promise<void> {
    const limit = REACTION_COMMANDS;
    const command: documents.Command = { action: action === 'fulfill' ? { fulfill: { limit } } : { update_listings: { limit } } };
    while (!this.#isStopping) {
      const known = this.#desk.news.count;
      const reply = await this.#tried(() => this.#desk.execute(command));
      if (reply === undefined) {
        await pause(this.#idleMs, this.#stop.signal);
        continue;
      }
      if ('rejected' in reply.outcome) {
        this.#refused('relay.react', reply.outcome.rejected);
        await pause(this.#idleMs, this.#stop.signal);
        continue;
      }
      if (this.#reacted(reply.outcome.accepted)) continue;
      await this.#desk.news.wait(known, this.#idleMs, this.#stop.signal);
      // Changes come in bursts: one look at many of them beats many looks at one.
      await pause(1, this.#stop.signal);
    }
  }

  /** Whether there is more to do at once. */
  #reacted(answer: documents.Answer): boolean {
    if (typeof answer !== 'object') return false;
    if ('fulfilled' in answer) {
      this.counts.requested += answer.fulfilled.requested;
      return answer.fulfilled.more;
    }
    if ('listings_updated' in answer) {
      this.counts.queued += answer.listings_updated.queued;
      return answer.listings_updated.more;
    }
    return false;
  }

  /** A call, or nothing where it failed and a retry can help. The database being closed is the end, and no failure. */
  async #tried<T>(call: () => Promise<T>): Promise<T | undefined> {
    try {
      return await call();
    } catch (error) {
      const failed = failure(error, 'relay');
      if (failed.code === 'closed') {
        this.#ask();
        this.#cut.abort();
        return undefined;
      }
      this.#failed(failed);
      if (!failed.retryable || failed.code === 'aborted') throw failed;
      return undefined;
    }
  }

  #failed(error: StockroomError): void {
    this.#desk.log({ level: 'failure', operation: error.operation, message: error.message, error });
  }

  #refused(operation: string, rejection: documents.Rejection): void {
    const error = new StockroomRejection(rejection);
    this.#desk.log({ level: 'refusal', operation, message: error.message, error });
  }
}

/** How many conversations a route may have at a time. */
export function connectionsOf(route: Route): number {
  const { connections = 1 } = route;
  if (!Number.isInteger(connections) || connections < 1 || connections > CONNECTIONS_MAX) {
    throw new StockroomError('unsupported', 'relay', `a route has ${connections} connections; 1 to ${CONNECTIONS_MAX} may be`);
  }
  return connections;
}
