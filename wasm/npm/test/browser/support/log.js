// Carries a command log out in a browser, in a durable database, and prints the digest of what came of it: `node log.js LOG`.
// Each line of the log is a list of commands, done in one commit.

import fs from 'node:fs';
import { Chromium, noBrowser, profile } from './chromium.js';
import { shopPage, site } from './shop.js';

const after = [];
const test = { after: (job) => after.unshift(job) };

async function run(log) {
  const { origin } = await site(test, { '/log.jsonl': fs.readFileSync(log, 'utf8') });
  const browser = await Chromium.start(test, profile(test));
  const page = await shopPage(browser, origin);
  const digest = page.evaluate(async () => {
    const lines = (await (await fetch('/log.jsonl')).text()).trimEnd().split('\n');
    const shop = await test.Stockroom.open('log');
    if (!shop.isDurable) throw new Error('there is no database that lasts');
    for (const line of lines) await shop.batch(JSON.parse(line));
    const digest = await shop.digest();
    await shop.close();
    return digest;
  });
  console.log(await digest);
}

if (noBrowser) throw new Error(noBrowser);
try {
  await run(process.argv[2]);
} finally {
  for (const job of after) await job();
}
