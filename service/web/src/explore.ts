// The page that shows a collection as a map.

import { Legend } from "./explore/legend";
import { type Groups, groupsOf } from "./explore/groups";
import { MapView } from "./explore/map";
import { NoMap } from "./explore/no_map";
import { OnlyField } from "./explore/only";
import { MOST_PLAIN, PlainPainter, WebGlPainter } from "./explore/painter";
import { Selection } from "./explore/selection";
import { SpecimenCard } from "./explore/specimen";
import { MapTable, type Words } from "./explore/table";
import { type Address, addressOf, imageAddress, withQuery } from "./shared/addresses";
import { type Problem, bytes, isMissing, problemOf } from "./shared/api";
import { byId, el, focusIfLost } from "./shared/dom";
import { count, decimal, number, t } from "./shared/strings";

const status = byId("status", HTMLElement);
const page = byId("page", HTMLElement);
const ranks = (page.dataset["ranks"] ?? "").split(" ").filter(Boolean);
const colour = byId("colour", HTMLSelectElement);
const method = byId("method", HTMLSelectElement);
const space = document.getElementById("space") as HTMLSelectElement | null;
const find = byId("find", HTMLInputElement);
const tip = byId("tip", HTMLElement);
const canvas = byId("map", HTMLCanvasElement);

const card = new SpecimenCard();
const only = new OnlyField(byId("only", HTMLInputElement), spaceName, () => void load());
const none = new NoMap(() => void load().then(() => focusIfLost(canvas)));
const legend = new Legend(recolour, (groups) => {
  const places = table ? [...Array(table.size).keys()] : [];
  selection.choose(places.filter((place) => groups.has(shown?.of[place] ?? -1)), false);
});
const selection = new Selection(spaceName, recolour, open);
const view = viewOf(canvas);

let table: MapTable | null = null;
let shown: Groups | null = null;
let asking = new AbortController();
let lastFound = -1;

listen();
void load();

function spaceName(): string {
  return space?.value ?? page.dataset["space"] ?? "";
}

function viewOf(on: HTMLCanvasElement): MapView | null {
  const fast = WebGlPainter.on(on);
  const painter = fast ?? PlainPainter.on(on);
  byId("no-drawing", HTMLElement).hidden = fast !== null;
  byId("no-drawing", HTMLElement).textContent = t("explore.plainly", { most: number(MOST_PLAIN) });
  if (!painter) return null;
  return new MapView(on, byId("above", HTMLCanvasElement), painter, {
    pointed: showTip,
    opened: open,
    chosen: (places, adds) => {
      selection.choose(places, adds);
      status.textContent = count("explore.chosen", selection.places.size);
    },
  });
}

async function load(): Promise<void> {
  asking.abort();
  asking = new AbortController();
  const mine = asking.signal;
  if ("noMap" in page.dataset) {
    delete page.dataset["noMap"]; // tells how it was when the page was made; later looks ask
    return showNone(null);
  }
  page.setAttribute("aria-busy", "true");
  try {
    const read = new MapTable(await bytes(tableAddress(), mine));
    if (mine.aborted) return;
    show(read);
  } catch (error) {
    if (mine.aborted) return;
    showNone(isMissing(error) ? null : problemOf(error));
  } finally {
    if (!mine.aborted) page.removeAttribute("aria-busy");
  }
}

/** Say that no map is there, or why it cannot be read. */
function showNone(why: Problem | null): void {
  none.show(why, spaceName(), method.value);
  byId("stage", HTMLElement).hidden = true;
  status.textContent = why?.words ?? t("explore.no_map");
  page.removeAttribute("aria-busy");
}

function tableAddress(): Address {
  const column = [...new Set([...ranks, colour.value])].filter(Boolean);
  const asked = { space: spaceName(), method: method.value, column, where: only.conditions };
  return withQuery(addressOf`v1/morphospace`, asked);
}

function show(read: MapTable): void {
  table = read;
  none.hide();
  byId("stage", HTMLElement).hidden = false;
  view?.show(read);
  selection.show(read, ranks);
  regroup();
  byId("said", HTMLElement).replaceChildren(...said(read));
  status.textContent = count("explore.shown", read.size);
}

