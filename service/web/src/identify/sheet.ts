// Many items as a contact sheet or as a table, which is moved in by arrow keys.

import { bar, el, taxonName } from "../shared/dom";
import { decimal, figure, rankWord, sentence, t } from "../shared/strings";
import { type Group, type Item, doubt, group, itemName, likeliest } from "./items";

export type Action = "open" | "accept" | "correct" | "keep" | "aside" | "undo";
export type Look = "sheet" | "table";
export type Order = "doubt" | "sure" | "name";

const PAUSE = 200; // milliseconds between two orders, so that thousands are not sorted at each answer

const KEYS: Record<string, Action> = {
  a: "accept",
  c: "correct",
  k: "keep",
  s: "aside",
  u: "undo",
};

export class Sheet {
  readonly element = el("div", { class: "entries" });
  look: Look = "sheet";
  order: Order = "doubt";
  only: Group | null = null;
  private readonly entries = new Map<number, HTMLElement>();
  private items: Item[] = [];
  private stirred = false;
  private soon: ReturnType<typeof setTimeout> | undefined;

  /** `act` is called with what is to be done about an item. */
  constructor(
    private readonly wanted: () => number,
    private readonly mayKeep: boolean,
    private readonly act: (item: Item, action: Action) => void,
  ) {
    this.element.addEventListener("keydown", (event) => this.key(event));
    for (const left of ["mouseleave", "focusout"]) {
      // Not at once: what the pointer is pressing would move away from under it.
      this.element.addEventListener(left, () => this.stirred && this.arrangeSoon());
    }
  }

  show(items: Item[]): void {
    this.items = items;
    this.entries.clear();
    this.arrange(true);
  }

  /** Draw an item anew; where it stands changes when nobody is at work in the sheet. */
  update(item: Item): void {
    const old = this.entries.get(item.key);
    if (!old) return;
    const focused = old.contains(document.activeElement);
    const made = this.entry(item);
    this.entries.set(item.key, made);
    old.replaceWith(made);
    if (focused) this.focus(made);
    this.arrangeSoon();
  }

  /** Put the items in order; unless it must be now, not under somebody's hands. */
  arrange(now: boolean): void {
    clearTimeout(this.soon);
    this.soon = undefined;
    const focused = this.element.contains(document.activeElement);
    this.stirred = !now && (focused || this.element.matches(":hover"));
    if (this.stirred) return;
    const shown = this.items.filter((item) => this.only === null || group(item) === this.only);
    shown.sort(orders[this.order]);
    const made = shown.map((item) => this.entries.get(item.key) ?? this.first(item));
    made.forEach((entry, at) => stop(entry, at === 0));
    const empty = el("p", { class: "quiet" }, t("identify.none_such"));
    this.element.replaceChildren(made.length ? this.container(made) : empty);
  }

  private arrangeSoon(): void {
    this.soon ??= setTimeout(() => this.arrange(false), PAUSE);
  }

  /** The items in the order in which they are shown. */
  get shown(): Item[] {
    const byEntry = new Map([...this.entries].map(([key, entry]) => [entry, key]));
    const keys = [...this.element.querySelectorAll<HTMLElement>(".entry")].map((one) =>
      byEntry.get(one),
    );
    const byKey = new Map(this.items.map((item) => [item.key, item]));
    return keys.flatMap((key) => byKey.get(key ?? -1) ?? []);
  }

  /** The item that the keyboard is at. */
  get focused(): Item | null {
    const entry = document.activeElement?.closest<HTMLElement>(".entry");
    return this.items.find((item) => String(item.key) === entry?.dataset["key"]) ?? null;
  }

  focusOn(item: Item): void {
    const entry = this.entries.get(item.key);
    if (entry) this.focus(entry);
  }

  private container(entries: HTMLElement[]): HTMLElement {
    if (this.look === "sheet") return el("ul", { class: "sheet" }, ...entries);
    const heads = ["picture", "file", "name", "how_sure", "nearest", "decision"] as const;
    const row = heads.map((head) => el("th", { scope: "col" }, t(`identify.head.${head}`)));
    return el(
      "table",
      { class: "rows" },
      el("thead", {}, el("tr", {}, ...row)),
      el("tbody", {}, ...entries),
    );
  }

  private first(item: Item): HTMLElement {
    const made = this.entry(item);
    this.entries.set(item.key, made);
    return made;
  }

  private entry(item: Item): HTMLElement {
    const made = this.look === "sheet" ? this.card(item) : this.row(item);
    made.dataset["key"] = String(item.key);
    made.dataset["group"] = group(item);
    stop(made, false);
    return made;
  }

  private card(item: Item): HTMLElement {
    return el(
      "li",
      { class: "entry" },
      el(
        "figure",
        {},
        this.picture(item),
        el(
          "figcaption",
          {},
          el("span", { class: "name" }, ...this.name(item)),
          this.figure(item),
          el("span", { class: "id", title: itemName(item) }, el("bdi", {}, itemName(item))),
          this.buttons(item),
        ),
      ),
    );
  }

  private row(item: Item): HTMLElement {
    const nearest = item.answer?.neighbours[0];
    const near = nearest
      ? [
          nearest.species ? taxonName(nearest.species, "species") : t("common.undetermined"),
          ` ${decimal(nearest.score, 2)}`,
        ]
      : [];
    return el(
      "tr",
      { class: "entry" },
      el("td", {}, this.picture(item)),
      el("td", { class: "file" }, itemName(item)),
      el("td", {}, ...this.name(item)),
      el("td", {}, this.figure(item)),
      el("td", {}, ...near),
      el("td", {}, this.buttons(item)),
    );
  }

