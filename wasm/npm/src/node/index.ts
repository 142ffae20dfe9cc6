// The package in Node: the engine in this thread, its files over `node:fs`.

import { useHost } from '../stockroom.js';
import { nodeHost } from './open.js';

useHost(nodeHost);

export * from '../index.js';
