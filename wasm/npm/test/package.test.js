// The package as its users get it: packed, installed in an empty folder, and everything in `installed/` run there, as an
// ES module and as CommonJS; its types checked by a strict compiler; and what is in it.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { after, before } from 'node:test';
import { stale } from '../tools/generate.mjs';

const root = path.resolve(import.meta.dirname, '..');
const TSC = path.join(root, 'node_modules/typescript/bin/tsc');
let folder;
let packed;

before(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stockroom-package-'));
  const said = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], { cwd: root, encoding: 'utf8' });
  const parsed = JSON.parse(said);
  packed = Array.isArray(parsed) ? parsed[0] : Object.values(parsed)[0];
  fs.writeFileSync(path.join(folder, 'package.json'), '{ "private": true }');
  const tarball = path.join(folder, packed.filename);
  execFileSync('npm', ['install', '--offline', '--no-audit', '--no-fund', tarball], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  fs.cpSync(path.join(root, 'test/installed'), folder, { recursive: true });
});

after(() => fs.rmSync(folder, { recursive: true, force: true }));

test('what a user needs is in it, and nothing else', () => {
  const strange = packed.files.map(({ path }) => path).filter((file) => !/^(dist\/.*|package\.json|README\.md|LICENSE-(MIT|APACHE))$/.test(file));
  assert.deepEqual(strange, []);
  for (const file of ['dist/node.js', 'dist/node.cjs', 'dist/node.cjs.map', 'dist/browser.js', 'dist/browser.js.map', 'dist/worker.js', 'dist/worker.js.map', 'dist/stockroom.wasm', 'dist/exchanges.wasm', 'dist/steps.wasm', 'LICENSE-MIT', 'README.md']) {
    assert.ok(packed.files.some(({ path }) => path === file), file);
  }
  const manifest = JSON.parse(fs.readFileSync(path.join(folder, 'node_modules/stockroom/package.json'), 'utf8'));
  assert.equal(manifest.scripts.postinstall ?? manifest.scripts.install, undefined);
  assert.equal(manifest.dependencies, undefined);
  assert.ok(manifest.license && manifest.engines.node);
  // What a bundler for pages is led to names the worker and the module in the words that it knows.
  const { browser } = manifest.exports['.'];
  const page = fs.readFileSync(path.join(folder, 'node_modules/stockroom', browser.default), 'utf8');
  assert.match(page, /new Worker\(new URL\("\.\/worker\.js", import\.meta\.url\)/);
  assert.doesNotMatch(page, /WebAssembly\.instantiate|node:/, 'a page loads no engine of its own');
  assert.match(fs.readFileSync(path.join(folder, 'node_modules/stockroom/dist/worker.js'), 'utf8'), /new URL\("\.\/stockroom\.wasm", import\.meta\.url\)/);
  const { version } = manifest;
  assert.match(fs.readFileSync(path.join(root, 'src/version.ts'), 'utf8'), new RegExp(`'${version}'`));
});

test('the types are those of the documents, and none of them is any', () => {
  assert.deepEqual(stale(), [], 'run: node tools/generate.mjs');
  const types = path.join(folder, 'node_modules/stockroom/dist/types');
  const files = fs.readdirSync(types, { recursive: true }).filter((file) => file.endsWith('.d.ts'));
  assert.ok(files.length > 5);
  for (const file of files) {
    const code = fs.readFileSync(path.join(types, file), 'utf8').replace(/\/\*[^]*?\*\/|\/\/.*/g, '');
    assert.doesNotMatch(code, /\bany\b/, file);
  }
});

for (const file of fs.readdirSync(path.join(root, 'test/installed')).filter((name) => /\.test\.[cm]js$/.test(name))) {
  test(file, { timeout: 120_000 }, () => {
    const environment = { ...process.env };
    // Else the runner within takes itself for a part of this one.
    delete environment.NODE_TEST_CONTEXT;
    const run = spawnSync(process.execPath, ['--test', file], { cwd: folder, encoding: 'utf8', env: environment });
    assert.equal(run.status, 0, run.stdout + run.stderr);
    assert.match(run.stdout, /# fail 0/);
    assert.doesNotMatch(run.stdout, /# pass 0\n/);
  });
}

for (const [module, file] of [['nodenext', 'types.mts'], ['nodenext', 'types.cts']]) {
  test(`a strict compiler takes ${file}`, () => {
    fs.cpSync(path.join(root, 'node_modules/@types'), path.join(folder, 'node_modules/@types'), { recursive: true });
    fs.cpSync(path.join(root, 'node_modules/undici-types'), path.join(folder, 'node_modules/undici-types'), { recursive: true });
    const options = ['--strict', '--noEmit', '--target', 'es2022', '--module', module, '--types', 'node', '--skipLibCheck', 'false'];
    const run = spawnSync(process.execPath, [TSC, ...options, file], { cwd: folder, encoding: 'utf8' });
    assert.equal(run.status, 0, run.stdout + run.stderr);
  });
}