/** What is to be known of the map, in words, the technical one beside it. */
function said({ said: map, size, placed, far }: MapTable): HTMLElement[] {
  const sentences = [count("explore.shown", size)];
  const { overlap, trustworthiness, k } = map.quality;
  if (overlap !== null && trustworthiness !== null) {
    const percent = number(Math.round(100 * overlap));
    sentences.push(t("explore.faithful", { percent, k, trust: decimal(trustworthiness, 2) }));
  }
  const later = placed.reduce((sum, one) => sum + one, 0);
  const lost = far.reduce((sum, one) => sum + one, 0);
  if (later) sentences.push(count("explore.placed", later));
  if (lost) sentences.push(count("explore.far", lost));
  return sentences.map((sentence) => el("p", {}, sentence));
}

function regroup(): void {
  if (!table) return;
  shown = groupsOf(colour.value, wordsOf(table, colour.value), table.x, table.y);
  legend.show(shown);
  recolour();
}

/** The words of a column; none of a collection that has no column to colour by. */
function wordsOf(of: MapTable, column: string): Words {
  if (column) return of.words(column);
  return { codes: new Int32Array(of.size).fill(-1), values: [] };
}

function recolour(): void {
  if (shown) view?.colour(shown, legend.alone, selection.places);
}

function open(place: number): void {
  if (table) void card.show(table.imageId(place));
}

function showTip(place: number, [x, y]: readonly [number, number]): void {
  tip.hidden = place < 0 || !table;
  if (place < 0 || !table) return;
  const imageId = table.imageId(place);
  const picture = el("img", { src: imageAddress(imageId, "thumbnail"), alt: "" });
  const marks = table.far[place] ? [el("span", { class: "far" }, t("explore.is_far"))] : [];
  tip.replaceChildren(picture, selection.nameElement(place), el("span", { class: "id" }, imageId), ...marks);
  const right = x > canvas.clientWidth / 2;
  const low = y > canvas.clientHeight / 2;
  tip.style.left = right ? "" : `${x + 16}px`;
  tip.style.right = right ? `${canvas.clientWidth - x + 16}px` : "";
  tip.style.top = low ? "" : `${y + 16}px`;
  tip.style.bottom = low ? `${canvas.clientHeight - y + 16}px` : "";
  if (document.activeElement === canvas) status.textContent = `${selection.name(place)}, ${imageId}`;
}

function listen(): void {
  colour.addEventListener("change", () => {
    if (ranks.includes(colour.value)) regroup();
    else void load();
  });
  method.addEventListener("change", () => void load());
  space?.addEventListener("change", () => void load());
  byId("explore-controls", HTMLFormElement).addEventListener("submit", (event) => {
    event.preventDefault();
  });
  find.addEventListener("keydown", (event) => {
    if (event.key === "Enter") search();
  });
  press("closer", () => view?.closer(1.6));
  press("farther", () => view?.closer(1 / 1.6));
  document.getElementById("anew")?.addEventListener("click", () => {
    none.again(spaceName(), method.value);
  });
  press("whole", () => view?.whole());
  for (const name of ["move", "lasso"]) press(name, () => draw(name === "lasso"));
}

function press(id: string, action: () => void): void {
  byId(id, HTMLButtonElement).addEventListener("click", action);
}

function draw(draws: boolean): void {
  if (view) view.draws = draws;
  byId("lasso", HTMLElement).setAttribute("aria-pressed", String(draws));
  byId("move", HTMLElement).setAttribute("aria-pressed", String(!draws));
  canvas.classList.toggle("draws", draws);
}

/** Goes to the next image whose id has the text in it. */
function search(): void {
  const wanted = find.value.trim().toLowerCase();
  if (!wanted || !table) return find.setCustomValidity("");
  for (let step = 1; step <= table.size; step++) {
    const place = (Math.max(lastFound, -1) + step) % table.size;
    if (!table.imageId(place).toLowerCase().includes(wanted)) continue;
    lastFound = place;
    find.setCustomValidity("");
    view?.find(place);
    open(place);
    return;
  }
  find.setCustomValidity(t("explore.not_found"));
  find.reportValidity();
}
