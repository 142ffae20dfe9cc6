// Where goods are sold: search, goods, cart.

import type { StockLevel } from 'stockroom';
import { found, itemOf, money } from '../catalogue.js';
import type { Item } from '../catalogue.js';
import { h, show } from '../dom.js';
import type { Till } from '../till.js';

export interface Deeds {
  /** Puts so many units into the cart. */
  setQuantity(sku: string, quantity: number): Promise<void>;
  empty(): Promise<void>;
  pay(): Promise<void>;
}

/** The view, and how it is brought up to date. */
export function register(till: Till, deeds: Deeds): { view: HTMLElement; refresh(levels: readonly StockLevel[]): void } {
  let levels = new Map<string, StockLevel>();
  const search = h('input', {
    id: 'search', type: 'search', placeholder: 'Search goods', 'aria-label': 'Search goods', autocomplete: 'off', spellcheck: 'false', enterkeyhint: 'search',
    'aria-keyshortcuts': '/',
    oninput: () => showGoods(),
    onkeydown: (event: KeyboardEvent) => {
      const [first] = found(search.value);
      if (event.key === 'Enter' && first !== undefined && search.value.trim() !== '') {
        event.preventDefault();
        void add(first);
        search.select();
      } else if (event.key === 'ArrowDown') {
        event.preventDefault();
        goods.querySelector<HTMLElement>('button:not(:disabled)')?.focus();
      }
    },
  });
  const goods = h('ul', { class: 'goods', 'aria-label': 'Goods' });
  const cart = h('section', { class: 'cart', 'aria-labelledby': 'cart-title' });
  const view = h('div', { class: 'register' }, h('section', { class: 'shelf', 'aria-label': 'Shelf' }, h('div', { class: 'search' }, search, h('kbd', { 'aria-hidden': 'true' }, '/')), goods), cart);

  const add = (item: Item): Promise<void> => deeds.setQuantity(item.sku, till.quantityOf(item.sku) + 1);
  const availableOf = (sku: string): number => levels.get(sku)?.available ?? 0;

  function good(item: Item): HTMLElement {
    const available = availableOf(item.sku);
    const inCart = till.quantityOf(item.sku);
    const left = available > 0 ? `${available} left` : inCart > 0 ? 'all in the cart' : 'sold out';
    const button = h(
      'button',
      {
        type: 'button', class: `good ${item.group}`, 'data-key': item.sku, disabled: available <= 0,
        'aria-label': `Add ${item.name}, ${item.detail}, ${money(item.priceMinor)}, ${left}`,
        onclick: () => add(item),
      },
      h('span', { class: 'mark', 'aria-hidden': 'true' }, item.name.charAt(0)),
      h('span', { class: 'name' }, item.name),
      h('span', { class: 'detail' }, item.detail),
      h(
        'span',
        { class: 'foot' },
        h('span', { class: 'price' }, money(item.priceMinor)),
        h('span', { class: available > 0 && available <= 5 ? 'left few' : 'left' }, left),
      ),
      inCart > 0 && h('span', { class: 'count', 'aria-hidden': 'true' }, String(inCart)),
    );
    return h('li', {}, button);
  }

  function showGoods(): void {
    const items = found(search.value);
    show(goods, items.length > 0 ? items.map(good) : [h('li', { class: 'none' }, `Nothing is called “${search.value.trim()}”.`)], search);
  }

  function line({ sku, quantity }: { sku: string; quantity: number }): HTMLElement {
    const item = itemOf(sku);
    const step = (by: number, words: string, sign: string, disabled = false): HTMLElement =>
      h('button', { type: 'button', class: 'step', 'data-key': `${sku}${sign}`, disabled, 'aria-label': `${words} ${item.name}`, onclick: () => deeds.setQuantity(sku, quantity + by) }, sign);
    return h(
      'li',
      { class: 'line', 'data-sku': sku },
      h('span', { class: 'name' }, item.name, h('small', {}, `${money(item.priceMinor)} each`)),
      h('span', { class: 'steps' }, step(-1, 'One less', '−'), h('output', { 'aria-label': `${item.name} in the cart` }, String(quantity)), step(1, 'One more', '+', availableOf(sku) <= 0)),
      h('span', { class: 'sum' }, money(quantity * item.priceMinor)),
    );
  }

  function showCart(): void {
    const units = till.lines.reduce((sum, { quantity }) => sum + quantity, 0);
    const isEmpty = units === 0;
    show(
      cart,
      [
        h(
          'header',
          {},
          h('h2', { id: 'cart-title' }, 'Cart'),
          !isEmpty && h('button', { type: 'button', class: 'quiet', 'data-key': 'empty', onclick: () => deeds.empty() }, 'Empty'),
        ),
        isEmpty
          ? h('p', { class: 'none' }, 'Nothing yet. Touch what the customer takes, or search and press Enter.')
          : h('ul', { class: 'lines', 'aria-label': 'In the cart' }, ...till.lines.map(line)),
        h(
          'footer',
          {},
          !isEmpty && h('p', { class: 'held' }, `${units} ${units === 1 ? 'unit' : 'units'} held: nobody else is sold ${units === 1 ? 'it' : 'them'}.`),
          h('p', { class: 'total' }, h('span', {}, 'Total'), h('strong', { id: 'total' }, money(till.totalMinor))),
          h('button', { type: 'button', id: 'pay', class: 'primary', 'data-key': 'pay', disabled: isEmpty, 'aria-keyshortcuts': 'Control+Enter', onclick: () => deeds.pay() }, 'Pay'),
        ),
      ],
      search,
    );
  }

  return {
    view,
    refresh(now) {
      levels = new Map(now.map((level) => [level.sku, level]));
      showGoods();
      showCart();
    },
  };
}

