// The calls of one turn of a worker: commands that follow one another at the same time by the host's clock share a commit,
// since each commit waits for the disk. To the caller nothing differs: each command stands or falls alone.

import type { TextCall } from '../engine.js';
import { splitReplies } from '../reply.js';
import type { Answer, Call, Failed } from './protocol.js';

/** An engine in this thread, with documents as text. */
export interface TextEngine extends Record<TextCall, (document: string, nowMs: number) => string> {
  exportFile(): Uint8Array;
  close(): void;
}

/** The most commands of one commit. */
const COMMANDS_MAX = 1_000;

type Command = Extract<Call, { text: string }>;
type Fail = (error: unknown, operation: string) => Failed;

/** The answers to calls, in their order, as they come to be. */
export function* answered(engine: TextEngine, calls: readonly Call[], fail: Fail): Generator<Answer> {
  for (let at = 0; at < calls.length; ) {
    const together = commandsFrom(calls, at);
    at += Math.max(1, together.length);
    if (together.length > 1) {
      yield* inOneCommit(engine, together, fail);
      continue;
    }
    const call = calls[at - 1];
    if (call !== undefined) yield alone(engine, call, fail);
  }
}

/** The commands from a place on that may share a commit; none where there is no command. */
function commandsFrom(calls: readonly Call[], at: number): Command[] {
  const together: Command[] = [];
  for (const call of calls.slice(at, at + COMMANDS_MAX)) {
    if (!('text' in call) || call.call !== 'execute' || call.nowMs !== (together[0]?.nowMs ?? call.nowMs)) break;
    together.push(call);
  }
  return together;
}

function alone(engine: TextEngine, call: Call, fail: Fail): Answer {
  const { id } = call;
  try {
    if ('text' in call) return { id, answer: engine[call.call](call.text, call.nowMs) };
    if (call.call === 'exportFile') return { id, answer: engine.exportFile() };
    engine.close();
    return { id, answer: undefined };
  } catch (error) {
    return { id, failed: fail(error, call.call) };
  }
}

function* inOneCommit(engine: TextEngine, commands: readonly Command[], fail: Fail): Generator<Answer> {
  let replies: string[];
  try {
    const text = `[${commands.map((command) => command.text).join(',')}]`;
    replies = splitReplies(engine.executeBatch(text, commands[0]?.nowMs ?? 0));
  } catch (error) {
    const failed = fail(error, 'execute');
    // One document that is none spoils the batch, and the others must not suffer for it. Nothing was done.
    if (failed.code === 'malformed') for (const command of commands) yield alone(engine, command, fail);
    else for (const { id } of commands) yield { id, failed };
    return;
  }
  for (const [at, { id }] of commands.entries()) yield { id, answer: replies[at] };
}
