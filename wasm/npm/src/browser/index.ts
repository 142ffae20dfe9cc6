// The package in a browser: the engine in this thread or worker, and a database in memory. It is gone with the page.

import init from '../../module/stockroom.js';
import type { Host } from '../engine.js';
import { StockroomError } from '../errors.js';
import { ModuleEngine, module } from '../module.js';
import { useHost } from '../stockroom.js';

let loading: Promise<unknown> | undefined;

const browserHost: Host = {
  ...module,
  async open({ path, survivesPowerCut, cacheKib }) {
    if (path !== ':memory:') {
      throw new StockroomError('unsupported', 'open', 'there are no files here: a database in a browser is `:memory:`');
    }
    loading ??= init({ module_or_path: new URL('./stockroom.wasm', import.meta.url) });
    await loading;
    return new ModuleEngine(path, survivesPowerCut, cacheKib, () => undefined);
  },
};

useHost(browserHost);

export * from '../index.js';
