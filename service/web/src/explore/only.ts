// The field that shows some images only: a taxon of the list, or a filter such as sex=f.

import { addressOf, withQuery } from "../shared/addresses";
import { get } from "../shared/api";
import { el } from "../shared/dom";
import { count, rankWord, t } from "../shared/strings";

const MOST_OFFERED = 30;

interface Taxon {
  taxon: string;
  rank: string;
  lineage: Record<string, string>;
  images: number;
}

export class OnlyField {
  private known = new Map<string, string[]>();
  private counts = new Map<string, number>();
  private readonly list: HTMLDataListElement;
  private listedOf = "";

  /** `changed` is called when other images are to be shown. */
  constructor(
    private readonly field: HTMLInputElement,
    private readonly space: () => string,
    changed: () => void,
  ) {
    this.list = el("datalist", { id: `${field.id}-offered` });
    field.after(this.list);
    field.setAttribute("list", this.list.id);
    const linked = new URLSearchParams(location.search).getAll("where"); // of a taxon's page
    field.value = linked.join(" & ");
    if (linked.length) this.known.set(field.value, linked);
    field.addEventListener("focus", () => void this.offer());
    field.addEventListener("input", () => void this.offer());
    field.addEventListener("change", () => {
      const known = this.conditions.length || !field.value.trim();
      field.setCustomValidity(known ? "" : t("explore.no_filter"));
      if (field.reportValidity()) changed();
    });
  }

  /** The filters that hold of what is shown. */
  get conditions(): string[] {
    const text = this.field.value.trim();
    return this.known.get(text) ?? (/[=<>]/.test(text) ? [text] : []);
  }

  private async offer(): Promise<void> {
    await this.listTaxa();
    const wanted = this.field.value.trim().toLowerCase();
    const fit = [...this.known.keys()].filter((label) => label.toLowerCase().includes(wanted));
    const options = fit.slice(0, MOST_OFFERED).map((value) =>
      el("option", { value }, count("common.images", this.counts.get(value) ?? 0)),
    );
    this.list.replaceChildren(...options);
  }

  private async listTaxa(): Promise<void> {
    const space = this.space();
    if (this.listedOf === space) return;
    this.listedOf = space;
    try {
      const { taxa } = await get<{ taxa: Taxon[] }>(withQuery(addressOf`v1/taxa`, { space }));
      for (const taxon of taxa) {
        this.known.set(label(taxon), conditions(taxon));
        this.counts.set(label(taxon), taxon.images);
      }
    } catch {
      this.listedOf = ""; // asked again when the field is used again
    }
  }
}

function label({ taxon, rank, lineage }: Taxon): string {
  const category = lineage["category"];
  const where = category && rank !== "category" ? `, ${category}` : "";
  return `${taxon}, ${rankWord(rank)}${where}`;
}

function conditions({ taxon, rank, lineage }: Taxon): string[] {
  const category = lineage["category"];
  const among = category && rank !== "category" ? [`category=${category}`] : [];
  return [...among, `${rank}=${taxon}`];
}