  private picture(item: Item): HTMLElement {
    const name = itemName(item);
    const shown = item.picture
      ? el("img", { src: item.picture, alt: name })
      : el("span", { class: "nameless" }, name);
    const button = el("button", { type: "button", class: "picture" }, shown);
    button.addEventListener("click", () => this.act(item, "open"));
    return button;
  }

  private name(item: Item): (Node | string)[] {
    if (item.problem) return [el("span", { class: "wrong" }, ...item.problem.told())];
    if (item.called) return [taxonName(item.called.taxon, item.called.rank || "species")];
    if (!item.answer) return [el("span", { class: "quiet" }, t("identify.waiting"))];
    const found = item.answer.determination;
    if (!found) {
      const first = likeliest(item.answer);
      const name = first ? taxonName(first.taxon, first.rank) : null;
      const unknown = el("span", {}, t("answer.unknown"));
      if (!name) return [unknown];
      return [unknown, " ", el("small", { class: "quiet" }, ...sentence("identify.likeliest", { name }))];
    }
    const rank = el("small", { class: "quiet" }, rankWord(found.rank));
    return [taxonName(found.taxon, found.rank), ` ${found.qualifier} `, rank];
  }

  /** How sure the likeliest name at the finest rank is, or at the rank that is determined. */
  private figure(item: Item): HTMLElement | null {
    const answer = item.answer;
    if (!answer || item.problem) return null;
    const found = answer.determination;
    const first = found ? answer.ranks[found.rank]?.[0] : likeliestShown(item);
    if (!first) return null;
    const percent = figure(first.percent);
    const sure = found && answer.calibration !== "none" ? "how sure-enough" : "how";
    const title = found ? t("identify.head.how_sure") : t("identify.at_most_sure", { taxon: first.taxon, percent });
    return el(
      "span",
      { class: sure, title },
      bar(first.p, this.wanted()),
      el("span", { class: "number" }, percent),
    );
  }

  private buttons(item: Item): HTMLElement {
    const button = (action: Action, label: string): HTMLElement => {
      const made = el(
        "button",
        { type: "button", class: "link", "aria-label": `${label}: ${itemName(item)}` },
        label,
      );
      made.addEventListener("click", () => this.act(item, action));
      return made;
    };
    const parts: (Node | string)[] = [];
    if (item.busy) parts.push(el("span", { class: "quiet" }, t("identify.storing")));
    else if (item.decision) {
      const mark = item.decision === "aside" ? "identify.mark_aside" : "identify.mark_kept";
      parts.push(el("span", { class: "mark-word" }, t(mark)), button("undo", t("identify.undo")));
    } else if (item.answer && this.mayKeep) {
      if (item.answer.determination) parts.push(button("accept", t("identify.accept")));
      const name = item.answer.determination ? "identify.correct" : "identify.name_short";
      parts.push(button("correct", t(name)));
      if (!item.answer.determination) parts.push(button("keep", t("identify.keep_short")));
      parts.push(button("aside", t("identify.set_aside")));
    }
    return el("span", { class: "acts" }, ...parts);
  }

  private key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const entry = (event.target as Element).closest<HTMLElement>(".entry");
    const item = this.items.find((one) => String(one.key) === entry?.dataset["key"]);
    if (!entry || !item) return;
    const action = KEYS[event.key.toLowerCase()];
    if (action) {
      const next = this.beside(entry, "ArrowRight");
      if (next && action !== "correct" && action !== "undo") this.focus(next);
      this.act(item, action);
    } else {
      const to = this.beside(entry, event.key);
      if (!to) return;
      this.focus(to);
    }
    event.preventDefault();
  }

  /** The entry that an arrow key leads to. */
  private beside(entry: HTMLElement, key: string): HTMLElement | null {
    const all = [...this.element.querySelectorAll<HTMLElement>(".entry")];
    const at = all.indexOf(entry);
    if (key === "Home") return all[0] ?? null;
    if (key === "End") return all.at(-1) ?? null;
    if (key === "ArrowRight") return all[at + 1] ?? null;
    if (key === "ArrowLeft") return all[at - 1] ?? null;
    const under = (one: HTMLElement): boolean => Math.abs(one.offsetLeft - entry.offsetLeft) < 4;
    if (key === "ArrowDown") return all.slice(at + 1).find(under) ?? null;
    if (key === "ArrowUp") return all.slice(0, at).reverse().find(under) ?? null;
    return null;
  }

  private focus(entry: HTMLElement): void {
    for (const one of this.element.querySelectorAll<HTMLElement>(".entry")) stop(one, one === entry);
    entry.querySelector<HTMLElement>("button.picture")?.focus();
  }
}

/** Let the Tab key stop at the buttons of an entry, or pass it by. */
function stop(entry: HTMLElement, stops: boolean): void {
  for (const button of entry.querySelectorAll("button")) button.tabIndex = stops ? 0 : -1;
}

function likeliestShown(item: Item): { taxon: string; p: number; percent: string } | undefined {
  const first = item.answer && likeliest(item.answer);
  return first ? item.answer?.ranks[first.rank]?.[0] : undefined;
}

const decided = (item: Item): boolean => ["kept", "aside"].includes(group(item));
const byName = (one: Item, other: Item): number =>
  itemName(one).localeCompare(itemName(other), undefined, { numeric: true });

const orders: Record<Order, (one: Item, other: Item) => number> = {
  name: byName,
  doubt: (one, other) => doubt(other) - doubt(one) || byName(one, other),
  sure: (one, other) =>
    Number(decided(one)) - Number(decided(other)) || doubt(one) - doubt(other) || byName(one, other),
};
