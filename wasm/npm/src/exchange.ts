// Warehouses and shops: conversations about deliveries, messages to a webhook address, orders that no webhook told of.
// What to say and what an answer means is the engine's affair; sending is `fetch`'s.

import type * as documents from './documents.js';
import type * as engine from './engine.js';
import { failure } from './errors.js';
import { bodyOf, send } from './http.js';
import { decode, encode } from './json.js';
import { pause } from './news.js';
import type { HttpOptions, LogEntry } from './options.js';

/** What these need of the database. */
export interface Desk {
  now(operation: string): number;
  batch(commands: readonly documents.Command[]): Promise<documents.Reply[]>;
  log(entry: LogEntry): void;
}

function called<T>(operation: string, call: () => string): T {
  let text: string;
  try {
    text = call();
  } catch (error) {
    throw failure(error, operation);
  }
  return decode<T>(text, operation);
}

/** How to speak with one warehouse or shop. */
export class Exchange {
  readonly #exchange: engine.Exchange;
  readonly #desk: Desk;

  /** @internal */
  constructor(exchange: engine.Exchange, desk: Desk) {
    this.#exchange = exchange;
    this.#desk = desk;
  }

  /**
   * Begins the conversation about a delivery, as `take` gave it, for hosts that send HTTP themselves.
   *
   * What `turn.ask` holds is for the HTTP client and for no log: its headers are the keys in the clear.
   */
  converse(delivery: documents.LeasedDelivery): Conversation {
    const operation = 'conversation.begin';
    const text = encode(delivery, operation, 'delivery');
    const nowMs = this.#desk.now(operation);
    try {
      return new Conversation(this.#exchange.begin(text, nowMs), this.#desk);
    } catch (error) {
      throw failure(error, operation);
    }
  }

  /**
   * Carries a delivery out: the whole conversation, with `fetch`. Report what came of it with `shop.execute(end.report)`.
   * Broken off by the signal it resolves to nothing; the delivery then comes again, in doubt, when its lease ends.
   */
  async carry(delivery: documents.LeasedDelivery, options: HttpOptions & { signal?: AbortSignal } = {}): Promise<documents.TurnEnd | undefined> {
    const conversation = this.converse(delivery);
    try {
      let { turn } = conversation;
      while ('ask' in turn) {
        if (options.signal?.aborted === true) return undefined;
        turn = conversation.answered(await send(turn.ask, options, options.signal));
      }
      return turn.end;
    } finally {
      conversation.end();
    }
  }
}

/** The conversation about one delivery. To give it up, drop it: the delivery comes again when its lease ends. */
export class Conversation {
  readonly #conversation: engine.Conversation;
  readonly #desk: Desk;
  #turn: documents.Turn;

  /** @internal */
  constructor(conversation: engine.Conversation, desk: Desk) {
    this.#conversation = conversation;
    this.#desk = desk;
    this.#turn = called('conversation.begin', () => conversation.turn);
  }

  /** What is next: a request to send, or the end. */
  get turn(): documents.Turn {
    return this.#turn;
  }

  /** Takes in the answer to what was asked last, or that none came, and gives the next turn. */
  answered(answer: documents.HttpAnswer): documents.Turn {
    const operation = 'conversation.answered';
    const text = encode(answer, operation, 'answer');
    const nowMs = this.#desk.now(operation);
    this.#turn = called(operation, () => this.#conversation.answered(text, nowMs));
    return this.#turn;
  }

  /** @internal */
  end(): void {
    this.#conversation.free();
  }
}

/** A message as it came: its headers, and exactly the bytes of its body. */
export interface IncomingRequest {
  headers: Headers | Iterable<[string, string]> | { readonly [name: string]: string | readonly string[] | undefined };
  /** The body before anything parsed it. JSON that was read and written again has another signature. */
  body: Uint8Array | string;
}

/** What to answer to a message, and what was done. */
export interface Received {
  /** 200 done or nothing to do, 409 where a command was rejected, 503 where the call failed; else what is wrong with it. */
  status: number;
  /** What the message asked for. */
  told: documents.Told;
  /** What became of its commands. */
  replies: documents.Reply[];
}

/** Reads the messages of one warehouse or shop. */
export class Webhook {
  readonly #webhook: engine.Webhook;
  readonly #desk: Desk;

  /** @internal */
  constructor(webhook: engine.Webhook, desk: Desk) {
    this.#webhook = webhook;
    this.#desk = desk;
  }

