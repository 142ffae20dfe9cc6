// How the till is built: plain Vite, and a service worker that knows the files which came out.

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { defineConfig } from 'vite';

/** Writes `sw.js`: src/service-worker.js with the list of all files, under a name that changes when they do. */
function serviceWorker() {
  return {
    name: 'service-worker',
    apply: 'build',
    enforce: 'post',
    generateBundle(_, bundle) {
      const files = ['./', ...Object.keys(bundle).filter((name) => name !== 'index.html'), ...fs.readdirSync('public')];
      const hash = createHash('sha256');
      for (const file of Object.values(bundle)) hash.update(file.type === 'chunk' ? file.code : file.source);
      const source = fs
        .readFileSync('src/service-worker.js', 'utf8')
        .replace("'VERSION'", JSON.stringify(hash.digest('hex').slice(0, 16)))
        .replace("['FILES']", JSON.stringify(files));
      this.emitFile({ type: 'asset', fileName: 'sw.js', source });
    },
  };
}

export default defineConfig({
  // Wherever it is put, in a folder of a site too.
  base: './',
  build: { target: 'es2022' },
  worker: { format: 'es' },
  plugins: [serviceWorker()],
});
