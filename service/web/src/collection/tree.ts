// The tree of taxa: each is opened to show those in it.

import { problemOf } from "../shared/api";
import { el, onPress } from "../shared/dom";
import { count, rankWord, t } from "../shared/strings";
import { type TreeTaxon, taxaUnder, taxonLink } from "./taxa";

/** The taxa under one, or the uppermost; see `taxaUnder`. */
export async function branch(under: TreeTaxon | null, within = ""): Promise<HTMLElement> {
  const list = el("ul", { class: "branch" });
  const holder = el("div", {}, list);
  try {
    await grow(holder, list, under, within, null);
  } catch (error) {
    holder.replaceChildren(el("p", { class: "wrong" }, ...problemOf(error).told()));
  }
  return holder;
}

async function grow(
  holder: HTMLElement,
  list: HTMLElement,
  under: TreeTaxon | null,
  within: string,
  after: string | null,
): Promise<void> {
  const { children, here, total, next } = await taxaUnder(under, within, after);
  const inside = (taxon: TreeTaxon): string =>
    !under && total > 1 && taxon.rank === "category"
      ? `?${new URLSearchParams({ category: taxon.taxon })}`
      : within;
  const items = children.map((taxon) => node(taxon, inside(taxon)));
  list.append(...items);
  holder.querySelector(":scope > .more")?.remove();
  if (next !== null) {
    const more = el("button", { type: "button", class: "button" }, t("collection.more"));
    const wrong = el("span", { class: "wrong", role: "alert" });
    onPress(more, () =>
      grow(holder, list, under, within, next).catch((error: unknown) =>
        wrong.replaceChildren(...problemOf(error).told()),
      ),
    );
    holder.append(el("p", { class: "more" }, more, wrong));
  } else if (here.specimens) {
    const words = count(under ? "collection.no_further" : "collection.nameless", here.specimens);
    list.append(el("li", { class: "quiet here" }, words));
  }
  if (!list.childElementCount) list.append(el("li", { class: "quiet" }, t("collection.empty")));
  if (total === 1) items[0]?.querySelector("button")?.click();
  if (after !== null) items[0]?.querySelector("a")?.focus();
}

function node(taxon: TreeTaxon, within: string): HTMLElement {
  const name = el("span", { class: "name" }, taxonLink(taxon.taxon, taxon.rank, within));
  const row = el(
    "div",
    { class: "node" },
    taxon.children ? opener(taxon, within) : el("span", { class: "leaf" }),
    name,
    el("small", { class: "quiet" }, rankWord(taxon.rank)),
    el("span", { class: "number" }, count("common.specimens", taxon.specimens)),
  );
  return el("li", {}, row);
}

function opener(taxon: TreeTaxon, within: string): HTMLElement {
  const label = t("collection.open", { name: taxon.taxon });
  const button = el("button", { type: "button", "aria-expanded": "false", "aria-label": label });
  let asked: Promise<HTMLElement> | null = null; // once, however often it is opened and closed
  button.addEventListener("click", async () => {
    const opens = button.getAttribute("aria-expanded") === "false";
    button.setAttribute("aria-expanded", String(opens));
    asked ??= branch(taxon, within);
    const held = await asked;
    if (!held.parentElement) button.closest("li")?.append(held);
    held.hidden = button.getAttribute("aria-expanded") === "false";
  });
  return button;
}
