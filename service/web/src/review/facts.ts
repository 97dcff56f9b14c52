// What is known of a cluster, in words, the technical one beside each.

import { bar, el, taxonName } from "../shared/dom";
import { count, decimal, number, rankWord, sentence, t } from "../shared/strings";
import { type Cluster, type Clustering, isKnown } from "./clusters";

export function facts(cluster: Cluster): HTMLElement[] {
  const told = isKnown(cluster) ? known(cluster) : candidate(cluster);
  return [...told, ...coherence(cluster)];
}

function known({ rank = "", taxon = "", p = 0 }: Cluster): HTMLElement[] {
  const nodes = { name: taxonName(taxon, rank), percent: number(Math.floor(100 * p)) };
  return [el("p", {}, ...sentence("review.known_as", nodes))];
}

function candidate({ parent, probably }: Cluster): HTMLElement[] {
  const told: HTMLElement[] = [];
  if (probably) told.push(el("p", {}, ...sentence("review.probably", { name: probably })));
  if (parent) {
    const nodes = { rank: rankWord(parent.rank), name: taxonName(parent.taxon, parent.rank) };
    const placed = parent.p === null;
    const percent = placed ? "" : number(Math.floor(100 * (parent.p ?? 0)));
    const key = placed ? "review.placed_under" : "review.belongs";
    told.push(el("p", {}, ...sentence(key, { ...nodes, percent })));
  }
  return told;
}

function coherence({ coherence: alike, size }: Cluster): HTMLElement[] {
  if (alike === null) return [];
  const share = Math.max(0, Math.min(1, alike));
  return [
    el("p", { class: "alike" }, t("review.alike"), bar(share), decimal(alike, 2)),
    ...(size > 2 ? [] : [el("p", { class: "quiet" }, count("common.images", size))]),
  ];
}

/** What somebody decided of it already; empty for an open one. */
export function stateOf({ state }: Cluster): string {
  return state === "open" ? "" : t(`review.state.${state.replace(" ", "_")}` as "review.state.named");
}

/** What accepting all known would do: how many pictures at which rank; empty for nothing. */
export function knownTold(clustering: Clustering | null): string {
  const counts = new Map<string, number>();
  for (const { state, rank = "", size } of clustering?.set_aside ?? []) {
    if (state === "open") counts.set(rank, (counts.get(rank) ?? 0) + size);
  }
  if (!counts.size) return "";
  const ranks = [...counts].map(([rank, n]) => `${rankWord(rank)} ${number(n)}`).join(", ");
  return t("review.known_told", { ranks });
}
