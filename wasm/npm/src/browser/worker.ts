// The worker of one database: the module, its files, and the calls that the page sends. Which of them wait for one commit
// together is told in `turns.ts`.

import init, { useFiles } from '../../module/stockroom.js';
import type { Opening, TextCall } from '../engine.js';
import { MEMORY } from '../engine.js';
import { StockroomError, failure } from '../errors.js';
import { utf8 } from '../json.js';
import type { Place } from '../module.js';
import { ModuleEngine } from '../module.js';
import { BrowserFiles } from './files.js';
import type { Answer, Call, Failed, Job } from './protocol.js';
import { Storage } from './storage.js';
import type { TextEngine } from './turns.js';
import { answered } from './turns.js';

/** What a worker's global scope is to us; TypeScript has it only where there is no page. */
interface Scope {
  postMessage(message: Answer, transfer: Transferable[]): void;
  onmessage: ((event: MessageEvent<Job | Call>) => void) | null;
}
const scope = globalThis as unknown as Scope;

let engine: TextEngine | undefined;

function say(answer: Answer): void {
  const bytes = 'answer' in answer && answer.answer instanceof Uint8Array ? [answer.answer.buffer] : [];
  scope.postMessage(answer, bytes);
}

function failed(error: unknown, operation: string): Failed {
  const { code, operation: at, message } = failure(error, operation);
  return { code, operation: at, message };
}

async function load(): Promise<void> {
  try {
    await init({ module_or_path: new URL('./stockroom.wasm', import.meta.url) });
  } catch (error) {
    const message = `the engine could not be loaded: ${error instanceof Error ? error.message : String(error)}`;
    throw new StockroomError('io', 'open', message, { cause: error });
  }
}

async function open({ path, survivesPowerCut, busyTimeoutMs, cacheKib, checksums, file }: Opening): Promise<ModuleEngine> {
  const settings = { survivesPowerCut, cacheKib, checksums };
  if (path === MEMORY) {
    await load();
    return new ModuleEngine({ path, release: () => undefined }, settings);
  }
  const storage = await Storage.take(path, busyTimeoutMs);
  try {
    await load();
    const files = new BrowserFiles();
    files.use(storage.files);
    useFiles(files);
    if (file !== undefined) storage.write(file);
    const place: Place = { path, read: () => storage.read(), release: () => storage.release() };
    try {
      return new ModuleEngine(place, settings);
    } catch (error) {
      // What is none of Stockroom's is not left where nothing was.
      if (file !== undefined) storage.clear();
      throw error;
    }
  } catch (error) {
    storage.release();
    throw error;
  }
}

/** The engine for documents as text, as messages have them. */
function overText(engine: ModuleEngine): TextEngine {
  const over = (call: TextCall) => (document: string, nowMs: number): string => engine[call](utf8(document), nowMs);
  return {
    execute: over('execute'),
    executeBatch: over('executeBatch'),
    preview: over('preview'),
    read: over('read'),
    exportFile: () => engine.exportFile(),
    close: () => engine.close(),
  };
}

/** Holds a lock of this name as long as this worker lives: whoever gets it after us knows that we are gone. */
function live(life: string): Promise<void> {
  if (navigator.locks === undefined) return Promise.resolve();
  return new Promise((held, refused) => {
    navigator.locks.request(life, () => new Promise(() => held())).catch(refused);
  });
}

async function work(job: Job): Promise<void> {
  try {
    if (job.job === 'remove') {
      await Storage.remove(job.path, job.busyTimeoutMs);
    } else {
      await live(job.life);
      engine = overText(await open(job.opening));
    }
    say({ id: 0, answer: undefined });
  } catch (error) {
    say({ id: 0, failed: failed(error, job.job) });
  }
}

/** Calls that came and are not answered yet. */
let calls: Call[] = [];
/** Comes round after the messages that are waiting already, so that calls made together are seen together. */
const turn = new MessageChannel();
turn.port1.onmessage = () => {
  const now = calls;
  calls = [];
  if (engine === undefined) return;
  for (const answer of answered(engine, now, failed)) say(answer);
};

scope.onmessage = ({ data }) => {
  if ('job' in data) {
    void work(data);
    return;
  }
  calls.push(data);
  if (calls.length === 1) turn.port2.postMessage(undefined);
};
