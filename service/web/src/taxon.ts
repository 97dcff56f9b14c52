// A taxon's page: the taxa in it, what it is confused with, and its specimens.

import { showSmallMap } from "./collection/small_map";
import { lineageLinks, taxonLink, taxonRecord } from "./collection/taxa";
import { addressOf, withQuery } from "./shared/addresses";
import { get, problemArticle } from "./shared/api";
import { bar, byId, el, onPress } from "./shared/dom";
import { thumbnail } from "./shared/pictures";
import type { ImageRecord } from "./shared/records";
import { count, decimal, rankWord, t } from "./shared/strings";

const PAGE = 60; // images at a time

const { rank = "", taxon = "", map = "" } = byId("page", HTMLElement).dataset;
const images = byId("images", HTMLElement);
const more = byId("more", HTMLButtonElement);

const within = location.search; // tells taxa of one name apart

let where: string[] = [];
let next: string | null = null;

async function show(): Promise<void> {
  byId("rank", HTMLElement).textContent = rankWord(rank);
  try {
    const found = await taxonRecord(rank, taxon, within);
    const above = Object.entries(found.lineage).filter(([one]) => one !== rank);
    byId("lineage", HTMLElement).replaceChildren(...lineageLinks(Object.fromEntries(above)));
    const counts = [count("common.specimens", found.specimens), count("common.images", found.images)];
    byId("counts", HTMLElement).textContent = counts.join(" · ");
    list("within", "children", found.children.map(({ taxon, rank, specimens }) =>
      el("li", {}, taxonLink(taxon, rank, within), el("span", { class: "quiet" }, count("common.specimens", specimens))),
    ));
    const met = found.confused_with.filter(({ share }) => share > 0);
    list("confused", "rivals", (met.length ? met : found.confused_with).map((rival) =>
      el(
        "li",
        {},
        taxonLink(rival.taxon, rank, within),
        bar(rival.share),
        el("span", { class: "quiet number" }, `${Math.round(100 * rival.share)} % · ${decimal(rival.cosine, 2)}`),
      ),
    ));
    where = Object.entries(found.lineage)
      .filter(([one]) => one === "category" || one === "kingdom" || one === rank)
      .map(([one, name]) => `${one}="${name.replaceAll('"', '""')}"`);
    await Promise.all([page(null), showSmallMap(map, where)]);
  } catch (error) {
    tell(error);
  }
}

function tell(error: unknown): void {
  byId("problem", HTMLElement).replaceChildren(problemArticle(error));
}

function list(section: string, id: string, items: HTMLElement[]): void {
  byId(section, HTMLElement).hidden = !items.length;
  byId(id, HTMLElement).replaceChildren(...items);
}

async function page(after: string | null): Promise<void> {
  const address = withQuery(addressOf`v1/images`, { where, limit: PAGE, after });
  const found = await get<{ images: ImageRecord[]; next: string | null }>(address);
  const first = found.images.map(card);
  images.append(...first);
  next = found.next;
  more.hidden = next === null;
  if (after !== null) first[0]?.querySelector("a")?.focus();
}

function card(image: ImageRecord): HTMLElement {
  const name = image.determination?.taxon ?? t("common.undetermined");
  return el(
    "li",
    {},
    el(
      "figure",
      {},
      el("a", { href: addressOf`specimens/${image.specimen_id}` }, thumbnail(image.image_id, image.image_id)),
      el(
        "figcaption",
        {},
        image.determination && image.determination.rank !== rank
          ? el("span", { class: "name" }, taxonLink(name, image.determination.rank))
          : null,
        el("span", { class: "id", title: image.specimen_id }, el("bdi", {}, image.specimen_id)),
      ),
    ),
  );
}

onPress(more, () => page(next).catch(tell));
void show();
