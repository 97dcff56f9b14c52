// Where a taxon lies on the map of the collection: its pictures over the others, in small.

import { MapTable } from "../explore/table";
import { type Address, addressOf, withQuery } from "../shared/addresses";
import { bytes, problemOf } from "../shared/api";
import { byId, el } from "../shared/dom";
import { sentence, t } from "../shared/strings";

const MOST_DRAWN = 20_000; // pictures of the taxon, and of all
const MARGIN = 8; // pixels

interface SmallMap {
  all: MapTable;
  own: MapTable;
}

/** Show the map that was made by a method; otherwise, without one, say where a map is made. */
export async function showSmallMap(method: string, where: string[]): Promise<void> {
  const section = byId("mapped", HTMLElement);
  if (!method) {
    const page = el("a", { href: addressOf`explore` }, t("common.nav.explore"));
    byId("map-how", HTMLElement).replaceChildren(...sentence("collection.no_map", { page }));
    section.hidden = false;
    return;
  }
  try {
    const found = await keptMap(method, where);
    section.hidden = found.own.size === 0;
    draw(found, withQuery(addressOf`explore`, { method, where }));
  } catch (error) {
    section.hidden = false;
    byId("map-how", HTMLElement).replaceChildren(...problemOf(error).told());
  }
}

/** All pictures of a map, and those of the taxon. */
async function keptMap(method: string, where: string[]): Promise<SmallMap> {
  const read = async (where: string[]) => {
    const asked = withQuery(addressOf`v1/morphospace`, { method, where, sample: MOST_DRAWN });
    return new MapTable(await bytes(asked, new AbortController().signal));
  };
  const [all, own] = await Promise.all([read([]), read(where)]);
  return { all, own };
}

function draw(found: SmallMap, explore: Address): void {
  const canvas = el("canvas", { role: "img", "aria-label": t("collection.map_alt") });
  const link = el("a", { href: explore, class: "small-map" }, canvas);
  byId("map-how", HTMLElement).replaceChildren(
    ...sentence("collection.map_how", {
      page: el("a", { href: explore }, t("collection.map_open")),
    }),
  );
  byId("map-how", HTMLElement).after(link);
  new ResizeObserver(() => paint(canvas, found)).observe(canvas);
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", () => paint(canvas, found));
}

function paint(canvas: HTMLCanvasElement, { all, own }: SmallMap): void {
  const density = window.devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  canvas.width = width * density;
  canvas.height = height * density;
  const context = canvas.getContext("2d");
  if (!context) return;
  context.scale(density, density);
  const [left, right] = ends(all.x, own.x);
  const [low, high] = ends(all.y, own.y);
  const room = [width - 2 * MARGIN, height - 2 * MARGIN] as const;
  const across = Math.min(room[0] / (right - left || 1), room[1] / (high - low || 1));
  const ink = getComputedStyle(canvas);
  const dots = (table: MapTable, colour: string, side: number, opacity: number): void => {
    context.fillStyle = ink.getPropertyValue(colour);
    context.globalAlpha = opacity;
    for (let at = 0; at < table.size; at++) {
      const x = width / 2 + across * ((table.x[at] ?? 0) - (left + right) / 2);
      const y = height / 2 - across * ((table.y[at] ?? 0) - (low + high) / 2);
      context.beginPath();
      context.arc(x, y, side / 2, 0, 2 * Math.PI);
      context.fill();
    }
  };
  dots(all, "--unsure", all.size > 3000 ? 1.6 : 3, 0.55);
  dots(own, "--label", own.size > 1000 ? 2.4 : 5, 0.9);
  canvas.dataset["drawn"] = String(own.size);
}

function ends(...several: Float32Array[]): [number, number] {
  let [least, most] = [Infinity, -Infinity];
  for (const values of several) {
    for (const value of values) {
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
  }
  return Number.isFinite(least) ? [least, most] : [0, 0];
}
