// Elements of a page, made in one line each. Texts are texts: nothing is parsed as HTML.

type Child = Node | string | false | null | undefined;

interface Settings {
  [attribute: string]: string | number | boolean | ((event: never) => unknown) | undefined;
}

/** An element with attributes, listeners (`onclick`) and children. `true` is an attribute without a value. */
export function h<K extends keyof HTMLElementTagNameMap>(tag: K, settings: Settings = {}, ...children: Child[]): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(settings)) {
    if (value === undefined || value === false) continue;
    if (typeof value === 'function') element.addEventListener(name.slice(2), value as (event: Event) => unknown);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  for (const child of children) if (child) element.append(child);
  return element;
}

/** An element that the page has. */
export function by(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no #${id}`);
  return element;
}

/**
 * Puts new content in the place of old, and the focus back to where it was: to the element of the same `data-key`, or,
 * where that is gone or can be pressed no more, to `otherwise`.
 */
export function show(place: HTMLElement, content: Node[], otherwise?: HTMLElement): void {
  const focused = document.activeElement;
  const key = focused instanceof HTMLElement && place.contains(focused) ? focused.dataset.key : undefined;
  const hadFocus = place.contains(focused);
  place.replaceChildren(...content);
  if (!hadFocus || place.contains(document.activeElement)) return;
  const again = key === undefined ? null : place.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]:not(:disabled)`);
  (again ?? otherwise)?.focus({ preventScroll: true });
}

/** Says something that everybody should notice, to screen readers too. It goes by itself. */
export function say(text: string, kind: 'news' | 'trouble' = 'news'): void {
  const place = by('said');
  const toast = h('p', { class: `toast ${kind}` }, text);
  place.replaceChildren(toast);
  setTimeout(() => toast.remove(), kind === 'trouble' ? 6_000 : 3_000);
}
