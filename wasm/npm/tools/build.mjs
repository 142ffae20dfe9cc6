// Builds `dist` out of `src` and `module`: a bundle for Node, one for pages and one for their workers, and the types. In Node there is
// one copy of the engine, in CommonJS; the ES module is a door to it, so that a program which loads both has one class
// `StockroomError`. Run by `cargo xtask wasm`.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import * as esbuild from 'esbuild';
import { stale } from './generate.mjs';

const root = path.resolve(import.meta.dirname, '..');
const at = (...names) => path.join(root, ...names);

const old = stale();
if (old.length > 0) throw new Error(`${old.join(', ')}: not what docs/documents says; run: node tools/generate.mjs`);

fs.rmSync(at('dist'), { recursive: true, force: true });
fs.rmSync(at('build'), { recursive: true, force: true });
const tsc = path.join(path.dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');
execFileSync(process.execPath, [tsc, '-p', at('tsconfig.json')], { stdio: 'inherit' });

const common = { bundle: true, target: ['es2022', 'node20'], sourcemap: true, logLevel: 'warning', legalComments: 'none' };
const inNode = {
  ...common,
  platform: 'node',
  format: 'cjs',
  define: { 'import.meta.url': 'moduleUrl' },
  banner: { js: "const moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
};
await esbuild.build({ ...inNode, entryPoints: [at('src/node/index.ts')], outfile: at('dist/node.cjs') });
const inBrowser = { ...common, platform: 'browser', format: 'esm' };
await esbuild.build({ ...inBrowser, entryPoints: [at('src/browser/index.ts')], outfile: at('dist/browser.js') });
await esbuild.build({ ...inBrowser, entryPoints: [at('src/browser/worker.ts')], outfile: at('dist/worker.js') });
// What the tests drive below the package: files and lock, and what of the browser's needs no browser. Not published.
await esbuild.build({ ...inNode, entryPoints: [at('src/node/open.ts')], outfile: at('build/engine.cjs') });
await esbuild.build({ ...inBrowser, entryPoints: ['json', 'reply'].map((name) => at(`src/${name}.ts`)), outdir: at('build') });
await esbuild.build({ ...inBrowser, entryPoints: ['files', 'turns'].map((name) => at(`src/browser/${name}.ts`)), outdir: at('build/browser') });
for (const folder of ['dist', 'build']) {
  for (const name of ['stockroom', 'exchanges', 'steps']) fs.copyFileSync(at('module', `${name}_bg.wasm`), at(folder, `${name}.wasm`));
}

const names = Object.keys(createRequire(import.meta.url)(at('dist/node.cjs'))).sort();
fs.writeFileSync(at('dist/node.js'), `import stockroom from './node.cjs';\n\nexport const { ${names.join(', ')} } = stockroom;\n`);

for (const name of ['LICENSE-APACHE', 'LICENSE-MIT']) fs.copyFileSync(at('../..', name), at(name));

// The types that an entry shows, and no others.
const seen = new Set();
function show(file) {
  if (seen.has(file)) return;
  seen.add(file);
  const text = fs.readFileSync(at('build/types/src', file), 'utf8').replace(/\n\/\/# sourceMappingURL=.*/, '');
  for (const folder of ['types', 'types-cjs']) {
    const to = at('dist', folder, file);
    fs.mkdirSync(path.dirname(to), { recursive: true });
    fs.writeFileSync(to, text);
  }
  for (const [, from] of text.matchAll(/(?:from |import\(|import )['"](\.[^'"]+)\.js['"]/g)) {
    show(path.join(path.dirname(file), `${from}.d.ts`));
  }
}
show('node/index.d.ts');
show('browser/index.d.ts');
fs.writeFileSync(at('dist/types-cjs/package.json'), '{ "type": "commonjs" }\n');
