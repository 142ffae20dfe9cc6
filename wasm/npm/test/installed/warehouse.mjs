// A warehouse of the contract in docs/wms.md, over real HTTP, that fails as real ones do: refuses to answer, cuts the
// connection before or after it did its work, stalls, cuts its answer short.

import http from 'node:http';

export async function warehouse(faultOf) {
  const orders = new Map();
  const seen = [];
  const server = http.createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    const body = Buffer.concat(parts).toString();
    const fault = faultOf(seen.length);
    seen.push({ method: request.method, url: request.url, headers: request.headers, fault });
    if (fault === 'cut before') return request.socket.destroy();
    if (fault === 'unavailable') return response.writeHead(503).end('try later');
    if (fault === 'throttled') return response.writeHead(429, { 'Retry-After': '0' }).end();
    const [status, answer] = work(request, body, orders);
    if (fault === 'cut after') return request.socket.destroy();
    if (fault === 'stall') return undefined;
    const text = JSON.stringify(answer);
    response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) });
    if (fault === 'short') return response.write(text.slice(0, text.length >> 1), () => request.socket.destroy());
    return response.end(text);
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    orders,
    seen,
    close: () => new Promise((done) => {
      server.closeAllConnections();
      server.close(done);
    }),
  };
}

function work(request, body, orders) {
  const [, , name, verb] = request.url.split('/').map(decodeURIComponent);
  if (request.method === 'POST' && name === undefined) {
    const wanted = JSON.parse(body);
    const known = orders.get(wanted.fulfillment);
    if (known !== undefined && known.body !== body) return [409, { error: 'another' }];
    if (known === undefined) orders.set(wanted.fulfillment, { id: `W-${orders.size + 1}`, body, times: 1 });
    else known.times += 1;
    return [known === undefined ? 201 : 200, { id: orders.get(wanted.fulfillment).id, fulfillment: wanted.fulfillment, status: 'accepted' }];
  }
  const known = orders.get(name);
  if (known === undefined) return [404, {}];
  return [200, { id: known.id, fulfillment: name, status: verb === 'cancel' ? 'cancelled' : 'accepted' }];
}
