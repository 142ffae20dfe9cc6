/// <reference types="vite/client" />
// The page: opens the till, shows one of its views, and brings them up to date after every deed.

import { StockroomError, StockroomRejection } from 'stockroom';
import type { LogEntry } from 'stockroom';
import { itemOf } from './catalogue.js';
import { by, h, say } from './dom.js';
import { Till } from './till.js';
import { askPayment, showReceipt } from './views/dialogs.js';
import { register } from './views/register.js';
import { sales } from './views/sales.js';
import { stock } from './views/stock.js';

/** How often a cart at which somebody stands is held for longer, in milliseconds. */
const KEEP_MS = 5 * 60_000;

const place = by('view');

/** One deed after the other, and what went wrong told to people. */
function inTurn(): (deed: () => Promise<void>) => Promise<void> {
  let last: Promise<void> = Promise.resolve();
  return (deed) => {
    last = last.then(deed).catch((error: unknown) => {
      if (error instanceof StockroomRejection) say(wordsOf(error), 'trouble');
      // A database that is closed has been told of where it was closed.
      else if (!(error instanceof StockroomError && error.code === 'closed')) say(error instanceof Error ? error.message : String(error), 'trouble');
    });
    return last;
  };
}

function wordsOf(rejection: StockroomRejection): string {
  if (rejection.code === 'insufficient_stock') return 'There are no more of these.';
  return `No: ${rejection.message}`;
}

function run(till: Till): void {
  const turn = inTurn();
  const registerView = register(till, {
    setQuantity: (sku, quantity) =>
      turn(async () => {
        try {
          await till.setQuantity(sku, quantity);
        } catch (error) {
          if (error instanceof StockroomRejection && error.code === 'insufficient_stock') say(`${itemOf(sku).name}: there are no more.`, 'trouble');
          else throw error;
        }
        await refresh();
      }),
    empty: () =>
      turn(async () => {
        await till.empty();
        await refresh();
      }),
    pay: () => turn(pay),
  });
  const stockView = stock({
    receive: (sku, quantity) =>
      turn(async () => {
        await till.receive(sku, quantity);
        say(`${quantity} ${itemOf(sku).name} booked in.`);
        await refresh();
      }),
    save: () => turn(save),
  });
  const salesView = sales((sale) => void showReceipt(sale));
  const views = { till: registerView, stock: stockView, sales: salesView };
  type Name = keyof typeof views;

  const shown = (): Name => {
    const name = location.hash.slice(1);
    return name in views ? (name as Name) : 'till';
  };

  async function refresh(): Promise<void> {
    if (shown() === 'sales') salesView.refresh(await till.sales());
    else {
      const levels = await till.levels();
      registerView.refresh(levels);
      stockView.refresh(levels);
    }
  }

  async function pay(): Promise<void> {
    if (till.lines.length === 0) return;
    const payment = await askPayment(till.totalMinor);
    if (payment === undefined) return;
    const sale = await till.pay(payment);
    await refresh();
    await showReceipt(sale);
    focusSearch();
  }

  /** The whole database as a file for safe keeping. */
  async function save(): Promise<void> {
    const bytes = await till.shop.export();
    const url = URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>], { type: 'application/vnd.sqlite3' }));
    h('a', { href: url, download: 'till.sqlite3' }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  }

  const focusSearch = (): void => document.getElementById('search')?.focus();

  async function go(): Promise<void> {
    const name = shown();
    for (const link of document.querySelectorAll<HTMLAnchorElement>('.tabs a')) {
      if (link.hash === `#${name}`) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
    }
    place.replaceChildren(views[name].view);
    await refresh();
    document.title = name === 'till' ? 'Till' : `${name === 'stock' ? 'Stock' : 'Sales'} – Till`;
  }

  window.addEventListener('hashchange', () => void turn(go));
  document.addEventListener('keydown', (event) => {
    if (document.querySelector('dialog[open]') !== null) return;
    const isTyping = event.target instanceof HTMLInputElement;
    if (event.key === '/' && !isTyping) {
      event.preventDefault();
      if (shown() === 'till') focusSearch();
      else location.hash = '#till';
    } else if (event.key === 'Enter' && event.ctrlKey) {
      event.preventDefault();
      void turn(pay);
    }
  });
  setInterval(() => void turn(() => till.keep()), KEEP_MS);
  void turn(go);
}

/** A page in the place of the till: why there is none, and what can be done. */
function instead(title: string, text: string, ...deeds: [string, () => unknown][]): void {
  const buttons = deeds.map(([name, deed], at) => h('button', { type: 'button', class: at === 0 ? 'primary' : 'quiet', onclick: deed }, name));
  place.replaceChildren(h('section', { class: 'instead', role: 'alert' }, h('h1', {}, title), h('p', {}, text), h('p', { class: 'deeds' }, ...buttons)));
}

function trouble({ level, message }: LogEntry): void {
  if (level === 'failure') instead('The till stopped', `Every sale that was shown is kept. (${message})`, ['Start again', () => location.reload()]);
}

async function start(path: string): Promise<void> {
  try {
    const till = await Till.open(path, trouble);
    void showKept(till.shop.isDurable);
    run(till);
  } catch (error) {
    const code = error instanceof StockroomError ? error.code : undefined;
    const message = error instanceof Error ? error.message : String(error);
    if (code === 'busy') {
      instead('The till is open in another tab', 'Sales are made in one place at a time. Go on there, or close it and try again.', ['Try again', () => void start(path)]);
    } else if (code === 'unsupported') {
      // Never silently: a till that forgets is the shopkeeper's own choice.
      instead('Sales cannot be kept here', message, ['Practise without keeping anything', () => void start(':memory:')]);
    } else {
      instead('The till does not open', message, ['Try again', () => void start(path)]);
    }
  }
}

async function showKept(isDurable: boolean): Promise<void> {
  const pill = by('kept');
  pill.hidden = false;
  pill.className = isDurable ? 'pill kept' : 'pill lost';
  pill.textContent = isDurable ? 'Kept on this device' : 'Practice: nothing is kept';
  // Asked for, so that the browser does not clear it away when the disk gets full.
  if (isDurable) await navigator.storage.persist?.();
}

function showNetwork(): void {
  by('network').hidden = navigator.onLine;
}
window.addEventListener('online', showNetwork);
window.addEventListener('offline', showNetwork);
showNetwork();

if (import.meta.env.PROD && 'serviceWorker' in navigator) void navigator.serviceWorker.register('./sw.js');

void start('till');
