// The clusters beside the sheet: what is open in the order that saves most work, then the rest.

import { imageAddress } from "../shared/addresses";
import { byId, el } from "../shared/dom";
import { count, t } from "../shared/strings";
import { type Cluster, type Clustering, inOrder, isKnown } from "./clusters";
import { stateOf } from "./facts";

const MOST_SHOWN = 300; // of each part
const HEAD = 40; // pixels that the title of a part covers

export class Agenda {
  private readonly list = byId("agenda", HTMLElement);
  /** All clusters, in the order in which they are shown. */
  private shown: Cluster[] = [];
  private later = new Map<number, Cluster>();

  constructor(private readonly choose: (id: number) => void) {}

  show({ set_aside, clusters }: Clustering, current: number): void {
    const open = (one: Cluster) => one.state === "open";
    const parts: [string, Cluster[]][] = [
      [t("review.open"), inOrder(clusters.filter(open))],
      [t("review.known"), inOrder(set_aside.filter(open))],
      [t("review.later"), [...clusters, ...set_aside].filter((one) => one.state === "set aside")],
      [t("review.done"), [...clusters, ...set_aside].filter(isDone)],
    ];
    this.shown = parts.flatMap(([, theirs]) => theirs);
    this.later = new Map(this.shown.map((one) => [one.id, one]));
    const filled = parts.filter(([, theirs]) => theirs.length);
    this.list.replaceChildren(
      ...filled.flatMap(([title, theirs]) => this.part(title, theirs, current)),
    );
    this.bringIntoSight();
  }

  /** Scrolls the list alone: the page stays where it is. */
  private bringIntoSight(): void {
    const row = this.list.querySelector("[aria-current]")?.getBoundingClientRect();
    const box = this.list.getBoundingClientRect();
    if (!row) return;
    if (row.top < box.top + HEAD) this.list.scrollTop -= box.top + HEAD - row.top;
    if (row.bottom > box.bottom) this.list.scrollTop += row.bottom - box.bottom;
  }

  cluster(id: number): Cluster | undefined {
    return this.later.get(id);
  }

  get all(): Cluster[] {
    return this.shown;
  }

  /** The one that is shown so many places after another; the first where that one is gone. */
  beside(id: number, step: number): Cluster | undefined {
    const at = this.shown.findIndex((one) => one.id === id);
    if (at < 0) return this.shown[0];
    return this.shown[Math.min(Math.max(at + step, 0), this.shown.length - 1)];
  }

  /**
   * What is to be decided after one: the next candidate, from the top again after the last; then
   * what is known already, then what was left for later; undefined where nothing is.
   */
  following(id: number): Cluster | undefined {
    const at = this.shown.findIndex((one) => one.id === id);
    const others = [...this.shown.slice(at + 1), ...this.shown.slice(0, Math.max(at, 0))];
    const open = others.filter(({ state }) => state === "open");
    return open.find((one) => !isKnown(one)) ?? open[0] ?? others.find(({ state }) => state === "set aside");
  }

  private part(title: string, clusters: Cluster[], current: number): HTMLElement[] {
    const rows = clusters.slice(0, MOST_SHOWN).map((one) => this.row(one, one.id === current));
    const left = clusters.length - MOST_SHOWN;
    if (left > 0) rows.push(el("li", { class: "quiet" }, count("review.more", left)));
    const images = clusters.reduce((sum, one) => sum + one.size, 0);
    const head = el("h3", {}, title, el("span", { class: "count" }, count("common.images", images)));
    return [head, el("ul", {}, ...rows)];
  }

  private row(cluster: Cluster, isCurrent: boolean): HTMLElement {
    const picture = cluster.medoid
      ? el("img", { src: imageAddress(cluster.medoid, "thumbnail"), alt: "", loading: "lazy" })
      : null;
    const name = el("span", { class: "name" }, el("i", {}, cluster.name));
    const state = stateOf(cluster);
    const told = state ? `${count("common.images", cluster.size)} · ${state}` : "";
    const size = el("span", { class: "quiet" }, told || count("common.images", cluster.size));
    const button = el("button", { type: "button" }, picture, name, size);
    if (isCurrent) button.setAttribute("aria-current", "true");
    button.addEventListener("click", () => this.choose(cluster.id));
    return el("li", {}, button);
  }
}

function isDone({ state }: Cluster): boolean {
  return state !== "open" && state !== "set aside";
}
