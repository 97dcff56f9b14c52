// How to ask: how sure, among which taxa, in which space.

import { byId, el } from "../shared/dom";
import { count, rankWord, t } from "../shared/strings";
import { type Options, type Taxon, taxa } from "./questions";

const NEIGHBOURS = 10;

export class OptionsForm {
  private readonly form = byId("options", HTMLFormElement);
  private readonly only = byId("only", HTMLInputElement);
  private readonly list = byId("taxa", HTMLDataListElement);
  private known = new Map<string, Taxon>();
  private listed: Promise<void> | null = null;

  /** `changed` is called whenever the same specimen would be asked about in another way. */
  constructor(private readonly changed: () => void) {
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.form.addEventListener("change", (event) => void this.take(event.target));
    this.only.addEventListener("focus", () => void this.listTaxa());
  }

  get confidence(): number {
    return Number(new FormData(this.form).get("confidence")) / 100;
  }

  get options(): Options {
    const taxon = this.known.get(this.only.value);
    const risk = Number((1 - this.confidence).toFixed(4));
    return { space: this.space, risk, only: taxon ? conditions(taxon) : [], k: NEIGHBOURS };
  }

  /** The names of the collection's taxa. */
  async names(): Promise<string[]> {
    await this.listTaxa();
    return [...new Set([...this.known.values()].map(({ taxon }) => taxon))];
  }

  private get space(): string | null {
    return new FormData(this.form).get("space") as string | null;
  }

  private async take(field: EventTarget | null): Promise<void> {
    if (field instanceof HTMLSelectElement) this.listed = null;
    if (this.only.value) await this.listTaxa();
    const unknown = this.only.value !== "" && !this.known.has(this.only.value);
    const sentence = unknown ? t("identify.no_such_taxon") : "";
    this.only.setCustomValidity(sentence);
    if (this.form.reportValidity()) this.changed();
  }

  private listTaxa(): Promise<void> {
    this.listed ??= this.fetchTaxa().catch(() => {
      this.listed = null; // asked again at the next focus
    });
    return this.listed;
  }

  private async fetchTaxa(): Promise<void> {
    const found = await taxa(this.space);
    this.known = new Map(found.map((taxon) => [label(taxon), taxon]));
    const options = [...this.known].map(([value, taxon]) =>
      el("option", { value }, count("common.specimens", taxon.specimens)),
    );
    this.list.replaceChildren(...options);
  }
}

/** "Noctuidae, family"; two of one name in different categories say which. */
function label({ taxon, rank, lineage }: Taxon): string {
  const category = lineage["category"];
  const word = rankWord(rank);
  return category && rank !== "category"
    ? t("identify.of_category", { taxon, rank: word, category })
    : `${taxon}, ${word}`;
}

function conditions({ taxon, rank, lineage }: Taxon): string[] {
  const category = lineage["category"];
  const among = category && rank !== "category" ? [`category=${category}`] : [];
  return [...among, `${rank}=${taxon}`];
}
