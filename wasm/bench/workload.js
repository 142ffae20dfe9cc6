// The workload: the same deterministic three-line orders over 10,000 SKUs as `benches/`, so that whatever is compared
// is compared on the same input. It knows nothing of any store.

export const SKU_COUNT = 10_000;
export const ON_HAND = 1_000_000_000;

/** Numbers from 0 up to a bound, the same on every machine: Marsaglia's xorshift with 32 bits. */
function* random(seed) {
  let x = seed >>> 0 || 1;
  for (;;) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    yield (x >>> 0) / 2 ** 32;
  }
}

export function skuName(number) {
  return `SKU-${String(number).padStart(5, '0')}`;
}

/** `count` orders, whose ids begin with `prefix`. */
export function orders(prefix, seed, count) {
  const numbers = random(seed);
  const below = (bound) => Math.floor(numbers.next().value * bound);
  return Array.from({ length: count }, (_, index) => {
    const skus = new Set();
    while (skus.size < 3) skus.add(below(SKU_COUNT));
    return {
      id: `${prefix}-${String(index + 1).padStart(10, '0')}`,
      channel: 'web',
      currency: 'GBP',
      lines: [...skus].map((number) => ({
        sku: skuName(number),
        quantity: 1 + below(3),
        unit_price_minor: 1_000 + ((number * 7_919) % 9_000),
      })),
    };
  });
}
