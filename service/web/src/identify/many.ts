// Many pictures, each of a specimen of its own: asked about a few at a time, and decided about.

import { isChange, problemOf } from "../shared/api";
import { askText, signature, signedAs } from "../shared/dialogs";
import { el, taxonName } from "../shared/dom";
import { smallCopy } from "../shared/pictures";
import { type Key, count, number, t } from "../shared/strings";
import { inTurns, patiently } from "../shared/turns";
import { csv, save } from "./csv";
import {
  type Group,
  type Item,
  type Name,
  answered,
  group,
  itemName,
  keep,
  newItem,
  undo,
  withdraw,
} from "./items";
import { type Options, identify } from "./questions";
import { type Action, type Look, type Order, Sheet } from "./sheet";
import { Together } from "./together";

const FEW = 3; // questions at once
const GROUPS: Group[] = ["sure", "higher", "unknown", "kept", "aside", "problem"];

export interface Means {
  options: () => Options;
  wanted: () => number;
  mayKeep: boolean;
  /** Refuse what the service would refuse anyway. */
  refuse: (files: File[]) => void;
  /** Names to choose from. */
  names: () => Promise<string[]>;
  open: (item: Item) => void;
  /** Called after an item changed. */
  changed: (item: Item) => void;
  leave: () => void;
  say: (words: string) => void;
}

/** Decide about one item as a button or a key says; false where nothing came of it. */
export async function decide(item: Item, action: Action, names: () => Promise<string[]>): Promise<boolean> {
  const undoes = action === "undo";
  if (item.busy || undoes !== (item.decision !== null)) return false;
  if (action === "aside" || item.decision === "aside") {
    item.decision = undoes ? null : "aside";
    return true;
  }
  if (!item.answer) return false;
  if (action === "accept" && !answered(item)) return false;
  const by = await signature();
  if (by === null || item.busy) return false;
  if (action === "correct") return correct(item, by, names);
  try {
    if (undoes) await undo([item], by);
    else {
      await keep(item, by, action === "keep" ? null : answered(item));
      item.decision = action === "keep" ? "kept" : "accepted";
    }
  } catch (error) {
    const why = problemOf(error);
    // What somebody else decided about meanwhile stays, to be decided about in view of that.
    const stays = undoes || isChange(why) ? null : await withdraw(item, by);
    item.problem = stays ?? why;
  }
  return true;
}

/** Ask which name it is, and keep it; those that the answer weighed are offered. */
async function correct(item: Item, by: string, names: () => Promise<string[]>): Promise<boolean> {
  const weighed = Object.entries(item.answer?.ranks ?? {}).reverse();
  const choices = weighed
    .flatMap(([rank, taxa]) => taxa.slice(0, rank === weighed[0]?.[0] ? 5 : 2).map((one) => ({ rank, ...one })))
    .map(({ rank, taxon }) => ({ shown: taxonName(taxon, rank), value: `${rank}=${taxon}` }));
  let refused = false;
  const said = await askText({
    title: t("identify.correct_title", { name: itemName(item) }),
    text: t("identify.correct_how"),
    label: t("identify.correct_label"),
    submit: t("identify.correct_submit"),
    choices,
    offered: names(),
    work: async (said) => {
      refused = true;
      await keep(item, by, nameOf(said));
      refused = false;
      item.decision = "corrected";
    },
  });
  // Where no other name is given its pictures do not stay without one.
  if (refused) await withdraw(item, by);
  return said !== null;
}

/** A name as it was written: "Genus species", or with its rank, such as genus=Xestia. */
function nameOf(said: string): Name {
  const [, rank, taxon] = /^(\w+)=(.+)$/.exec(said) ?? [];
  return { taxon: taxon ?? said, rank: rank ?? "", qualifier: "" };
}

export class Many {
  readonly panel = el("div", { class: "panel" });
  readonly sheet: Sheet;
  items: Item[] = [];
  private asking = new AbortController();
  private readonly progress = el("progress", { "aria-label": t("identify.progress") });
  private readonly told = el("p", { class: "quiet" });
  private readonly lists = el("div", { class: "groups" });
  private readonly together: Together;
  private readonly unanswered = el("p", {}); // a button to ask about them again
  private readonly left = el("p", { class: "quiet left" });
  private storing = 0;

  constructor(private readonly means: Means) {
    this.sheet = new Sheet(means.wanted, means.mayKeep, (item, action) => void this.act(item, action));
    this.together = new Together(
      (item) => this.update(item),
      (words) => {
        this.sheet.arrange(true);
        this.draw();
        if (words) this.means.say(words);
      },
    );
    this.panel.append(
      this.progress,
      this.told,
      this.unanswered,
      this.together.element,
      this.lists,
      this.looks(),
      this.left,
      this.ends(),
      el("p", { class: "quiet keys" }, means.mayKeep ? t("identify.keys") : t("identify.keys_look")),
      ...(means.mayKeep ? [signedAs()] : []),
    );
    window.addEventListener("beforeunload", (event) => {
      const asks = this.items.some((item) => group(item) === "waiting");
      if (asks || this.storing || this.together.busy) event.preventDefault();
    });
  }

  /** Begin with other pictures. */
  show(pictures: { file: File; path: string }[], others: string[]): void {
    this.forget();
    this.items = pictures.map((picture) => newItem([picture]));
    this.together.forget();
    this.sheet.only = null;
    const few = others.slice(0, 3).join(", ") + (others.length > 3 ? ", …" : "");
    this.left.textContent = others.length ? `${count("identify.left_out", others.length)}: ${few}` : "";
    this.sheet.show(this.items);
    this.askAll();
  }

