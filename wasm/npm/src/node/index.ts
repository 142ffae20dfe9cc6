// The package in Node: the engine in this thread, its files over `node:fs`.

import { useHost } from '../stockroom.js';
import { useSteps } from '../text-step.js';
import { nodeHost } from './open.js';
import { beginStep } from './steps.js';

useHost(nodeHost);
useSteps(beginStep);

export * from '../index.js';
