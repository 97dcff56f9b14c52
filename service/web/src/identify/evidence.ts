// The evidence of an answer: pictures like the one asked about, and what the answer rests on.

import { addressOf, imageAddress } from "../shared/addresses";
import { el, taxonName } from "../shared/dom";
import { facts, thumbnail } from "../shared/pictures";
import { type ImageRecord, imageRecord } from "../shared/records";
import { count, decimal, number, rankWord, sentence, t } from "../shared/strings";
import { type Shown, view } from "../shared/viewer";
import type { Answer, Hit } from "./questions";

/** Specimens that nobody has named and that it is like; they have a sheet of their own. */
export function unnamed(answer: Answer, query: Shown | null): HTMLElement | null {
  if (answer.unnamed === null) return null;
  const alike = new Set(answer.unnamed.images);
  const hits = answer.neighbours.filter((hit) => alike.has(hit.image_id));
  return el(
    "section",
    { class: "neighbours unnamed", "aria-labelledby": "unnamed" },
    el("h3", { id: "unnamed" }, t("answer.unnamed")),
    sheet(hits, query, () => false),
  );
}

export function neighbours(answer: Answer, query: Shown | null): HTMLElement | null {
  const found = answer.determination;
  const apart = new Set(answer.unnamed?.images);
  const hits = answer.neighbours.filter((hit) => !apart.has(hit.image_id));
  if (!hits.length && answer.unnamed !== null) return null;
  return el(
    "section",
    { class: "neighbours", "aria-labelledby": "neighbours" },
    el("h3", { id: "neighbours" }, answer.unknown ? t("answer.lead") : t("answer.evidence")),
    el("p", { class: "quiet basis" }, t("answer.how_alike")),
    sheet(hits, query, (hit) => found !== null && hit[found.rank] === found.taxon),
  );
}

function agree({ neighbours }: Answer, agreeing: number): string {
  return count("answer.agree", agreeing, { of: number(neighbours.length) });
}

/** What the determination rests on, for who wants to know. */
export function basis(answer: Answer): HTMLElement {
  const { neighbours: from, determination: by } = answer.spaces;
  const found = answer.determination;
  const agreeing = found
    ? answer.neighbours.filter((hit) => hit[found.rank] === found.taxon).length
    : 0;
  const facts: [string, (Node | string)[]][] = [
    [t("answer.rests_calibration"), [t(`answer.state.${answer.calibration}`, { space: by })]],
    [t("answer.rests_space"), [t("answer.shown_from", { space: from })]],
  ];
  if (found) facts.unshift([t("answer.rests_neighbours"), [agree(answer, agreeing)]]);
  const set = answer.species_set;
  if (set?.length) {
    const names = set.flatMap((name, at) => [at ? ", " : "", taxonName(name, "species")]);
    facts.push([t("answer.rests_set"), names]);
  }
  if (answer.fitted_on.encoder) facts.push([t("answer.rests_seen"), [t("answer.seen_encoder")]]);
  return el(
    "details",
    { class: "rests" },
    el("summary", {}, t("answer.rests")),
    el("dl", {}, ...facts.flatMap(([name, said]) => [el("dt", {}, name), el("dd", {}, ...said)])),
  );
}

function sheet(hits: Hit[], query: Shown | null, agrees: (hit: Hit) => boolean): HTMLElement {
  const records = new Map<string, ImageRecord>();
  const shown = hits.map((hit) => large(hit, records));
  const items = hits.map((hit, at) => {
    const open = (): void => view(shown, at, query);
    return el("li", {}, specimen(hit, agrees(hit), records, open));
  });
  return el("ol", { class: "sheet" }, ...items);
}

function specimen(
  hit: Hit,
  agrees: boolean,
  records: Map<string, ImageRecord>,
  open: () => void,
): HTMLElement {
  const { name, rank } = called(hit);
  const alt = t("answer.picture_of", { name, specimen: hit.specimen_id });
  const button = el("button", { type: "button", class: "picture" }, thumbnail(hit.image_id, alt));
  button.addEventListener("click", open);
  const known = el("span", { class: "facts" });
  void imageRecord(hit.image_id)
    .then((record) => {
      records.set(hit.image_id, record);
      const said = facts(record).join(" · ");
      known.textContent = said;
      known.title = said;
    })
    .catch(() => undefined); // it may just have been deleted
  const place = { class: "id", title: hit.image_id, href: addressOf`specimens/${hit.specimen_id}` };
  return el(
    "figure",
    { class: agrees ? "agrees" : "" },
    button,
    el(
      "figcaption",
      {},
      el("span", { class: "name" }, taxonName(name, rank)),
      el("a", place, el("bdi", {}, hit.image_id)),
      el("span", { class: "cosine", title: t("answer.cosine") }, decimal(hit.score, 2)),
      known,
    ),
  );
}

function called(hit: Hit): { name: string; rank: string } {
  const rank =
    ["species", "genus", "family", "order", "class", "phylum", "kingdom", "category"].find(
      (one) => hit[one],
    ) ?? "";
  return { name: rank ? String(hit[rank]) : t("common.undetermined"), rank };
}

/** A neighbour as the viewer shows it. */
function large(hit: Hit, records: Map<string, ImageRecord>): Shown {
  const { name, rank } = called(hit);
  const caption = (): (Node | string | null)[] => {
    const record = records.get(hit.image_id);
    const page = el("a", { href: addressOf`specimens/${hit.specimen_id}` }, hit.specimen_id);
    const picture = {
      href: imageAddress(hit.image_id, "picture"),
      target: "_blank",
      rel: "noopener",
    };
    return [
      el("p", {}, taxonName(name, rank), ` · ${t("answer.alike", { n: decimal(hit.score, 2) })}`),
      record ? el("p", { class: "quiet" }, facts(record).join(" · ")) : null,
      el("p", { class: "quiet" }, ...sentence("answer.specimen_page", { specimen: page })),
      el("p", { class: "quiet" }, el("a", picture, t("answer.original"))),
    ];
  };
  return {
    src: imageAddress(hit.image_id, "picture"),
    otherwise: imageAddress(hit.image_id, "thumbnail"),
    alt: `${rankWord(rank)} ${name}`.trim(),
    caption,
  };
}
