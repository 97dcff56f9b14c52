// The answers about many pictures, and what was decided, as a table.

import { tableText } from "../shared/spreadsheet";
import { type Item, itemName } from "./items";

export { save } from "../shared/spreadsheet";

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
  novelty_in_words: (item) => item.answer?.novelty_in_words,
  nearest_image: (item) => item.answer?.neighbours[0]?.image_id,
  nearest_species: (item) => item.answer?.neighbours[0]?.species,
  cosine: (item) => item.answer?.neighbours[0]?.score,
  why: (item) => item.answer?.why,
  decision: (item) => item.decision,
  determined_as: (item) => item.called?.taxon,
  determined_by: (item) => (item.called ? item.by : ""),
  image_id: (item) => item.stored[0]?.imageId,
  problem: (item) => item.problem?.words,
};

/** One row an item, with a header. */
export function csv(items: readonly Item[]): string {
  const rows = items.map((item) => Object.values(COLUMNS).map((column) => column(item)));
  return tableText([Object.keys(COLUMNS), ...rows]);
}
