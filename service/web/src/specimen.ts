// A specimen's page: its pictures and record, its name and history, and the answer about it.

import { call, correct, takeBack } from "./collection/naming";
import { recordOf } from "./collection/record";
import { lineageLinks } from "./collection/taxa";
import { render } from "./identify/answer";
import { CalibrationNotice } from "./identify/calibration";
import { type Answer, identify } from "./identify/questions";
import { addressOf, imageAddress } from "./shared/addresses";
import { get, isChange, problemArticle, problemOf } from "./shared/api";
import { byId, el, taxonName } from "./shared/dom";
import { thumbnail, whole } from "./shared/pictures";
import type { ImageRecord } from "./shared/records";
import { day, rankWord, sentence, t } from "./shared/strings";
import { type Shown, view } from "./shared/viewer";

const WANTED = 0.95;
const NEIGHBOURS = 10;

interface Accepted {
  determination_id: number;
  rank: string | null;
  taxon: string | null;
  qualifier: string;
  origin: string;
  determined_by: string;
  determined_at: string;
  remarks: string;
}

interface SpecimenRecord {
  specimen_id: string;
  determination: Accepted | null;
  lineage: Record<string, string>;
  images: ImageRecord[];
  total: number;
  version: number;
}

interface Event {
  determination_id: number;
  taxon: string;
  qualifier: string;
  origin: string;
  determined_by: string;
  determined_at: string;
  remarks: string;
  undoes: number | null;
  stands: boolean;
  after: string;
}

const main = byId("page", HTMLElement);
const result = byId("result", HTMLElement);
const status = byId("status", HTMLElement);
const named = byId("name", HTMLElement);
const id = main.dataset["specimenId"] ?? "";
const address = addressOf`v1/specimens/${id}`;
const mayWrite = main.dataset["mayWrite"] !== undefined;
const calibration = new CalibrationNotice(main.dataset, () => void ask());

let specimen: SpecimenRecord | null = null;
let answer: Answer | null = null;
let busy = false; // with a decision about its name

async function show(): Promise<void> {
  try {
    specimen = await get<SpecimenRecord>(address);
  } catch (error) {
    main.replaceChildren(problemArticle(error));
    return;
  }
  drawPictures(specimen.images);
  drawRecord(specimen.images);
  drawName();
  await showHistory();
  await ask();
}

/** Shows what the specimen is called now, and what it was called before. */
async function showName(): Promise<void> {
  try {
    specimen = await get<SpecimenRecord>(address);
    drawName();
  } catch (error) {
    refuse(error);
  }
  await showHistory();
}

async function showHistory(): Promise<void> {
  try {
    const { events } = await get<{ events: Event[] }>(addressOf`v1/specimens/${id}/history`);
    byId("history", HTMLElement).hidden = !events.length;
    byId("events", HTMLElement).replaceChildren(...events.reverse().map(eventItem));
  } catch (error) {
    byId("history", HTMLElement).hidden = false;
    byId("events", HTMLElement).replaceChildren(el("li", { class: "wrong" }, ...problemOf(error).told()));
  }
}

/* Pictures and record */

function drawPictures(images: ImageRecord[]): void {
  const shown: Shown[] = images.map((image) => ({
    src: imageAddress(image.image_id, "picture"),
    otherwise: imageAddress(image.image_id, "thumbnail"),
    alt: image.image_id,
    caption: () => [el("p", {}, image.image_id)],
  }));
  const tiles = images.map((image, at) => {
    const picture = (at === 0 ? whole : thumbnail)(image.image_id, image.image_id);
    const button = el("button", { type: "button", class: "picture" }, picture);
    button.addEventListener("click", () => view(shown, at, null));
    return button;
  });
  byId("pictures", HTMLElement).replaceChildren(...tiles);
}

function drawRecord(images: ImageRecord[]): void {
  const lists = images.map((image, at) => {
    const record = recordOf(image, mayWrite);
    if (at === 0) return record;
    return el("details", {}, el("summary", {}, image.image_id), record);
  });
  byId("record", HTMLElement).replaceChildren(...lists);
}

/* Name and history */

function drawName(): void {
  if (!specimen) return;
  const name = specimen.determination;
  const { taxon, rank } = name ?? { taxon: null, rank: null };
  const parts: (HTMLElement | null)[] = [];
  if (name && taxon && rank) {
    const above = Object.fromEntries(
      Object.entries(specimen.lineage).filter(([one]) => one !== rank),
    );
    parts.push(
      el("p", { class: "kicker" }, rankWord(rank)),
      el("h2", {}, el("a", { href: addressOf`taxa/${rank}/${taxon}` }, taxonName(taxon, rank)), qualified(taxon, name.qualifier)),
      el("ol", { class: "lineage", "aria-label": t("collection.lineage") }, ...lineageLinks(above)),
      el("p", { class: "quiet" }, whose(name)),
    );
  } else parts.push(el("h2", { class: "quiet" }, t("collection.no_name")));
  if (mayWrite) parts.push(buttons(taxon, rank));
  named.replaceChildren(...parts.filter((part) => part !== null));
}

