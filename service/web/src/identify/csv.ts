// The answers about many pictures, and what was decided, as a table.

import { type Item, itemName } from "./items";

const RANKS = ["family", "genus", "species"];

const COLUMNS: Record<string, (item: Item) => string | number | null | undefined> = {
  file: itemName,
  taxon: (item) => item.answer?.determination?.taxon ?? "",
  rank: (item) => item.answer?.determination?.rank ?? "",
  qualifier: (item) => item.answer?.determination?.qualifier ?? "",
  confidence: (item) => item.answer?.determination?.confidence,
  calibration: (item) => item.answer?.calibration,
  ...Object.fromEntries(
    RANKS.flatMap((rank) => [
      [rank, (item: Item) => item.answer?.ranks[rank]?.[0]?.taxon],
      [`${rank}_p`, (item: Item) => item.answer?.ranks[rank]?.[0]?.p],
    ]),
  ),
  novelty: (item) => item.answer?.novelty,
  nearest_image: (item) => item.answer?.neighbours[0]?.image_id,
  nearest_species: (item) => item.answer?.neighbours[0]?.species,
  cosine: (item) => item.answer?.neighbours[0]?.score,
  why: (item) => item.answer?.why,
  decision: (item) => item.decision,
  determined_as: (item) => item.called?.taxon,
  determined_by: (item) => (item.called ? item.by : ""),
  image_id: (item) => item.stored[0]?.imageId,
  problem: (item) => item.problem,
};

/** One row an item, with a header; RFC 4180, and UTF-8 with a mark so that spreadsheets read it. */
export function csv(items: readonly Item[]): string {
  const rows = items.map((item) => Object.values(COLUMNS).map((column) => cell(column(item))));
  const lines = [Object.keys(COLUMNS), ...rows].map((row) => row.join(","));
  return `\ufeff${lines.join("\r\n")}\r\n`;
}

/** A value; text that a spreadsheet would take for a formula gets an apostrophe. */
function cell(value: string | number | null | undefined): string {
  if (typeof value === "number") return String(Number(value.toFixed(6)));
  const text = value ?? "";
  const plain = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

/** Let the browser save some text as a file. */
export function save(name: string, text: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
