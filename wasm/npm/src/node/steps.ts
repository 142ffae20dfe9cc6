// The engine over a database of the host's own, in Node: a module of its own without SQLite, which is loaded when the first
// step is made.

import fs from 'node:fs';
import * as wasm from '../../module/steps.js';
import type { RawStep, TextCall } from '../engine.js';
import { utf8 } from '../json.js';
import { Guard } from '../module.js';

const guard = new Guard();
let isLoaded = false;

/** Begins a call. */
export function beginStep(call: TextCall, document: string, nowMs: number): RawStep {
  const step = guard.call('step', () => {
    if (!isLoaded) wasm.initSync({ module: fs.readFileSync(new URL('./steps.wasm', import.meta.url)) });
    isLoaded = true;
    return new wasm.Step(call, utf8(document), nowMs);
  });
  return {
    advance: () => guard.call('step', () => step.advance()),
    supply: (supply) => guard.call('step', () => step.supply(utf8(supply))),
    free: () => {
      if (!guard.isBroken) step.free();
    },
  };
}
