// A small server of files on loopback, at a free port, for pages under test.

import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';

const TYPES = {
  '.css': 'text/css', '.html': 'text/html; charset=utf-8', '.ico': 'image/x-icon', '.js': 'text/javascript', '.json': 'application/json',
  '.map': 'application/json', '.svg': 'image/svg+xml', '.wasm': 'application/wasm', '.webmanifest': 'application/manifest+json',
};

/** Serves a folder, and texts of these paths beside it. Paths in `gone` are answered with 404. */
export async function serve(folder, texts = {}) {
  const gone = new Set();
  const server = http.createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    const name = pathname.endsWith('/') ? `${pathname}index.html` : pathname;
    const file = path.join(folder, path.normalize(decodeURIComponent(name)));
    const text = texts[name];
    if (gone.has(name) || !file.startsWith(folder) || (text === undefined && !fs.statSync(file, { throwIfNoEntry: false })?.isFile())) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'Content-Type': TYPES[path.extname(name)] ?? 'application/octet-stream', 'Cache-Control': 'no-cache' });
    response.end(text ?? fs.readFileSync(file));
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address();
  return {
    port,
    origin: `http://127.0.0.1:${port}`,
    gone,
    close: () => {
      server.closeAllConnections();
      return new Promise((done) => server.close(done));
    },
  };
}