function whose({ origin, determined_by: by, determined_at: at }: Accepted): string {
  const key = origin === "import" ? "collection.imported" : "collection.determined";
  return t(key, { by, at: day(at) });
}

/** What can be said of the name: that it is right, what the answer says, or another one. */
function buttons(taxon: string | null, rank: string | null): HTMLElement {
  const button = (label: (Node | string)[], work: () => Promise<boolean>, kind = "button"): HTMLElement => {
    const made = el("button", { type: "button", class: kind }, ...label);
    made.addEventListener("click", () => void doing(work));
    return made;
  };
  const made: HTMLElement[] = [];
  const found = answer?.determination;
  if (found && specimen?.lineage[found.rank] !== found.taxon) {
    const words = sentence("collection.call_it", { name: taxonName(found.taxon, found.rank) });
    made.push(button(words, () => give(found.taxon, found.rank)));
  }
  if (taxon && rank && specimen?.determination?.origin === "import") {
    const words = sentence("collection.confirm", { name: taxonName(taxon, rank) });
    made.push(button(words, () => give(taxon, rank)));
  }
  const other = taxon ? t("collection.correct") : t("collection.name_it");
  made.push(button([other], () => correct(give), taxon ? "button" : "button first"));
  return el("div", { class: "buttons" }, ...made);
}

function eventItem(event: Event): HTMLElement {
  const given = event.taxon
    ? el("b", {}, event.taxon, qualified(event.taxon, event.qualifier))
    : el("span", {}, t("collection.undid"));
  const by = event.origin === "import" ? t("collection.came_with") : event.determined_by;
  const words = [given, ` · ${by} · `, el("time", {}, day(event.determined_at))];
  if (event.remarks) words.push(el("span", { class: "quiet" }, ` · ${event.remarks}`));
  if (!event.stands) words.push(` · ${t("collection.undone")}`);
  if (mayWrite && event.stands && event.origin === "human" && event.undoes === null) {
    const undo = el("button", { type: "button", class: "link" }, t("collection.undo"));
    undo.addEventListener("click", () => void doing(() => takeBack(event.determination_id)));
    words.push(" ", undo);
  }
  return el("li", { class: event.stands ? "" : "gone" }, ...words);
}

/** Give a name, unless somebody gave another since this one was shown: then that is shown. */
async function give(name: string, rank: string): Promise<boolean> {
  if (!specimen) return false;
  try {
    return await call({ specimen_id: id, version: specimen.version, name, rank });
  } catch (error) {
    if (isChange(error)) await showName();
    throw error;
  }
}

async function doing(work: () => Promise<boolean>): Promise<void> {
  if (busy) return;
  busy = true;
  try {
    if (!(await work())) return;
    await showName();
    status.textContent = t("collection.done");
    named.querySelector<HTMLElement>("button")?.focus();
  } catch (error) {
    refuse(error);
  } finally {
    busy = false;
  }
}

/** Says why the name is not as was wanted, below it. */
function refuse(error: unknown): void {
  named.querySelector('[role="alert"]')?.remove();
  named.append(el("p", { class: "wrong", role: "alert" }, ...problemOf(error).told()));
}

/**
 * What follows a name: its qualifier, unless the name says it, as "Xestia sp. 1" and "Xestia cf.
 * baja agg." do. Of a qualifier that repeats the name, or is of open nomenclature ("sp. 1 ?"), only
 * what the name lacks. `qualified` of index/upkeep/history.py is the same.
 */
function qualified(taxon: string, qualifier: string): string {
  const words = taxon.split(/[\s/×]+/);
  const said = qualifier.split(/\s+/).filter(Boolean);
  const missing = said.filter((word) => !words.includes(word));
  const follows = said.includes(words[0] ?? "") || words.includes("sp.") ? missing : said;
  return missing.length ? ` ${follows.join(" ")}` : "";
}

/* The answer */

async function ask(): Promise<void> {
  const first = specimen?.images[0];
  if (!first) return;
  status.textContent = t("collection.comparing");
  result.setAttribute("aria-busy", "true");
  try {
    const options = { space: null, risk: Number((1 - WANTED).toFixed(4)), only: [], k: NEIGHBOURS };
    const asked = { imageId: first.image_id };
    answer = await identify(asked, options, new AbortController().signal);
    const query: Shown = {
      src: imageAddress(first.image_id, "picture"),
      otherwise: imageAddress(first.image_id, "thumbnail"),
      alt: first.image_id,
      caption: () => [el("p", {}, t("answer.asked_about")), el("p", { class: "quiet" }, id)],
    };
    result.replaceChildren(...render(answer, WANTED, calibration.of(answer, null), query));
    status.textContent = "";
    drawName();
  } catch (error) {
    result.replaceChildren(problemArticle(error, "h3"));
  }
  result.removeAttribute("aria-busy");
}

void show();
