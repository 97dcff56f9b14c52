// An entry of a queue: the specimen large, and beside it the pictures to compare with.

import { addressOf, imageAddress } from "../shared/addresses";
import { el } from "../shared/dom";
import { whole } from "../shared/pictures";
import { decimal, t } from "../shared/strings";
import { type Shown, view } from "../shared/viewer";
import { type Entry, proposedName } from "./queue";

export function title({ taxa }: Entry): HTMLElement[] {
  const names = [...new Set(taxa)];
  return names.map((name) => {
    const shown = name ? el("i", {}, name) : el("span", {}, t("common.undetermined"));
    return el("span", { class: "called" }, shown);
  });
}

/** The specimen's own pictures; of duplicates each specimen is said beside them. */
export function pictures({ image_ids, specimen_ids, taxa }: Entry): HTMLElement[] {
  const tiles = image_ids.map((id) => el("li", {}, large(id)));
  if (specimen_ids.length < 2) return [...tiles, said(specimen_ids[0] ?? "", "")];
  return [...tiles, ...specimen_ids.map((id, at) => said(id, taxa[at] ?? ""))];
}

function said(specimen: string, taxon: string): HTMLElement {
  const page = addressOf`specimens/${specimen}`;
  const link = el("a", { href: page }, el("bdi", {}, specimen));
  const name = taxon ? el("i", {}, ` ${taxon}`) : "";
  return el("li", { class: "quiet" }, link, name);
}

function large(imageId: string): HTMLElement {
  const button = el("button", { type: "button", class: "picture" }, whole(imageId, imageId));
  button.addEventListener("click", () => view([shownOf(imageId, "")], 0, null));
  return button;
}

function shownOf(imageId: string, taxon: string): Shown {
  return {
    src: imageAddress(imageId, "picture"),
    otherwise: imageAddress(imageId, "thumbnail"),
    alt: imageId,
    caption: () => [taxon ? el("i", {}, taxon) : null, " ", imageId],
  };
}

export function evidence(entry: Entry): HTMLElement[] {
  const proposed = proposedName(entry);
  const own = entry.image_ids[0];
  const beside = own === undefined ? null : shownOf(own, entry.taxa[0] ?? "");
  const all = entry.evidence.map(({ image_id, taxon }) => shownOf(image_id, taxon));
  return entry.evidence.map(({ image_id, taxon, cosine }, at) => {
    const name = taxon || t("common.undetermined");
    const picture = el("img", {
      src: imageAddress(image_id, "thumbnail"),
      alt: `${name}, ${image_id}`,
      loading: "lazy",
    });
    const button = el("button", { type: "button", class: "picture" }, picture);
    button.addEventListener("click", () => view(all, at, beside));
    const alike = cosine === null ? "" : decimal(cosine, 2);
    return el(
      "li",
      {},
      el(
        "figure",
        { class: taxon && taxon === proposed ? "agrees" : "" },
        button,
        el(
          "figcaption",
          {},
          el("span", { class: "name" }, el(taxon ? "i" : "span", {}, name)),
          el("span", { class: "id", title: image_id }, el("bdi", {}, image_id)),
          el("span", { class: "cosine", title: t("review.cosine_of") }, alike),
        ),
      ),
    );
  });
}
