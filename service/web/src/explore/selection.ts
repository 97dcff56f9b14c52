// The images that were chosen on the map: how many, which, and what can be done with them.

import { addressOf, imageAddress } from "../shared/addresses";
import { Problem, problemOf, send } from "../shared/api";
import { signature } from "../shared/dialogs";
import { byId, el, taxonName } from "../shared/dom";
import { type Job, failure, watch } from "../shared/jobs";
import { save } from "../shared/spreadsheet";
import { count, number, t } from "../shared/strings";
import { csvOf } from "./csv";
import type { MapTable } from "./table";

const MOST_SHOWN = 60;
const MOST_SENT = 1000; // values that a filter may have; see docs/service.md

export class Selection {
  readonly places = new Set<number>();
  private readonly heading = byId("chosen-count", HTMLElement);
  private readonly list = byId("chosen", HTMLElement);
  private readonly actions = byId("chosen-actions", HTMLElement);
  private readonly hint = byId("chosen-hint", HTMLElement);
  private readonly problem = byId("chosen-problem", HTMLElement);
  private readonly group = byId("chosen-group", HTMLButtonElement);
  private table: MapTable | null = null;
  private ranks: string[] = [];

  constructor(
    private readonly space: () => string,
    private readonly changed: () => void,
    private readonly opened: (place: number) => void,
  ) {
    byId("chosen-none", HTMLButtonElement).addEventListener("click", () => this.choose([], false));
    byId("chosen-csv", HTMLButtonElement).addEventListener("click", () => this.download());
    this.group.addEventListener("click", () => void this.cluster());
  }

  /** Keeps what was chosen where the images of another table are among it. */
  show(table: MapTable, ranks: string[]): void {
    const before = this.table;
    const ids = new Set([...this.places].map((place) => before?.imageId(place) ?? ""));
    this.places.clear();
    [this.table, this.ranks] = [table, ranks];
    if (ids.size) {
      for (let place = 0; place < table.size; place++) {
        if (ids.has(table.imageId(place))) this.places.add(place);
      }
    }
    this.draw();
  }

  choose(places: Iterable<number>, adds: boolean): void {
    if (!adds) this.places.clear();
    for (const place of places) this.places.add(place);
    this.draw();
    this.changed();
  }

  private draw(): void {
    const { size } = this.places;
    this.heading.textContent = size ? count("explore.chosen", size) : t("explore.chosen.none");
    this.hint.hidden = size > 0;
    this.actions.hidden = !size;
    this.problem.textContent = "";
    const shown = [...this.places].slice(0, MOST_SHOWN).map((place) => this.tile(place));
    const left = size - MOST_SHOWN;
    const more = left > 0 ? [el("li", { class: "quiet" }, count("explore.chosen.more", left))] : [];
    this.list.replaceChildren(...shown, ...more);
  }

  private tile(place: number): HTMLElement {
    const imageId = this.table?.imageId(place) ?? "";
    const picture = el("img", {
      src: imageAddress(imageId, "thumbnail"),
      alt: `${this.name(place)} ${imageId}`,
      loading: "lazy",
    });
    const button = el("button", { type: "button", title: imageId }, picture);
    button.addEventListener("click", () => this.opened(place));
    return el("li", {}, button);
  }

  /** The lowest name of an image. */
  name(place: number): string {
    const rank = this.rank(place);
    return rank ? (this.table?.word(rank, place) ?? "") : t("common.undetermined");
  }

  nameElement(place: number): HTMLElement {
    return taxonName(this.name(place), this.rank(place));
  }

  private rank(place: number): string {
    return [...this.ranks].reverse().find((rank) => this.table?.word(rank, place)) ?? "";
  }

  private download(): void {
    if (!this.table) return;
    save("selection.csv", csvOf(this.table, this.ranks, this.places));
  }

  /** Groups the chosen pictures without a name, and goes to the page that reviews the groups. */
  private async cluster(): Promise<void> {
    if (this.group.disabled) return; // they are being grouped already
    this.problem.textContent = "";
    this.group.disabled = true;
    try {
      const where = [this.condition()];
      const by = await signature();
      if (by === null) return;
      const job = await send<Job>("POST", addressOf`v1/clusters`, { where, space: this.space(), by });
      const done = await watch(job, ({ percent }) => {
        this.problem.textContent = t("explore.grouping", { percent });
      });
      if (done.state !== "done") throw failure(done, t("explore.not_grouped"));
      location.assign(addressOf`review`);
    } catch (error) {
      this.problem.replaceChildren(...problemOf(error).told());
    } finally {
      this.group.disabled = false;
    }
  }

  private condition(): string {
    if (this.places.size > MOST_SENT) {
      throw new Problem("", t("explore.too_many", { most: number(MOST_SENT), n: number(this.places.size) }));
    }
    const ids = [...this.places].map((place) => this.table?.imageId(place) ?? "");
    return `image_id=${ids.map((id) => `"${id.replaceAll('"', '""')}"`).join("|")}`;
  }
}
