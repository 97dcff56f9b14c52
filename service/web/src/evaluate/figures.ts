// The figures of evaluations as columns that stand side by side.

import { el } from "../shared/dom";
import { decimal, rankWord, t } from "../shared/strings";

/** Of an interval; null where one specimen alone asked. */
interface Bounds {
  low: number | null;
  high: number | null;
}

/** Recall for each k; reports that were made before have the interval of the first alone. */
type Recall = { recall: Record<string, { micro: number | null }> } & Partial<
  Record<`recall_at_${string}_interval`, Bounds>
>;

const UNKNOWN = "–";

export interface Column {
  space: string;
  /** What was measured, and when. */
  how: string;
  ranks: Record<string, Recall>;
}

/** The columns of an evaluation: one, or of two spaces two; none where it has other figures. */
export function columns(figures: unknown, spaces: string[], how: string): Column[] {
  const found = figures as { ranks?: unknown; spaces?: { ranks?: unknown }[] };
  const each = found.spaces ?? [found];
  return each.flatMap(({ ranks }, at) =>
    hasRecall(ranks) ? [{ space: spaces[at] ?? "", how, ranks }] : [],
  );
}

function hasRecall(ranks: unknown): ranks is Record<string, Recall> {
  if (typeof ranks !== "object" || ranks === null) return false;
  return Object.values(ranks).every((one) => typeof one?.recall === "object");
}

/** How often the right name is found, at every rank, in one column or in two. */
export function compared(sides: Column[]): HTMLElement {
  const [first, second] = sides;
  const ranks = Object.keys(first?.ranks ?? {}).filter((rank) => !second || second.ranks[rank]);
  if (!first || !ranks.length) return el("p", { class: "quiet" }, t("evaluate.no_figures"));
  const heads = sides.map(({ space, how }) =>
    el("th", { scope: "col" }, t("evaluate.in_space", { space }), el("small", { class: "quiet" }, how)),
  );
  const difference = second ? el("th", { scope: "col" }, t("evaluate.difference")) : null;
  const rows = ranks.reverse().flatMap((rank) => rankRows(rank, sides));
  return el(
    "table",
    {},
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, t("evaluate.figure")), ...heads, difference)),
    ...rows,
  );
}

function rankRows(rank: string, sides: Column[]): HTMLElement[] {
  const found = sides.flatMap(({ ranks }) => ranks[rank] ?? []);
  const cuts = Object.keys(found[0]?.recall ?? {}).filter((k) => found.every(({ recall }) => recall[k]));
  const span = String(sides.length + (sides.length > 1 ? 2 : 1));
  const title = el("tr", {}, el("th", { scope: "rowgroup", colspan: span }, rankWord(rank)));
  const rows = cuts.map((k) => {
    const name = k === "1" ? t("evaluate.first") : t("evaluate.among", { k });
    const values = found.map(({ recall }) => recall[k]?.micro ?? null);
    const cells = found.map((one, at) =>
      el("td", {}, figure(values[at] ?? null), interval(one[`recall_at_${k}_interval`])),
    );
    const more = values.length > 1 ? gain(values[0] ?? null, values[1] ?? null) : null;
    return el("tr", {}, el("th", { scope: "row" }, name), ...cells, more);
  });
  return [el("tbody", {}, title, ...rows)];
}

function gain(before: number | null, after: number | null): HTMLElement {
  if (before === null || after === null) return el("td", {}, UNKNOWN);
  return el("td", { class: after > before ? "better" : "" }, points(100 * (after - before)));
}

function figure(share: number | null): HTMLElement | string {
  if (share === null) return UNKNOWN;
  const fill = el("span", { class: "fill" });
  fill.style.width = `${100 * share}%`;
  return el(
    "span",
    { class: "figure" },
    el("span", { class: "bar", "aria-hidden": "true" }, fill),
    el("span", { class: "number" }, `${decimal(100 * share, 1)} %`),
  );
}

function interval({ low, high }: Bounds = { low: null, high: null }): HTMLElement | null {
  if (low === null || high === null) return null;
  const said = { low: decimal(100 * low, 1), high: decimal(100 * high, 1) };
  return el("small", { class: "quiet" }, t("evaluate.interval", said));
}

function points(n: number): string {
  const shown = Math.round(10 * n) / 10;
  const sign = shown > 0 ? "+" : shown < 0 ? "−" : "±";
  return t("evaluate.points", { n: `${sign}${decimal(Math.abs(shown), 1)}` });
}
