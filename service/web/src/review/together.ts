// The other specimens that the same name is proposed for; what is something else is left out.

import { addressOf, imageAddress } from "../shared/addresses";
import { byId, el } from "../shared/dom";
import { t } from "../shared/strings";
import { type Entry, proposedName } from "./queue";

const { collection = "" } = byId("page", HTMLElement).dataset;
const KEPT = `holotype.left-out ${collection} ${location.pathname}`;
const MOST_KEPT = 2000;

export class Together {
  private readonly section = byId("together", HTMLElement);
  private readonly list = byId("together-list", HTMLElement);
  /** What was left out of a name on this computer. */
  private readonly leftOut = new Set<string>(readLeftOut());
  private shown: Entry[] = [];

  constructor(private readonly changed: () => void) {}

  show(entries: Entry[]): void {
    this.shown = entries;
    this.section.hidden = !entries.length;
    this.list.replaceChildren(...entries.map((one) => this.tile(one)));
  }

  /** Those that are decided about with the one that is shown large. */
  get chosen(): Entry[] {
    return this.shown.filter((one) => !this.isLeftOut(one));
  }

  isLeftOut(entry: Entry): boolean {
    return this.leftOut.has(keyOf(entry));
  }

  private tile(entry: Entry): HTMLElement {
    const [id = ""] = entry.specimen_ids;
    const box = el("input", { type: "checkbox" });
    box.checked = !this.isLeftOut(entry);
    box.addEventListener("change", () => {
      if (box.checked) this.leftOut.delete(keyOf(entry));
      else this.leftOut.add(keyOf(entry));
      localStorage.setItem(KEPT, JSON.stringify([...this.leftOut].slice(-MOST_KEPT)));
      this.changed();
    });
    const src = imageAddress(entry.image_ids[0] ?? "", "thumbnail");
    const picture = el("img", { src, alt: t("review.also", { id }), loading: "lazy" });
    const link = el("a", { href: addressOf`specimens/${id}` }, el("bdi", {}, id));
    const named = entry.taxa[0] ? el("i", { class: "quiet" }, entry.taxa[0]) : "";
    const told = el("span", { class: "id", title: id }, link);
    return el("li", {}, el("label", {}, box, picture), told, named);
  }
}

function readLeftOut(): string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEPT) ?? "[]");
    return Array.isArray(kept) ? kept.map(String) : [];
  } catch {
    return []; // what somebody else wrote there
  }
}

function keyOf(entry: Entry): string {
  return JSON.stringify([entry.specimen_ids[0], proposedName(entry)]);
}
