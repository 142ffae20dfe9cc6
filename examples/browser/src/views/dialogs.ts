// Paying, and the receipt: the browser's own dialogs, which keep the focus and close by Escape.

import { itemOf, money } from '../catalogue.js';
import { h } from '../dom.js';
import type { Payment, Sale } from '../till.js';

const TIME = new Intl.DateTimeFormat('en-IE', { dateStyle: 'medium', timeStyle: 'short' });

/** Shows a dialog until it is closed. Gives the value that it was closed with. */
function asked(dialog: HTMLDialogElement): Promise<string> {
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((done) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      done(dialog.returnValue);
    });
  });
}

/** What people hand over for an amount: itself, and what is round. */
function notes(totalMinor: number): number[] {
  const round = [5_00, 10_00, 20_00, 50_00, 100_00].map((note) => Math.ceil(totalMinor / note) * note);
  return [...new Set([totalMinor, ...round])];
}

/** Asks how it is paid; nothing where it is not. */
export async function askPayment(totalMinor: number): Promise<Payment | undefined> {
  const dialog = h(
    'dialog',
    { class: 'payment', 'aria-labelledby': 'payment-title' },
    h(
      'form',
      { method: 'dialog' },
      h('h2', { id: 'payment-title' }, 'To pay'),
      h('p', { class: 'amount' }, money(totalMinor)),
      h('button', { class: 'primary', value: 'card', autofocus: true }, 'Card'),
      h(
        'fieldset',
        {},
        h('legend', {}, 'Cash given'),
        ...notes(totalMinor).map((note) => h('button', { value: String(note) }, note === totalMinor ? 'Exact' : money(note))),
      ),
      h('button', { class: 'quiet', value: '' }, 'Back to the cart'),
    ),
  );
  const answer = await asked(dialog);
  if (answer === '') return undefined;
  return answer === 'card' ? { by: 'card' } : { by: 'cash', givenMinor: Number(answer) };
}

/** Shows a receipt, until it is put away. */
export async function showReceipt(sale: Sale): Promise<void> {
  const row = (name: string, value: string, kind = ''): HTMLElement => h('div', { class: kind }, h('dt', {}, name), h('dd', {}, value));
  const { payment, totalMinor } = sale;
  const dialog = h(
    'dialog',
    { class: 'receipt', 'aria-labelledby': 'receipt-title' },
    h(
      'article',
      {},
      h('header', {}, h('h2', { id: 'receipt-title' }, 'Corner Shop'), h('p', {}, `Receipt ${sale.number}`), h('p', {}, h('time', { datetime: new Date(sale.atMs).toISOString() }, TIME.format(sale.atMs)))),
      h('ul', {}, ...sale.lines.map(({ sku, quantity, unitPriceMinor }) => h('li', {}, h('span', {}, `${quantity} × ${itemOf(sku).name}`), h('span', {}, money(quantity * unitPriceMinor))))),
      h(
        'dl',
        {},
        row('Total', money(totalMinor), 'total'),
        payment.by === 'card' ? row('Card', money(totalMinor)) : row('Cash', money(payment.givenMinor)),
        payment.by === 'cash' && payment.givenMinor > totalMinor && row('Change', money(payment.givenMinor - totalMinor), 'change'),
      ),
      h('p', { class: 'thanks' }, 'Thank you!'),
    ),
    h('form', { method: 'dialog' }, h('button', { type: 'button', class: 'quiet', onclick: () => window.print() }, 'Print'), h('button', { class: 'primary', autofocus: true }, 'Next customer')),
  );
  await asked(dialog);
}
