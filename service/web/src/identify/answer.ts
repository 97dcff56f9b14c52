// An answer as a person reads it: the determination, how sure it is at every rank, the evidence.

import { bar, el, taxonName } from "../shared/dom";
import { type Key, figure, number, rankWord, t } from "../shared/strings";
import type { Shown } from "../shared/viewer";
import { basis, neighbours, unnamed } from "./evidence";
import type { Answer, PictureTaxon, Probability } from "./questions";
import { why } from "./why";

/** One sentence for a screen reader. */
export function spoken(answer: Answer, wanted: number): string {
  const found = answer.determination;
  const told = [why(answer, wanted), ...answer.notes].join(" ");
  if (found === null) return `${t("answer.unknown")}. ${told}`;
  return `${rankWord(found.rank)} ${found.taxon}, ${sureness(answer)} ${unit(answer)}. ${told}`;
}

/**
 * The answer.
 *
 * `notice` says what its figures rest on, where that is not as it should be; `query` is the picture
 * that was asked about, to be looked at beside the evidence.
 */
export function render(
  answer: Answer,
  wanted: number,
  notice: HTMLElement | null,
  query: Shown | null,
): HTMLElement[] {
  const parts = [
    determination(answer, wanted),
    notice,
    ranks(answer, wanted),
    pictures(answer),
    unnamed(answer, query),
    neighbours(answer, query),
    basis(answer),
  ];
  return parts.filter((part) => part !== null);
}

/** How much speaks for the determination: a probability, or without a calibration votes. */
function first(answer: Answer): Probability | undefined {
  return answer.ranks[answer.determination?.rank ?? ""]?.[0];
}

function sureness(answer: Answer): string {
  return figure(first(answer)?.percent ?? "");
}

function unit(answer: Answer): string {
  return answer.calibration === "none" ? t("answer.of_votes") : t("answer.confident");
}

function determination(answer: Answer, wanted: number): HTMLElement {
  const found = answer.determination;
  if (found === null) {
    return el(
      "article",
      { class: "determination unknown" },
      el("p", { class: "kicker" }, t("answer.determination")),
      el("h2", {}, t("answer.unknown")),
      ...reasons(answer, wanted),
    );
  }
  const sure = el(
    "p",
    { class: answer.calibration === "none" ? "sure votes" : "sure" },
    bar(first(answer)?.p ?? 0, wanted),
    el("strong", {}, sureness(answer)),
    el("span", { class: "quiet" }, `${unit(answer)}; ${t("answer.asked_for", { wanted: number(100 * wanted) })}`),
  );
  const name = taxonName(found.taxon, found.rank);
  const qualifier = found.qualifier ? ` ${found.qualifier}` : "";
  const doubt = answer.calibration === "none" ? ` · ${t("answer.not_calibrated")}` : "";
  return el(
    "article",
    { class: "determination" },
    el("p", { class: "kicker" }, `${t("answer.determination")} · ${rankWord(found.rank)}${doubt}`),
    el("h2", {}, name, qualifier),
    lineage(answer),
    sure,
    ...reasons(answer, wanted),
  );
}

/** Why it is that, how unlike anything known it is, and what else to bear in mind. */
function reasons(answer: Answer, wanted: number): HTMLElement[] {
  const said = [el("p", { class: "why" }, why(answer, wanted))];
  if (answer.novelty !== null) {
    const words = el("b", {}, novelty(answer.novelty_in_words));
    said.push(
      el("p", { class: "novelty" }, `${t("answer.novelty")} `, bar(answer.novelty), " ", words),
    );
  }
  return [...said, ...answer.notes.map((note) => el("p", { class: "note", lang: "en" }, note))];
}

const NOVELTY: Record<string, Key> = {
  "no more than usual": "answer.novelty_usual",
  "more than usual": "answer.novelty_unusual",
  entirely: "answer.novelty_entire",
};

function novelty(words: string): string {
  const key = NOVELTY[words];
  return key ? t(key) : words;
}

/** The taxa above the determination, as its nearest specimen has them. */
function lineage(answer: Answer): HTMLElement | null {
  const found = answer.determination;
  const member = answer.neighbours.find((hit) => found && hit[found.rank] === found.taxon);
  if (!found || !member) return null;
  const ranked = Object.keys(answer.ranks);
  const above = ranked.slice(0, ranked.indexOf(found.rank)).filter((rank) => member[rank]);
  if (!above.length) return null;
  const names = above.map((rank) => el("li", {}, taxonName(String(member[rank]), rank)));
  return el("ol", { class: "lineage", "aria-label": t("answer.lineage") }, ...names);
}

/** Probabilities at every rank. They presume that the gallery has the taxon: none is enough alone. */
function ranks(answer: Answer, wanted: number): HTMLElement {
  const votes = answer.calibration === "none";
  const title = answer.unknown ? t("answer.if_at_all") : t("answer.at_every_rank");
  const rows = Object.entries(answer.ranks).map(([rank, found]) => rankRow(rank, found, wanted));
  return el(
    "section",
    { class: answer.unknown || votes ? "ranks" : "ranks known", "aria-labelledby": "ranks" },
    el("h3", { id: "ranks" }, votes ? t("answer.votes_at_every_rank") : title),
    ...(rows.length ? rows : [el("p", { class: "quiet" }, t("answer.no_votes"))]),
  );
}

function rankRow(rank: string, found: Probability[], wanted: number): HTMLElement {
  const [first, ...others] = found.map((one) => probability(rank, one, wanted));
  const head = el("summary", {}, el("span", { class: "rank" }, rankWord(rank)), first ?? null);
  if (!others.length) return el("div", { class: "one" }, ...head.childNodes);
  return el("details", {}, head, el("ul", {}, ...others.map((other) => el("li", {}, other))));
}

function probability(rank: string, { taxon, p, percent }: Probability, wanted: number): HTMLElement {
  return el(
    "span",
    { class: p >= wanted ? "probability enough" : "probability" },
    el("span", { class: "name" }, taxonName(taxon, rank)),
    bar(p, wanted),
    el("span", { class: "number" }, figure(percent)),
  );
}

/** What each of several pictures would be called by itself. */
function pictures(answer: Answer): HTMLElement | null {
  if (!answer.pictures.length) return null;
  return el(
    "section",
    { class: "views", "aria-labelledby": "views" },
    el("h3", { id: "views" }, t("answer.each_picture")),
    el("ul", {}, ...answer.pictures.map((one) => el("li", {}, ...picture(one)))),
  );
}

function picture({ picture: name, far, rank, taxon, percent }: PictureTaxon): (Node | string)[] {
  const shown = el("bdi", {}, name);
  if (far) return [shown, `: ${t("answer.far")}`];
  if (rank === null || taxon === null) return [shown, `: ${t("answer.no_name")}`];
  return [shown, ": ", taxonName(taxon, rank), ` (${figure(percent ?? "")})`];
}
