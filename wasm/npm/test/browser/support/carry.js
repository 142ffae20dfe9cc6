// A file through a browser, for tests in other languages: `carry.js <in or -> <out> <orders>` begins as a file or anew, places
// orders, writes the exported file, and says the digest; `no browser` where there is none.

import fs from 'node:fs';
import { Chromium, noBrowser, profile } from './chromium.js';
import { opened, shopPage, site } from './shop.js';

const [from, to, count] = process.argv.slice(2);
const after = [];
const test = { after: (job) => after.unshift(job) };

async function carry() {
  const { origin } = await site(test);
  const browser = await Chromium.start(test, profile(test));
  const page = await shopPage(browser, origin);
  if (from !== '-') {
    const bytes = fs.readFileSync(from).toString('base64');
    await page.evaluate(async (bytes) => {
      const file = await fetch(`data:application/octet-stream;base64,${bytes}`).then((response) => response.bytes());
      await (await test.Stockroom.import('shop', file)).close();
    }, bytes);
  }
  await opened(page);
  const { digest, bytes } = await page.evaluate(async (count) => {
    await test.sell('browser', count);
    const bytes = await shop.export();
    return { digest: await shop.digest(), bytes: btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')) };
  }, Number(count));
  fs.writeFileSync(to, Buffer.from(bytes, 'base64'));
  console.log(digest);
}

if (noBrowser) {
  console.log('no browser');
} else {
  try {
    await carry();
  } finally {
    for (const job of after) await job();
  }
}
