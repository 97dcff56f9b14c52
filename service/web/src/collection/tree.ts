// The tree of taxa: each is opened to show those in it.

import { problemOf } from "../shared/api";
import { el } from "../shared/dom";
import { count, number, rankWord, t } from "../shared/strings";
import { type TreeTaxon, taxaUnder, taxonLink } from "./taxa";

/** The taxa under one, or the uppermost. */
export async function branch(under: TreeTaxon | null): Promise<HTMLElement> {
  try {
    const taxa = await taxaUnder(under);
    if (!taxa.length) return el("p", { class: "quiet" }, t("collection.empty"));
    const most = Math.max(...taxa.map(({ specimens }) => specimens));
    const items = taxa.map((taxon) => node(taxon, most));
    if (taxa.length === 1) items[0]?.querySelector("button")?.click();
    return el("ul", { class: "branch" }, ...items);
  } catch (error) {
    return el("p", { class: "wrong" }, problemOf(error).message);
  }
}

function node(taxon: TreeTaxon, most: number): HTMLElement {
  const row = el(
    "div",
    { class: "node" },
    taxon.rank === "species" ? el("span", { class: "leaf" }) : opener(taxon),
    el("span", { class: "name" }, taxonLink(taxon.taxon, taxon.rank), " ", el("small", { class: "quiet" }, rankWord(taxon.rank))),
    share(taxon.specimens / most),
    el("span", { class: "number", title: count("common.images", taxon.images) }, number(taxon.specimens)),
  );
  return el("li", {}, row);
}

function share(part: number): HTMLElement {
  const fill = el("span", { class: "fill" });
  fill.style.width = `${100 * part}%`;
  return el("span", { class: "bar", "aria-hidden": "true" }, fill);
}

function opener(taxon: TreeTaxon): HTMLElement {
  const label = t("collection.open", { name: taxon.taxon });
  const button = el("button", { type: "button", "aria-expanded": "false", "aria-label": label });
  let held: HTMLElement | null = null;
  button.addEventListener("click", async () => {
    const opens = button.getAttribute("aria-expanded") === "false";
    button.setAttribute("aria-expanded", String(opens));
    if (!held && opens) {
      held = await branch(taxon);
      button.closest("li")?.append(held);
    }
    if (held) held.hidden = button.getAttribute("aria-expanded") === "false";
  });
  return button;
}
