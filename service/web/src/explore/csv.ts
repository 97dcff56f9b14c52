// The chosen images as a table for a spreadsheet.

import { tableText } from "../shared/spreadsheet";
import type { MapTable } from "./table";

/** Rows of image_id, ranks, x, y, placed and far, with a header. */
export function csvOf(table: MapTable, ranks: string[], places: Iterable<number>): string {
  const rows = Array.from(places, (place) => [
    table.imageId(place),
    ...ranks.map((rank) => table.word(rank, place)),
    table.x[place],
    table.y[place],
    table.placed[place] ? "true" : "false",
    table.far[place] ? "true" : "false",
  ]);
  return tableText([["image_id", ...ranks, "x", "y", "placed", "far"], ...rows]);
}
