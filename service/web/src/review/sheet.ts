// The contact sheet of a cluster: the most typical first, outliers last; pictures can be picked.

import { imageAddress } from "../shared/addresses";
import { el } from "../shared/dom";
import { count, t } from "../shared/strings";
import { type Shown, view } from "../shared/viewer";
import type { Cluster } from "./clusters";

const MOST_SHOWN = 200;

export class Sheet {
  readonly picked = new Set<string>();
  private cluster = -1;
  private ordered: string[] = [];

  constructor(
    private readonly list: HTMLElement,
    private readonly changed: () => void,
  ) {
    list.addEventListener("keydown", (event) => this.press(event));
  }

  show(cluster: Cluster): void {
    if (cluster.id !== this.cluster) this.picked.clear();
    this.cluster = cluster.id;
    const there = new Set(cluster.image_ids);
    for (const one of this.picked) if (!there.has(one)) this.picked.delete(one);
    this.draw(cluster, MOST_SHOWN);
  }

  private draw(cluster: Cluster, most: number): void {
    const odd = new Set(cluster.outliers);
    const first = new Set([cluster.medoid ?? "", ...cluster.typical].filter((id) => !odd.has(id)));
    const others = cluster.image_ids.filter((id) => !first.has(id) && !odd.has(id));
    const ordered = [...first, ...others, ...odd].filter(Boolean);
    this.ordered = ordered;
    const tiles = ordered.slice(0, most).map((id, at) => this.tile(id, odd.has(id), at === 0));
    this.list.replaceChildren(...tiles);
    if (ordered.length <= most) return;
    const all = el("button", { type: "button", class: "button" }, t("review.show_all"));
    all.addEventListener("click", () => this.draw(cluster, Infinity));
    const left = count("review.more", ordered.length - most);
    this.list.append(el("li", { class: "rest" }, el("p", { class: "quiet" }, left), all));
  }

  private tile(imageId: string, odd: boolean, first: boolean): HTMLElement {
    const label = odd ? `${imageId}, ${t("review.odd")}` : imageId;
    const picture = el("img", {
      src: imageAddress(imageId, "thumbnail"),
      alt: label,
      loading: "lazy",
    });
    const pressed = String(this.picked.has(imageId));
    const attributes = { type: "button", class: "pick", "aria-pressed": pressed };
    const button = el("button", { ...attributes, tabindex: first ? "0" : "-1" }, picture);
    button.addEventListener("click", () => {
      if (!this.picked.delete(imageId)) this.picked.add(imageId);
      button.setAttribute("aria-pressed", String(this.picked.has(imageId)));
      this.changed();
    });
    const name = t("review.large", { id: imageId });
    const attributesOf = { type: "button", class: "link", tabindex: "-1", "aria-label": name };
    const open = el("button", attributesOf, el("bdi", {}, imageId));
    open.addEventListener("click", () => this.open(imageId));
    return el(
      "li",
      { class: odd ? "odd" : "" },
      button,
      el("span", { class: "id", title: imageId }, open),
      odd ? el("span", { class: "quiet" }, t("review.odd")) : null,
    );
  }

  /** Shows the pictures large, beginning with one. */
  private open(imageId: string): void {
    view(this.ordered.map(large), this.ordered.indexOf(imageId), null);
  }

  /** Arrows go from picture to picture. */
  private press(event: KeyboardEvent): void {
    const buttons = [...this.list.querySelectorAll<HTMLButtonElement>("button.pick")];
    const at = buttons.indexOf(event.target as HTMLButtonElement);
    if (at < 0) return;
    if (event.key === "Enter") {
      event.preventDefault(); // Space picks; Enter shows the picture large
      buttons[at]?.parentElement?.querySelector<HTMLElement>(".link")?.click();
      return;
    }
    const top = (one: HTMLElement | undefined) => Math.round(one?.getBoundingClientRect().top ?? 0);
    const row = Math.max(1, buttons.filter((one) => top(one) === top(buttons[0])).length);
    const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: row, ArrowUp: -row };
    const next = buttons[at + (steps[event.key as keyof typeof steps] ?? 0)];
    if (!next || next === buttons[at]) return;
    event.preventDefault();
    buttons.forEach((one) => (one.tabIndex = one === next ? 0 : -1));
    next.focus();
  }
}

function large(imageId: string): Shown {
  const src = imageAddress(imageId, "picture");
  return { src, otherwise: imageAddress(imageId, "thumbnail"), alt: imageId, caption: () => [imageId] };
}
