// The legend: every group with its colour and its number of images; pressing one shows it alone.

import { byId, el } from "../shared/dom";
import { count, number, rankWord, t } from "../shared/strings";
import { type Group, type Groups, UNNAMED, css, stepped } from "./groups";

const MOST_ROWS = 300;
const STEPS = 24; // colours of a scale

export class Legend {
  /** The groups that are looked at; none for all. */
  readonly alone = new Set<number>();
  private readonly list = byId("legend", HTMLElement);
  private readonly search = byId("legend-search", HTMLInputElement);
  private readonly all = byId("legend-all", HTMLButtonElement);
  private readonly choose = byId("legend-choose", HTMLButtonElement);
  private groups: Groups | null = null;

  constructor(
    private readonly changed: () => void,
    chosen: (groups: Set<number>) => void,
  ) {
    this.search.addEventListener("input", () => this.draw());
    this.all.addEventListener("click", () => {
      this.alone.clear();
      this.told();
    });
    this.choose.addEventListener("click", () => chosen(this.alone));
  }

  show(groups: Groups): void {
    if (this.groups?.column !== groups.column) this.search.value = "";
    this.groups = groups;
    this.alone.clear();
    this.draw();
  }

  private told(): void {
    this.draw();
    this.changed();
  }

  private draw(): void {
    const { groups } = this;
    if (!groups) return;
    this.search.hidden = groups.groups.length < 12 || groups.scale !== null;
    this.all.hidden = this.choose.hidden = !this.alone.size;
    const focused = document.activeElement instanceof HTMLElement ? document.activeElement : null;
    const held = focused && this.list.contains(focused) ? focused.dataset["group"] : undefined;
    this.list.replaceChildren(...(groups.scale ? [this.scale(groups)] : this.rows(groups)));
    if (held !== undefined) {
      this.list.querySelector<HTMLElement>(`[data-group="${held}"]`)?.focus();
    }
  }

  private rows({ groups, column, without }: Groups): HTMLElement[] {
    const wanted = this.search.value.trim().toLowerCase();
    const found = [...groups.entries()].filter(([, { name }]) => name.toLowerCase().includes(wanted));
    const rows = found.slice(0, MOST_ROWS).map(([at, group]) => this.row(at, group, column));
    if (!wanted && without) rows.push(this.row(-1, unnamed(without), ""));
    const left = found.length - MOST_ROWS;
    if (left > 0) rows.push(el("li", { class: "quiet" }, count("explore.legend.more", left)));
    if (!found.length && wanted) rows.push(el("li", { class: "quiet" }, t("explore.legend.none")));
    return rows;
  }

  private row(at: number, group: Group, column: string): HTMLElement {
    const swatch = el("span", { class: "swatch", "aria-hidden": "true" });
    swatch.style.background = css(group.colour);
    const italic = column === "species" || column === "genus";
    const button = el(
      "button",
      { type: "button", "aria-pressed": String(this.alone.has(at)), "data-group": String(at) },
      swatch,
      el(italic ? "i" : "span", { class: "name" }, group.name),
      el("span", { class: "count" }, number(group.count)),
    );
    button.addEventListener("click", () => {
      if (!this.alone.delete(at)) this.alone.add(at);
      this.told();
    });
    return el("li", {}, button);
  }

  private scale({ scale, without, column }: Groups): HTMLElement {
    const { least, most } = scale ?? { least: 0, most: 0 };
    const steps = Array.from({ length: STEPS }, (_, at) => {
      const step = el("span", {});
      step.style.background = css(stepped(at / (STEPS - 1)));
      return step;
    });
    const ends = [number(least), number(most)].map((end) => el("span", {}, end));
    const rest = without ? el("span", { class: "quiet" }, count("explore.without", without)) : null;
    return el(
      "li",
      { class: "scale", "aria-label": `${rankWord(column)}: ${number(least)} – ${number(most)}` },
      el("span", { class: "steps", "aria-hidden": "true" }, ...steps),
      el("span", { class: "ends" }, ...ends),
      rest,
    );
  }
}

function unnamed(images: number): Group {
  return { name: t("explore.no_value"), count: images, colour: UNNAMED, place: -1 };
}
