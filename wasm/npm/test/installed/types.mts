// Compiled, never run: what a strict compiler says to a program that uses the package.

import { Step, Stockroom, StockroomError, StockroomRejection } from 'stockroom';
import type { Command, Decided, EventDocument, LogEntry, OwnDatabase, PlacedOrder, Reply } from 'stockroom';

export async function main(signal: AbortSignal): Promise<void> {
  await using shop = await Stockroom.open({ path: 'shop.sqlite3', log: (entry: LogEntry) => console.error(entry.level, entry.message) });
  const placed: PlacedOrder = await shop.placeOrder(
    { id: 'o-1', channel: 'web', currency: 'EUR', lines: [{ sku: 'mug', quantity: 2, unit_price_minor: 1250 }] },
    { key: 'till-3' },
  );
  const units: number = placed.allocations.length;
  const left: number | null = await shop.available('mug', 'main');
  const command: Command = { action: { fulfill: { limit: 10 } } };
  const replies: Reply[] = await shop.batch([command]);
  for (const { outcome } of replies) {
    if ('rejected' in outcome) console.log(outcome.rejected.code);
    else if (typeof outcome.accepted === 'object' && 'fulfilled' in outcome.accepted) console.log(outcome.accepted.fulfilled.requested);
  }
  try {
    await shop.cancelOrder({ order: 'o-1' });
  } catch (error) {
    if (error instanceof StockroomRejection && error.code === 'order_unknown') console.log(error.faults[0]?.at);
    else if (error instanceof StockroomError && error.retryable) console.log(error.code satisfies string);
    else throw error;
  }
  const events = shop.events({ subscription: 'mail', signal });
  for await (const event of events) {
    const about: EventDocument = event;
    if (event.type === 'stockroom.order.allocated.v1') console.log(event.data.value_minor satisfies number);
    // @ts-expect-error There is no such event.
    if (event.type === 'stockroom.order.lost.v1') console.log();
    await events.acknowledge(about);
  }
  const relay = shop.relay({
    routes: [{ destination: 'wms', exchange: { rest: { base_url: 'https://wms.example', auth: { bearer: { token: 'x' } } } } }],
    fulfill: true,
    signal,
  });
  console.log((await relay.stop()).done + units + (left ?? 0));
  const bytes: Uint8Array = await shop.export();
  await using copy = await Stockroom.import({ path: 'copy.sqlite3', durability: 'normal' }, bytes);
  console.log(copy.isDurable satisfies boolean);
  await Stockroom.remove({ path: 'copy.sqlite3', busyTimeoutMs: 5 });
  // @ts-expect-error A file is bytes.
  await Stockroom.import('copy.sqlite3', 'bytes');
  // @ts-expect-error A quantity is a number.
  await shop.receiveStock({ location: 'main', lines: [{ sku: 'mug', quantity: '3' }] });
  // @ts-expect-error There is no such command.
  await shop.execute({ action: { place_oder: {} } });
  // @ts-expect-error There is no such option.
  await Stockroom.open({ path: ':memory:', durabilty: 'full' });
}

export async function own(database: OwnDatabase): Promise<void> {
  await using shop = Stockroom.over(database, { retries: 5, clock: () => 7 });
  console.log((await shop.placeOrder({ id: 'o-1', channel: 'web', currency: 'EUR', lines: [] })).value_minor satisfies number);
  const step = Step.execute({ action: { tick: { limit: 1 } } });
  while (step.needs !== undefined) step.supply(await database.fetch(step.needs));
  const { answer, ...changes }: Decided<Reply> = step.decided;
  if (await database.commit(changes)) console.log(answer.repeated satisfies boolean, changes.expects?.cell satisfies string | null | undefined);
  const level = Step.read('availability', { pairs: [{ sku: 'mug', location: 'main' }] }).decided.answer[0];
  console.log(level);
  // @ts-expect-error A step is made by its call.
  new Step();
  // @ts-expect-error A cell is a text.
  step.supply({ cells: [7], ranges: [] });
  // @ts-expect-error There is no such command.
  Step.execute({ action: { place_oder: {} } });
  // @ts-expect-error A database commits, too.
  Stockroom.over({ fetch: () => ({ cells: [], ranges: [] }) });
}
