// As types.mts, in CommonJS.

import stockroom = require('stockroom');

export async function main(): Promise<number> {
  const shop: stockroom.Stockroom = await stockroom.Stockroom.open(':memory:');
  const level: stockroom.StockLevel | null = await shop.stock('mug', 'main');
  await shop.close();
  return level?.on_hand ?? 0;
}
