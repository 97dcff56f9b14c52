// A picture of each of the nearest known taxa, to compare with a cluster.

import { addressOf, imageAddress, withQuery } from "../shared/addresses";
import { get } from "../shared/api";
import { byId, el } from "../shared/dom";
import { decimal, t } from "../shared/strings";
import type { Cluster, Near } from "./clusters";

const MOST_SHOWN = 4;

const found = new Map<string, Promise<string | null>>();

/** Shows them as they come; those of another cluster are shown no more. */
export function showNear({ nearest }: Cluster): void {
  const shown = (nearest ?? []).slice(0, MOST_SHOWN);
  byId("near", HTMLElement).hidden = !shown.length;
  byId("near-sheet", HTMLElement).replaceChildren(...shown.map(tile));
}

function tile({ taxon, cosine }: Near): HTMLElement {
  const frame = el("span", { class: "frame" });
  void exampleOf(taxon).then((imageId) => {
    if (imageId === null) return;
    const alt = t("review.example_of", { taxon });
    frame.append(el("img", { src: imageAddress(imageId, "thumbnail"), alt, loading: "lazy" }));
  });
  const name = el("a", { href: addressOf`taxa/species/${taxon}` }, el("i", {}, taxon));
  const figure = el("span", { class: "cosine", title: t("review.cosine") }, decimal(cosine, 2));
  return el("li", {}, frame, name, figure);
}

function exampleOf(taxon: string): Promise<string | null> {
  const known = found.get(taxon);
  if (known) return known;
  const where = `species="${taxon.replaceAll('"', '""')}"`;
  const asked = get<{ images: { image_id: string }[] }>(withQuery(addressOf`v1/images`, { where, limit: 1 }))
    .then(({ images }) => images[0]?.image_id ?? null)
    .catch(() => null); // a taxon above the species has no picture of its own here
  found.set(taxon, asked);
  return asked;
}