  /** Ask again about what nothing is decided of, as the options are others now. */
  again(): void {
    for (const item of this.items) {
      if (item.decision || item.stored.length) continue;
      item.answer = null;
      item.problem = null;
    }
    this.sheet.show(this.items);
    this.askAll();
  }

  forget(): void {
    this.asking.abort();
    for (const { picture } of this.items) if (picture) URL.revokeObjectURL(picture);
    this.items = [];
  }

  async act(item: Item, action: Action): Promise<void> {
    if (action === "open") return this.means.open(item);
    const { focused } = this.sheet;
    const done = this.deciding(item, action);
    this.sheet.update(item);
    await done;
    this.update(item);
    // A dialog gives the focus back to what may have been drawn anew meanwhile.
    if (focused && document.activeElement === document.body) this.sheet.focusOn(focused);
  }

  private async deciding(item: Item, action: Action): Promise<void> {
    this.storing++;
    await decide(item, action, this.means.names).finally(() => this.storing--);
  }

  update(item: Item): void {
    this.sheet.update(item);
    this.draw();
    this.means.changed(item);
  }

  private askAll(): void {
    this.asking.abort();
    const asking = (this.asking = new AbortController());
    this.draw();
    const waiting = this.items.filter((item) => group(item) === "waiting");
    void inTurns(waiting, FEW, (item) => this.ask(item, asking.signal), asking.signal).then(() => {
      if (asking.signal.aborted) return;
      this.sheet.arrange(false);
      this.means.say(this.told.textContent ?? "");
    });
  }

  private async ask(item: Item, signal: AbortSignal): Promise<void> {
    const files = item.files.map(({ file }) => file);
    if (item.picture === null && files[0]) item.picture = await smallCopy(files[0]);
    try {
      this.means.refuse(files);
      const asked = this.means.options();
      const answer = await patiently(() => identify({ files }, asked, signal), signal);
      if (signal.aborted) return;
      item.answer = answer;
    } catch (error) {
      if (signal.aborted) return;
      item.problem = problemOf(error);
    }
    this.update(item);
  }

  private draw(): void {
    const counts = this.counts();
    const waiting = counts.get("waiting") ?? 0;
    const all = this.items.length;
    this.progress.max = all;
    this.progress.value = all - waiting;
    this.progress.hidden = !waiting;
    const got = this.items.filter(({ answer }) => answer).length; // what failed has none
    this.told.textContent =
      got < all
        ? t("identify.answered", { n: number(got), all: number(all) })
        : count("identify.all_answered", all);
    this.lists.replaceChildren(...this.groups(counts));
    this.drawUnanswered(waiting);
    if (this.means.mayKeep) this.together.draw(this.items);
  }

  /** What got no answer can be asked about again, when the others have theirs. */
  private drawUnanswered(waiting: number): void {
    const left = waiting ? [] : this.items.filter((item) => group(item) === "problem" && !item.answer);
    const words = count("identify.ask_again", left.length);
    const button = el("button", { type: "button", class: "button" }, words);
    button.addEventListener("click", () => {
      for (const item of left) item.problem = null;
      this.sheet.show(this.items);
      this.askAll();
    });
    this.unanswered.replaceChildren(...(left.length ? [button] : []));
    this.unanswered.hidden = !left.length;
  }

  private counts(): Map<Group, number> {
    const counts = new Map<Group, number>();
    for (const item of this.items) {
      const at = group(item);
      counts.set(at, (counts.get(at) ?? 0) + 1);
    }
    return counts;
  }

  /** The groups, each of which can be shown alone. */
  private groups(counts: Map<Group, number>): HTMLElement[] {
    const choice = (only: Group | null, label: string, n: number): HTMLElement => {
      const shown = this.sheet.only === only;
      const button = el(
        "button",
        { type: "button", "aria-pressed": String(shown) },
        el("span", {}, label),
        el("span", { class: "number" }, number(n)),
      );
      button.addEventListener("click", () => {
        this.sheet.only = only;
        this.sheet.arrange(true);
        this.draw();
        this.lists.querySelector<HTMLElement>('[aria-pressed="true"]')?.focus();
      });
      return button;
    };
    const present = GROUPS.filter((one) => counts.get(one) || this.sheet.only === one);
    return [
      choice(null, t("identify.all"), this.items.length),
      ...present.map((one) => choice(one, t(`identify.group.${one}` as Key), counts.get(one) ?? 0)),
    ];
  }

  private looks(): HTMLElement {
    const order = el("select", { id: "order" });
    for (const one of ["doubt", "sure", "name"] as const) {
      order.append(el("option", { value: one }, t(`identify.order.${one}`)));
    }
    order.addEventListener("change", () => {
      this.sheet.order = order.value as Order;
      this.sheet.arrange(true);
    });
    const looks = (["sheet", "table"] as const).flatMap((look: Look) => {
      const radio = el("input", { type: "radio", name: "look", id: `look-${look}`, value: look });
      radio.checked = look === this.sheet.look;
      radio.addEventListener("change", () => {
        this.sheet.look = look;
        this.sheet.show(this.items);
      });
      return [radio, el("label", { for: `look-${look}` }, t(`identify.look.${look}`))];
    });
    return el(
      "div",
      { class: "looks" },
      el("p", { class: "field" }, el("label", { for: "order" }, t("identify.order")), order),
      el("fieldset", { class: "choice two" }, el("legend", { class: "hidden" }, t("identify.look")), ...looks),
    );
  }

  private ends(): HTMLElement {
    const table = el("button", { type: "button", class: "button" }, t("identify.csv"));
    table.addEventListener("click", () => save("holotype.csv", csv(this.items)));
    const leave = el("button", { type: "button", class: "button" }, t("identify.other_pictures"));
    leave.addEventListener("click", () => this.means.leave());
    return el("div", { class: "again" }, table, leave);
  }
}
