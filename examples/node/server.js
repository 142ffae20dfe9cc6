// A shop's back office over HTTP: orders in by REST, stock and orders out, events as they happen, and a Shopify shop's
// webhooks. What the routes do is here; what runs beside them and how it ends is in main.js.

import Fastify from 'fastify';
import { StockroomError, StockroomRejection } from 'stockroom';

/** Rejections that say that something is not there. */
const MISSING = new Set(['order_unknown', 'hold_unknown', 'sku_unknown', 'channel_unknown', 'location_unknown']);
/** Rejections that may be otherwise at another time. */
const CONFLICT = new Set(['insufficient_stock', 'order_exists', 'key_reused', 'order_closed', 'already_shipped', 'in_fulfillment']);

/**
 * @param {import('stockroom').Stockroom} shop
 * @param {{ shopify?: import('stockroom').Webhook, stopping?: AbortSignal, logger?: boolean }} options
 */
export function server(shop, { shopify, stopping, logger = false } = {}) {
  const app = Fastify({ logger, forceCloseConnections: 'idle' });

  app.setErrorHandler((error, request, reply) => {
    if (error instanceof StockroomRejection) {
      const status = MISSING.has(error.code) ? 404 : CONFLICT.has(error.code) ? 409 : 422;
      return reply.code(status).send({ code: error.code, faults: error.faults });
    }
    if (error instanceof StockroomError) {
      if (error.code === 'malformed' || error.code === 'unsafe_number') return reply.code(400).send({ code: error.code, message: error.message });
      request.log.error(error);
      if (error.retryable) reply.header('Retry-After', '1');
      return reply.code(error.retryable ? 503 : 500).send({ code: error.code });
    }
    return reply.send(error);
  });

  // The body is the document; the engine checks it. The header names the effect: sent again, it happens once.
  app.post('/orders', async (request, reply) => {
    const key = request.headers['idempotency-key'];
    const order = /** @type {import('stockroom').NewOrder} */ (request.body);
    const { outcome, repeated } = await shop.execute({ action: { place_order: order }, ...(typeof key === 'string' ? { key } : {}) });
    if ('rejected' in outcome) throw new StockroomRejection(outcome.rejected);
    const answer = /** @type {{ order_placed: import('stockroom').PlacedOrder }} */ (outcome.accepted);
    return reply.code(repeated ? 200 : 201).send(answer.order_placed);
  });

  app.get('/orders/:id', async (request, reply) => {
    const order = await shop.order(/** @type {{ id: string }} */ (request.params).id);
    return order ?? reply.code(404).send({ code: 'order_unknown' });
  });

  app.post('/orders/:id/cancel', async (request) => {
    const changed = await shop.cancelOrder({ order: /** @type {{ id: string }} */ (request.params).id });
    return changed === 'unchanged' ? {} : changed;
  });

  app.get('/availability/:channel/:sku', async (request, reply) => {
    const { channel, sku } = /** @type {{ channel: string, sku: string }} */ (request.params);
    const [units] = await shop.channelAvailability(channel, [sku]);
    return units === null || units === undefined ? reply.code(404).send({ code: 'sku_unknown' }) : { sku, units };
  });

  // Server-sent events: whoever comes back with `Last-Event-ID` misses nothing.
  app.get('/events', (request, reply) => {
    const gone = new AbortController();
    request.raw.on('close', () => gone.abort());
    const signal = stopping === undefined ? gone.signal : AbortSignal.any([gone.signal, stopping]);
    const after = Number(request.headers['last-event-id'] ?? 0);
    reply.hijack();
    // Closed with the stream: an idle connection would keep a server that is to stop.
    reply.raw.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache', Connection: 'close' });
    (async () => {
      for await (const event of shop.events({ after: Number.isSafeInteger(after) ? after : 0, signal })) {
        reply.raw.write(`id: ${event.id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
      }
    })()
      .catch((error) => request.log.error(error))
      .finally(() => reply.raw.end());
  });

  if (shopify !== undefined) {
    app.register(async (webhooks) => {
      // The signature is over the bytes that came: nothing parses them before it is proved.
      webhooks.removeAllContentTypeParsers();
      webhooks.addContentTypeParser('*', { parseAs: 'buffer' }, (_, body, done) => done(null, body));
      webhooks.post('/webhooks/shopify', async (request, reply) => {
        const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
        const { status, told, replies } = await shopify.receive({ headers: request.headers, body });
        if (status !== 200) request.log.warn({ told, replies }, 'a message was not taken');
        return reply.code(status).send();
      });
    });
  }
  return app;
}
