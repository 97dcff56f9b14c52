// Building the page's elements. Text is only ever set as text, never as markup.

type Child = Node | string | null;
type Attributes = Record<string, string | boolean>;

export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(name, "");
    else if (value !== false) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** The element of an id, which the template is known to hold. */
export function byId<T extends HTMLElement>(id: string, kind: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`The page has no #${id}`);
  return found;
}

/** Let a button do some work, and not again before that is done. */
export function onPress(button: HTMLButtonElement, work: () => Promise<unknown>): void {
  let busy = false;
  button.addEventListener("click", async () => {
    if (busy) return;
    busy = true;
    await work().finally(() => (busy = false));
  });
}

/** Put the focus on an element where it was lost, as what had it is gone. */
export function focusIfLost(element: HTMLElement): void {
  if (document.activeElement === document.body) element.focus();
}

/** A taxon's name: genera and species are set in italics. */
export function taxonName(name: string, rank: string): HTMLElement {
  return rank === "genus" || rank === "species" ? el("i", {}, name) : el("span", {}, name);
}

/** A bar of a figure in [0, 1], with a mark at the confidence that was asked for. */
export function bar(p: number, wanted?: number): HTMLElement {
  const fill = el("span", { class: "fill" });
  fill.style.width = `${100 * p}%`;
  const mark = el("span", { class: "mark" });
  if (wanted !== undefined) mark.style.left = `${100 * wanted}%`;
  const parts = wanted === undefined ? [fill] : [fill, mark];
  return el("span", { class: "bar", "aria-hidden": "true" }, ...parts);
}
