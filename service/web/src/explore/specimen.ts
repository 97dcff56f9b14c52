// One image of the map beside it: its picture, its name, what is known of it.

import { addressOf, imageAddress } from "../shared/addresses";
import { problemArticle } from "../shared/api";
import { byId, el, taxonName } from "../shared/dom";
import { whole } from "../shared/pictures";
import { type ImageRecord, imageRecord } from "../shared/records";
import { fieldWord, rankWord, t } from "../shared/strings";

export class SpecimenCard {
  private readonly card = byId("specimen", HTMLElement);
  private asked = "";

  /** Shows an image, when what is known of it has come. */
  async show(imageId: string): Promise<void> {
    this.asked = imageId;
    const record = await imageRecord(imageId).catch((error: unknown) => error);
    if (this.asked !== imageId) return;
    const known = record instanceof Error ? [problemArticle(record)] : content(record as ImageRecord);
    const close = el("button", { type: "button", class: "button" }, t("common.close"));
    close.addEventListener("click", () => this.close());
    this.card.replaceChildren(...known);
    (this.card.querySelector(".means") ?? this.card).append(close);
    this.card.hidden = false;
    this.card.scrollIntoView({ block: "nearest" });
    this.card.focus({ preventScroll: true });
  }

  private close(): void {
    this.card.hidden = true;
    byId("map", HTMLCanvasElement).focus({ preventScroll: true });
  }
}

function content(record: ImageRecord): HTMLElement[] {
  const { determination: found } = record;
  const name = found ? taxonName(found.taxon, found.rank) : t("common.undetermined");
  const page = addressOf`specimens/${record.specimen_id}`;
  const picture = whole(record.image_id, "");
  return [
    el("a", { href: imageAddress(record.image_id, "picture"), class: "picture" }, picture),
    el("h2", {}, name),
    el("dl", {}, ...facts(record)),
    el("p", { class: "means" }, el("a", { href: page, class: "button" }, t("explore.open"))),
  ];
}

function facts({ image_id, lineage, details, metadata }: ImageRecord): HTMLElement[] {
  const rows = [
    ...Object.entries(lineage).map(([rank, name]) => [rankWord(rank), name]),
    ...Object.entries(details).map(([name, value]) => [fieldWord(name).toLowerCase(), value]),
    ...Object.entries(metadata),
    [t("explore.image"), image_id],
  ];
  return rows
    .filter(([, value]) => value)
    .flatMap(([name = "", value = ""]) => [el("dt", {}, name), el("dd", {}, value)]);
}
