// What the shop sells. Stockroom knows units and nothing of names and prices: those are the host's.

export interface Item {
  sku: string;
  name: string;
  detail: string;
  /** In cents. */
  priceMinor: number;
  group: 'ceramics' | 'pantry' | 'home' | 'paper';
  /** Units on the shelf on the first day. */
  firstQuantity: number;
}

export const CURRENCY = 'EUR';

const GOODS: readonly Item[] = [
  { sku: 'mug', name: 'Mug', detail: 'speckled, 300 ml', priceMinor: 14_50, group: 'ceramics', firstQuantity: 24 },
  { sku: 'espresso-cup', name: 'Espresso cup', detail: 'with saucer', priceMinor: 11_00, group: 'ceramics', firstQuantity: 18 },
  { sku: 'teapot', name: 'Teapot', detail: 'stoneware, 1 l', priceMinor: 42_00, group: 'ceramics', firstQuantity: 5 },
  { sku: 'bowl', name: 'Bowl', detail: 'blue rim, 16 cm', priceMinor: 16_00, group: 'ceramics', firstQuantity: 20 },
  { sku: 'plate', name: 'Plate', detail: 'blue rim, 26 cm', priceMinor: 19_00, group: 'ceramics', firstQuantity: 16 },
  { sku: 'vase', name: 'Vase', detail: 'the last one', priceMinor: 58_00, group: 'ceramics', firstQuantity: 1 },
  { sku: 'coffee', name: 'Coffee', detail: 'whole beans, 250 g', priceMinor: 9_80, group: 'pantry', firstQuantity: 30 },
  { sku: 'green-tea', name: 'Green tea', detail: 'sencha, 100 g', priceMinor: 8_40, group: 'pantry', firstQuantity: 22 },
  { sku: 'honey', name: 'Honey', detail: 'linden, 350 g', priceMinor: 7_90, group: 'pantry', firstQuantity: 15 },
  { sku: 'chocolate', name: 'Chocolate', detail: 'dark, 70 %', priceMinor: 4_20, group: 'pantry', firstQuantity: 40 },
  { sku: 'olive-oil', name: 'Olive oil', detail: 'from Crete, 500 ml', priceMinor: 13_60, group: 'pantry', firstQuantity: 12 },
  { sku: 'candle', name: 'Candle', detail: 'beeswax, 20 cm', priceMinor: 6_50, group: 'home', firstQuantity: 36 },
  { sku: 'towel', name: 'Tea towel', detail: 'linen, striped', priceMinor: 12_00, group: 'home', firstQuantity: 14 },
  { sku: 'tote', name: 'Tote bag', detail: 'organic cotton', priceMinor: 10_00, group: 'home', firstQuantity: 25 },
  { sku: 'notebook', name: 'Notebook', detail: 'dotted, A5', priceMinor: 8_90, group: 'paper', firstQuantity: 28 },
  { sku: 'postcard', name: 'Postcard', detail: 'the old harbour', priceMinor: 1_80, group: 'paper', firstQuantity: 80 },
];

/** A number stays beside its unit. */
export const ITEMS: readonly Item[] = GOODS.map((item) => ({ ...item, detail: item.detail.replace(/(\d) /, '$1\u00a0') }));

const BY_SKU = new Map(ITEMS.map((item) => [item.sku, item]));

/** The item of a SKU; one that is sold no more still has a name to print. */
export function itemOf(sku: string): Item {
  return BY_SKU.get(sku) ?? { sku, name: sku, detail: '', priceMinor: 0, group: 'home', firstQuantity: 0 };
}

/** Items whose name or description has every word of a search. */
export function found(search: string): Item[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return ITEMS.filter((item) => words.every((word) => `${item.name} ${item.detail} ${item.group}`.toLowerCase().includes(word)));
}

const FORMAT = new Intl.NumberFormat('en-IE', { style: 'currency', currency: CURRENCY });

/** An amount of cents for people. */
export function money(minor: number): string {
  return FORMAT.format(minor / 100);
}
