// One request of a conversation, sent with `fetch`: what came of it as the document that the engine takes. Sent once,
// no redirect followed, and in doubt lost: only what surely never left is `not_sent`.

import type { HttpAnswer, HttpRequest } from './documents.js';
import type { Fetch, HttpOptions } from './options.js';
import { VERSION } from './version.js';

/** The longest that one answer is waited for, in milliseconds. */
const ANSWER_MAX_MS = 60_000;
/** The largest body that the engine reads: 4 MiB. */
const BODY_MAX_BYTES = 4 * 1024 * 1024;

/** Codes of Node's errors that come before a byte of the request left: no address, no connection, no proof of identity. */
const BEFORE_SENDING: ReadonlySet<string> = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REVOKED',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'HOSTNAME_MISMATCH',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** Sends a request and says what came of it. It never fails. `cut` breaks it off: what was sent is then lost. */
export async function send(request: HttpRequest, options: HttpOptions, cut?: AbortSignal): Promise<HttpAnswer> {
  if (!request.url.startsWith('https://') && options.allowPlainHttp !== true) {
    return { not_sent: 'the URL is not https://, and plain HTTP is not allowed' };
  }
  if (cut?.aborted === true) return { not_sent: 'it was broken off before it began' };
  const timeoutMs = Math.min(request.timeout_ms, options.timeoutMs ?? ANSWER_MAX_MS);
  const stop = new AbortController();
  const cutOff = (): void => stop.abort('it was broken off');
  const timer = setTimeout(() => stop.abort(`no whole answer came within ${timeoutMs} ms`), timeoutMs);
  cut?.addEventListener('abort', cutOff, { once: true });
  try {
    return await Promise.race([exchanged(request, options, stop.signal), stopped(stop.signal)]);
  } catch (error) {
    const why = text(error);
    // A fetch that is broken off may say so in its own words, and never says how far it was.
    return !stop.signal.aborted && isBeforeSending(error) ? { not_sent: why } : { lost: stop.signal.aborted ? String(stop.signal.reason) : why };
  } finally {
    clearTimeout(timer);
    cut?.removeEventListener('abort', cutOff);
  }
}

/** For a `fetch` of the host's that does not listen to its signal. */
function stopped(signal: AbortSignal): Promise<HttpAnswer> {
  return new Promise((done) => signal.addEventListener('abort', () => done({ lost: String(signal.reason) }), { once: true }));
}

async function exchanged(request: HttpRequest, options: HttpOptions, signal: AbortSignal): Promise<HttpAnswer> {
  const headers = new Headers(request.headers);
  headers.set('User-Agent', options.userAgent ?? `stockroom/${VERSION}`);
  const init: RequestInit = { method: request.method, headers, redirect: 'manual', signal, credentials: 'omit', cache: 'no-store' };
  // As bytes, so that nothing guesses a type for it.
  const body = request.body_base64 ? fromBase64(request.body_base64) : request.body ? new TextEncoder().encode(request.body) : undefined;
  if (body !== undefined) init.body = body;
  const send: Fetch = options.fetch ?? fetch;
  const response = await send(request.url, init);
  if (response.type === 'opaqueredirect' || response.status < 100) {
    await response.body?.cancel();
    return { lost: 'the answer is a redirect, which this browser does not show' };
  }
  const bytes = await read(response, Math.min(options.bodyMaxBytes ?? BODY_MAX_BYTES, BODY_MAX_BYTES));
  if (bytes === undefined) return { lost: "the answer's body is too large" };
  return { response: { status: response.status, headers: [...response.headers], ...bodyOf(bytes) } };
}

/** The whole body, or nothing where it is larger than that. */
async function read(response: Response, max: number): Promise<Uint8Array | undefined> {
  if (response.body === null) return new Uint8Array();
  const parts: Uint8Array[] = [];
  let length = 0;
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > max) {
      // The rest does not matter, nor whether leaving it works.
      reader.cancel().catch(() => undefined);
      return undefined;
    }
    parts.push(value);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Bytes as the documents have them: text if they are, else base64. */
export function bodyOf(bytes: Uint8Array): { body: string } | { body_base64: string } {
  try {
    return { body: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { body_base64: toBase64(bytes) };
  }
}

function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

/** Whether an error says that nothing was sent. Several addresses tried give several errors; all must say so. */
function isBeforeSending(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, errors } = error as Error & { code?: unknown; errors?: unknown };
  if (Array.isArray(errors) && errors.length > 0) return errors.every(isBeforeSending);
  if (typeof code === 'string') return BEFORE_SENDING.has(code);
  return isBeforeSending(error.cause);
}

/** What went wrong, for people: the innermost reason. */
function text(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as Error & { code?: unknown };
  if (error.cause instanceof Error) return text(error.cause);
  return error.message || (typeof code === 'string' ? code : error.name);
}
