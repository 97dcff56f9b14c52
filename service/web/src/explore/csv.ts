// The chosen images as a table for a spreadsheet.

import type { MapTable } from "./table";

/** Rows of image_id, ranks, x, y, placed and far; RFC 4180. */
export function csvOf(table: MapTable, ranks: string[], places: Iterable<number>): string {
  const rows = [["image_id", ...ranks, "x", "y", "placed", "far"]];
  for (const place of places) {
    rows.push([
      table.imageId(place),
      ...ranks.map((rank) => table.word(rank, place)),
      String(table.x[place]),
      String(table.y[place]),
      table.placed[place] ? "true" : "false",
      table.far[place] ? "true" : "false",
    ]);
  }
  return rows.map((row) => `${row.map(field).join(",")}\r\n`).join("");
}

function field(value: string): string {
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
