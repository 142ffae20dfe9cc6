// Signs and judges webhooks with Shopify's own library.
// Input: lines {"secret", "headers", "body_base64"}. Output: lines {"signature", "verdict"}: what the library would have
// signed the body with, and "valid" or the reason why it is not.
import '@shopify/shopify-api/adapters/node';
import { shopifyApi, ApiVersion, LogSeverity } from '@shopify/shopify-api';
import { createSHA256HMAC, HashFormat } from '@shopify/shopify-api/runtime';
import { readFileSync } from 'node:fs';

const apis = new Map();
const api = (secret) => {
  if (!apis.has(secret)) {
    apis.set(secret, shopifyApi({
      apiKey: 'key', apiSecretKey: secret, scopes: ['read_orders'], hostName: 'localhost', isEmbeddedApp: false,
      apiVersion: ApiVersion.April26, logger: { log: () => {}, level: LogSeverity.Error },
    }));
  }
  return apis.get(secret);
};
for (const line of readFileSync(0, 'utf8').split('\n').filter(Boolean)) {
  const { secret, headers, body_base64 } = JSON.parse(line);
  const rawBody = Buffer.from(body_base64, 'base64').toString('utf8');
  const small = Object.fromEntries(Object.entries(headers).map(([name, text]) => [name.toLowerCase(), text]));
  const rawRequest = { method: 'POST', url: '/webhooks', headers: small };
  const rawResponse = { setHeader() {}, getHeaders() { return {}; } };
  const said = await api(secret).webhooks.validate({ rawBody, rawRequest, rawResponse });
  const signature = await createSHA256HMAC(secret, rawBody, HashFormat.Base64);
  console.log(JSON.stringify({ signature, verdict: said.valid ? 'valid' : said.reason }));
}
