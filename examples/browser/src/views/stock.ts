// What is there: on the shelf, held in carts, and left to sell. Goods that come in are booked here.

import type { StockLevel } from 'stockroom';
import { itemOf } from '../catalogue.js';
import { h, show } from '../dom.js';

/** Units booked with one press. */
const RECEIVED = 10;

export function stock(deeds: { receive(sku: string, quantity: number): Promise<void>; save(): Promise<void> }): { view: HTMLElement; refresh(levels: readonly StockLevel[]): void } {
  const rows = h('tbody');
  const number = (name: string, text: string): HTMLElement => h('th', { scope: 'col', class: 'number', title: text }, name);
  const view = h(
    'section',
    { class: 'page', 'aria-labelledby': 'stock-title' },
    h('header', {}, h('h1', { id: 'stock-title' }, 'Stock'), h('button', { type: 'button', class: 'quiet', onclick: () => deeds.save() }, 'Save a copy')),
    h(
      'div',
      { class: 'table' },
      h(
        'table',
        {},
        h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, 'Goods'), number('On the shelf', 'Units physically present'), number('In the cart', 'Units held for the cart'), number('To sell', 'Units that may still be promised'), h('th', {}, h('span', { class: 'hidden' }, 'Goods that came in')))),
        rows,
      ),
    ),
  );

  function row({ sku, on_hand, held, available }: StockLevel): HTMLElement {
    const item = itemOf(sku);
    const few = available <= 0 ? 'number out' : available <= 5 ? 'number few' : 'number';
    return h(
      'tr',
      { 'data-sku': sku },
      h('th', { scope: 'row' }, item.name, h('small', {}, item.detail)),
      h('td', { class: 'number', 'data-what': 'on_hand' }, String(on_hand)),
      h('td', { class: held > 0 ? 'number held' : 'number none', 'data-what': 'held' }, held > 0 ? String(held) : '–'),
      h('td', { class: few, 'data-what': 'available' }, String(available)),
      h('td', { class: 'number' }, h('button', { type: 'button', class: 'quiet', 'data-key': sku, 'aria-label': `${RECEIVED} ${item.name} came in`, onclick: () => deeds.receive(sku, RECEIVED) }, `+ ${RECEIVED}`)),
    );
  }

  return { view, refresh: (levels) => show(rows, levels.map(row)) };
}
