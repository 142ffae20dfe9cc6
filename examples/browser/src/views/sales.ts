// What was sold, the last sale first; each opens its receipt.

import { itemOf, money } from '../catalogue.js';
import { h, show } from '../dom.js';
import type { Sale } from '../till.js';

const TIME = new Intl.DateTimeFormat('en-IE', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });

export function sales(open: (sale: Sale) => void): { view: HTMLElement; refresh(sales: readonly Sale[]): void } {
  const list = h('ul', { class: 'sales' });
  const sum = h('p', { class: 'sum' });
  const view = h('section', { class: 'page', 'aria-labelledby': 'sales-title' }, h('header', {}, h('h1', { id: 'sales-title' }, 'Sales'), sum), list);

  function entry(sale: Sale): HTMLElement {
    const what = sale.lines.map(({ sku, quantity }) => (quantity > 1 ? `${quantity} × ${itemOf(sku).name}` : itemOf(sku).name)).join(', ');
    const button = h(
      'button',
      { type: 'button', class: 'sale', 'data-key': String(sale.number), 'aria-label': `Receipt ${sale.number}, ${money(sale.totalMinor)}`, onclick: () => open(sale) },
      h('span', { class: 'number' }, `No. ${sale.number}`),
      h('time', { datetime: new Date(sale.atMs).toISOString() }, TIME.format(sale.atMs)),
      h('span', { class: 'what' }, what),
      h('span', { class: 'paid' }, sale.payment.by),
      h('strong', {}, money(sale.totalMinor)),
    );
    return h('li', {}, button);
  }

  return {
    view,
    refresh(all) {
      const total = all.reduce((sum, { totalMinor }) => sum + totalMinor, 0);
      sum.replaceChildren(all.length === 0 ? '' : `${all.length} ${all.length === 1 ? 'sale' : 'sales'}, ${money(total)}`);
      show(list, all.length > 0 ? all.map(entry) : [h('li', { class: 'none' }, 'Nothing was sold yet.')]);
    },
  };
}
