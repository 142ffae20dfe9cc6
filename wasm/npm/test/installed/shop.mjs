// A stocked shop for the tests.

export async function stocked(shop, units = 10) {
  await shop.registerSku({ sku: 'mug' });
  await shop.registerLocation({ location: 'main' });
  await shop.registerChannel({ channel: 'web', locations: ['main'] });
  await shop.receiveStock({ location: 'main', lines: [{ sku: 'mug', quantity: units }] });
  return shop;
}

export const order = (id, quantity = 2) => ({
  id,
  channel: 'web',
  currency: 'EUR',
  lines: [{ sku: 'mug', quantity, unit_price_minor: 1250 }],
});