  /** What a message asks for. Nothing is done. */
  read(message: IncomingRequest): documents.Told {
    const operation = 'webhook.read';
    const body = typeof message.body === 'string' ? { body: message.body } : bodyOf(message.body);
    const text = encode({ headers: pairs(message.headers), ...body }, operation, 'message');
    const nowMs = this.#desk.now(operation);
    return called(operation, () => this.#webhook.read(text, nowMs));
  }

  /** Reads a message and does what it asks for, in one commit. Answer it with the status. */
  async receive(message: IncomingRequest): Promise<Received> {
    const told = this.read(message);
    if ('refused' in told) return { status: told.refused.status, told, replies: [] };
    if ('ignored' in told) return { status: told.ignored.status, told, replies: [] };
    try {
      const replies = await this.#desk.batch(told.commands);
      const isDone = replies.every(({ outcome }) => 'accepted' in outcome);
      return { status: isDone ? 200 : 409, told, replies };
    } catch (error) {
      const failed = failure(error, 'webhook.receive');
      this.#desk.log({ level: 'failure', operation: failed.operation, message: failed.message, error: failed });
      return { status: 503, told, replies: [] };
    }
  }
}

function pairs(headers: IncomingRequest['headers']): Array<[string, string]> {
  if (Symbol.iterator in headers) return [...(headers as Iterable<[string, string]>)].map(([name, value]) => [name, value]);
  const pairs: Array<[string, string]> = [];
  for (const [name, value] of Object.entries(headers as Record<string, string | readonly string[] | undefined>)) {
    if (value === undefined) continue;
    for (const one of typeof value === 'string' ? [value] : value) pairs.push([name, one]);
  }
  return pairs;
}

/** How a backfill is run. */
export interface BackfillOptions extends HttpOptions {
  /** Breaks it off; the next one begins where this one did. */
  signal?: AbortSignal;
  /** After how many failed requests in a row to give up; 5 where it is left out. */
  failuresMax?: number;
}

/** What came of a backfill. */
export interface Backfilled {
  /** Whether it came to its end, so that the channel's orders are known up to now. */
  isComplete: boolean;
  /** Commands carried out. */
  commands: number;
  /** Those that were rejected: somebody should see them. */
  rejected: Array<{ command: documents.Command; rejection: documents.Rejection }>;
  /** Orders that cannot be taken in: somebody should see them. */
  faults: documents.OrderNote[];
  /** What was passed over, for a log. */
  notes: documents.OrderNote[];
  /** Why it was given up. */
  failure?: documents.BackfillFailure;
}

/** A look for a shop's orders that no webhook told of. */
export class Backfill {
  readonly #backfill: engine.Backfill;
  readonly #desk: Desk;

  /** @internal */
  constructor(backfill: engine.Backfill, desk: Desk) {
    this.#backfill = backfill;
    this.#desk = desk;
  }

  /** The next request, for hosts that send HTTP themselves; null at the end. It holds keys: keep it out of logs. */
  request(): documents.HttpRequest | null {
    const nowMs = this.#desk.now('backfill.request');
    return called('backfill.request', () => this.#backfill.request(nowMs));
  }

  /** Takes in the answer to the last request. Execute its commands before the next request. */
  answered(answer: documents.HttpAnswer): documents.BackfillPage {
    const operation = 'backfill.answered';
    const text = encode(answer, operation, 'answer');
    const nowMs = this.#desk.now(operation);
    return called(operation, () => this.#backfill.answered(text, nowMs));
  }

  /** Runs it to its end: asks page by page and carries out what each page asks for. */
  async run(options: BackfillOptions = {}): Promise<Backfilled> {
    const { signal, failuresMax = 5 } = options;
    const isCut = (): boolean => signal?.aborted === true;
    const done: Backfilled = { isComplete: false, commands: 0, rejected: [], faults: [], notes: [] };
    while (!isCut()) {
      const request = this.request();
      if (request === null) return { ...done, isComplete: true };
      const page = this.answered(await send(request, options, signal));
      if (page.failure) {
        if (isCut()) break;
        if (page.failure.failures >= failuresMax) return { ...done, failure: page.failure };
      }
      if (page.commands.length > 0) await this.#carryOut(page.commands, done);
      done.faults.push(...(page.faults ?? []));
      done.notes.push(...(page.notes ?? []));
      if (!page.more) return { ...done, isComplete: true };
      if (page.wait_ms > 0) await pause(page.wait_ms, signal);
    }
    return done;
  }

  async #carryOut(commands: documents.Command[], done: Backfilled): Promise<void> {
    const replies = await this.#desk.batch(commands);
    done.commands += commands.length;
    replies.forEach(({ outcome }, at) => {
      const command = commands[at];
      if ('rejected' in outcome && command !== undefined) done.rejected.push({ command, rejection: outcome.rejected });
    });
  }
}

