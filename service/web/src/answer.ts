// An answer as a person reads it: the determination, how sure it is at every rank, the evidence.

import { type Answer, type Hit, type Probability, imageAddress } from "./api";
import { bar, el, percent, taxonName } from "./dom";

/** One sentence for a screen reader. */
export function spoken(answer: Answer): string {
  const found = answer.determination;
  if (found === null) return `Unknown. ${answer.why}`;
  return `${found.rank} ${found.taxon}, ${percent(figure(answer))} ${unit(answer)}. ${answer.why}`;
}

/** The answer; `notice` says what its figures rest on, where that is not as it should be. */
export function render(answer: Answer, wanted: number, notice: HTMLElement | null): HTMLElement[] {
  const parts = [determination(answer, wanted), notice, ranks(answer, wanted), neighbours(answer)];
  return parts.filter((part) => part !== null);
}

/** How much speaks for the determination: a probability, or without a calibration votes. */
function figure(answer: Answer): number {
  return answer.ranks[answer.determination?.rank ?? ""]?.[0]?.p ?? 0;
}

function unit(answer: Answer): string {
  return answer.calibration === "none" ? "of the neighbours' votes" : "confident";
}

function determination(answer: Answer, wanted: number): HTMLElement {
  const found = answer.determination;
  if (found === null) {
    return el(
      "article",
      { class: "determination unknown" },
      el("p", { class: "kicker" }, "Determination"),
      el("h2", {}, "Unknown"),
      el("p", { class: "why" }, answer.why),
    );
  }
  const sure = el(
    "p",
    { class: answer.calibration === "none" ? "sure votes" : "sure" },
    bar(figure(answer), wanted),
    el("strong", {}, percent(figure(answer))),
    el("span", { class: "quiet" }, `${unit(answer)}; you asked for ${percent(wanted)}`),
  );
  const name = taxonName(found.taxon, found.rank);
  const qualifier = found.qualifier ? ` ${found.qualifier}` : "";
  const doubt = answer.calibration === "none" ? " · not calibrated" : "";
  return el(
    "article",
    { class: "determination" },
    el("p", { class: "kicker" }, `Determination · ${found.rank}${doubt}`),
    el("h2", {}, name, qualifier),
    lineage(answer),
    sure,
    el("p", { class: "why" }, answer.why),
  );
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
  return el("ol", { class: "lineage", "aria-label": "Lineage" }, ...names);
}

/** Probabilities at every rank. They presume that the gallery has the taxon: none is enough alone. */
function ranks(answer: Answer, wanted: number): HTMLElement {
  const votes = answer.calibration === "none";
  const title = answer.unknown ? "If it is one of these at all" : "At every rank";
  const rows = Object.entries(answer.ranks).map(([rank, found]) => rankRow(rank, found, wanted));
  return el(
    "section",
    { class: answer.unknown || votes ? "ranks" : "ranks known", "aria-labelledby": "ranks" },
    el("h3", { id: "ranks" }, votes ? "The neighbours' votes at every rank" : title),
    ...(rows.length ? rows : [el("p", { class: "quiet" }, "No neighbour has a determination.")]),
  );
}

function rankRow(rank: string, found: Probability[], wanted: number): HTMLElement {
  const [first, ...others] = found.map((one) => probability(rank, one, wanted));
  const head = el("summary", {}, el("span", { class: "rank" }, rank), first ?? null);
  if (!others.length) return el("div", { class: "one" }, ...head.childNodes);
  return el("details", {}, head, el("ul", {}, ...others.map((other) => el("li", {}, other))));
}

function probability(rank: string, { taxon, p }: Probability, wanted: number): HTMLElement {
  return el(
    "span",
    { class: p >= wanted ? "probability enough" : "probability" },
    el("span", { class: "name" }, taxonName(taxon, rank)),
    bar(p, wanted),
    el("span", { class: "number" }, percent(p)),
  );
}

function neighbours(answer: Answer): HTMLElement {
  const found = answer.determination;
  const title = answer.unknown ? "Nearest specimens, as a lead" : "Nearest specimens, the evidence";
  const sheet = answer.neighbours.map((hit) =>
    el("li", {}, specimen(hit, found !== null && hit[found.rank] === found.taxon)),
  );
  return el(
    "section",
    { class: "neighbours", "aria-labelledby": "neighbours" },
    el("h3", { id: "neighbours" }, title),
    el("ol", { class: "sheet" }, ...sheet),
  );
}

function specimen(hit: Hit, agrees: boolean): HTMLElement {
  const rank = ["species", "genus", "family", "category"].find((one) => hit[one]) ?? "";
  const name = rank ? String(hit[rank]) : "not determined";
  const picture = el("img", {
    src: imageAddress(hit.image_id, "thumbnail"),
    alt: `${name}, specimen ${hit.specimen_id}`,
    loading: "lazy",
  });
  const link = { href: imageAddress(hit.image_id, "picture"), target: "_blank", rel: "noopener" };
  return el(
    "figure",
    { class: agrees ? "agrees" : "" },
    el("a", link, picture),
    el(
      "figcaption",
      {},
      el("span", { class: "name" }, taxonName(name, rank)),
      el("span", { class: "id", title: hit.image_id }, el("bdi", {}, hit.image_id)),
      el("span", { class: "cosine", title: "Cosine to the query" }, hit.score.toFixed(2)),
    ),
  );
}
