// The page of a curation queue: one specimen after another beside its evidence.

import { forgetTaxa, taxonNames } from "./review/ask";
import { Comparison } from "./review/comparison";
import { Keys } from "./review/keys";
import {
  type Entry,
  type QueuePage,
  UNNAMED,
  decideEntries,
  inSpace,
  nameOf,
  proposedName,
  queuePage,
} from "./review/queue";
import { evidence, pictures, title } from "./review/entry";
import { Together } from "./review/together";
import { type Problem, changedMeanwhile, isChange, problemOf } from "./shared/api";
import { askText, signature, signedAs } from "./shared/dialogs";
import { byId, el, focusIfLost } from "./shared/dom";
import { undoMany } from "./shared/records";
import { count, number, sentence, t } from "./shared/strings";
import { patiently } from "./shared/turns";

const NOT_COMPARED = "urn:holotype:names-not-compared";
const PAGE = 50; // entries that are fetched at once
const MOST_KEPT = 30; // decisions that this page can take back

interface Made {
  told: string;
  determinations: number[];
}

const page = byId("page", HTMLElement);
const queue = page.dataset["queue"] ?? "";
const space = page.dataset["space"] ?? "";
const mayWrite = !("readOnly" in page.dataset);
const status = byId("status", HTMLElement);
const comparison = new Comparison(
  space,
  mayWrite,
  () => void load().then(() => focusIfLost(byId(current() ? "name" : "empty", HTMLElement))),
  (why) => say(...why.told()),
);
const notice = byId("notice", HTMLElement);
const together = new Together(() => drawProposed());

let shown: QueuePage | null = null;
let at = 0; // place in the queue, from 0
let busy = false;
const made: Made[] = [];

listen();
void load();

function listen(): void {
  const chosen = document.getElementById("space");
  chosen?.addEventListener("change", () => {
    if (!(chosen instanceof HTMLSelectElement)) return;
    location.search = new URLSearchParams({ space: chosen.value }).toString();
  });
  if (mayWrite) byId("signed", HTMLElement).replaceChildren(signedAs());
  const keys = new Keys(byId("keys-on", HTMLInputElement));
  const actions: Record<string, () => Promise<void> | void> = {
    accept: () => decide("accept"),
    correct: () => correct(),
    dismiss: () => decide("dismiss"),
    undo: () => undo(),
    next: () => go(at + 1),
    before: () => go(at - 1),
  };
  for (const [id, action] of Object.entries(actions)) {
    const button = document.getElementById(`do-${id}`);
    if (!(button instanceof HTMLButtonElement)) continue;
    button.addEventListener("click", () => void action());
    keys.add(button);
  }
}

/** Shows the queue as it is now, at a place of it; where that fails, what was shown stays. */
async function load(to = at): Promise<void> {
  try {
    let found = await pageAt(to);
    if (!found.entries.length && found.total) found = await pageAt(found.total - 1);
    comparison.hide();
    shown = found;
    at = Math.min(to, Math.max(0, found.total - 1));
    draw();
  } catch (error) {
    const problem = problemOf(error);
    if (problem.kind === NOT_COMPARED) showNotCompared(problem);
    else say(...problem.told());
  }
}

function pageAt(to: number): Promise<QueuePage> {
  return patiently(() => queuePage(queue, space, PAGE * Math.floor(to / PAGE), PAGE));
}

/** Shows nothing to decide about: what was shown may be over, as enough was named since. */
function showNotCompared(why: Problem): void {
  shown = null;
  draw();
  byId("empty", HTMLElement).hidden = true;
  comparison.show(why);
}

async function go(to: number): Promise<void> {
  if (!shown || to < 0 || to >= shown.total) return;
  if (!entryAt(to)) return load(to);
  at = to;
  draw();
}

function entryAt(place: number): Entry | undefined {
  return shown?.entries[place - shown.offset];
}

function current(): Entry | undefined {
  return entryAt(at);
}

function say(...words: (Node | string)[]): void {
  notice.replaceChildren(...words);
  notice.hidden = !words.length;
}

function draw(): void {
  const entry = current();
  say();
  byId("entry", HTMLElement).hidden = !entry;
  byId("empty", HTMLElement).hidden = entry !== undefined;
  byId("undone", HTMLElement).replaceChildren(...history());
  byId("decided", HTMLElement).hidden = !entry && !made.length;
  const left = Object.entries(shown?.left_out ?? {});
  const counted = left.flatMap(([reason, specimens]) => [
    `${count("common.specimens", specimens)}: `,
    el("span", { lang: "en" }, `${reason}.`),
    " ",
  ]);
  byId("left-out", HTMLElement).replaceChildren(...counted);
  enable("undo", made.length > 0);
  if (!entry || !shown) return;
  const place = { place: number(at + 1), total: number(shown.total) };
  byId("kicker", HTMLElement).textContent = t("review.entry", place);
  byId("name", HTMLElement).replaceChildren(...title(entry));
  byId("reason", HTMLElement).textContent = entry.reason;
  byId("own", HTMLElement).replaceChildren(...pictures(entry));
  byId("evidence", HTMLElement).replaceChildren(...evidence(entry));
  byId("evidence-title", HTMLElement).hidden = !entry.evidence.length;
  together.show(queue === UNNAMED ? alike(entry) : []);
  drawProposed();
  enable("accept", proposedName(entry) !== "");
  enable("dismiss", entry.taxa.some(Boolean));
  enable("next", at + 1 < shown.total);
  enable("before", at > 0);
  status.textContent = `${place.place}. ${nameOf(entry)}. ${entry.reason}`;
}

/** The entries after one that the same name is proposed for. */
function alike(entry: Entry): Entry[] {
  const later = shown?.entries.slice(at - shown.offset + 1) ?? [];
  const end = later.findIndex((one) => proposedName(one) !== proposedName(entry));
  return end < 0 ? later : later.slice(0, end);
}

function drawProposed(): void {
  const entry = current();
  const name = entry ? proposedName(entry) : "";
  const specimens = 1 + together.chosen.length;
  const said = t(queue === UNNAMED ? "review.proposed_name" : "review.proposed");
  const many = specimens > 1 ? ` (${count("common.specimens", specimens)})` : "";
  byId("proposed", HTMLElement).replaceChildren(
    ...(name ? [said, " ", el("i", {}, name), many] : []),
  );
  // Whether it is the better name is to be decided: the button says which it is.
  const other = t(queue === UNNAMED ? "review.accept_name" : "review.accept_proposed");
  const accepted = name ? sentence("review.accept_as", { name: el("i", {}, name) }) : [other];
  document.querySelector("#do-accept > span")?.replaceChildren(...accepted);
}

function enable(name: string, possible: boolean): void {
  const button = document.getElementById(`do-${name}`);
  if (button instanceof HTMLButtonElement) button.disabled = !possible;
}

async function correct(): Promise<void> {
  const entry = current();
  if (!entry) return;
  const near = [proposedName(entry), ...entry.evidence.map(({ taxon }) => taxon)];
  const names = [...new Set(near)].filter((name) => name && name !== entry.taxa[0]);
  if (busy || (await signature()) === null) return;
  const said = await askText({
    title: t("review.ask.correct", { name: nameOf(entry) }),
    text: t("review.ask.correct_why"),
    label: t("review.ask.name_label"),
    submit: t("review.correct"),
    choices: names.map((one) => ({ shown: el("i", {}, one), value: one })),
    offered: taxonNames(),
    work: (name) => decided("correct", [asItIs(entry)], { name }),
  });
  if (said) forgetTaxa();
}

/** An entry as the queue has it now. */
function asItIs(entry: Entry): Entry {
  const [first] = entry.specimen_ids;
  return shown?.entries.find((one) => one.specimen_ids[0] === first) ?? entry;
}

async function decide(what: "accept" | "dismiss"): Promise<void> {
  const entry = current();
  if (entry) await attempt(() => decided(what, [entry, ...together.chosen], {}));
}

/** Decides about entries; what is refused is thrown. */
async function decided(
  what: "accept" | "correct" | "dismiss",
  entries: Entry[],
  more: object,
): Promise<void> {
  await carryOut(async (by) => {
    const names = Object.fromEntries(entries.map((one) => [one.specimen_ids[0], proposedName(one)]));
    const asked = { ...more, ...(what === "accept" ? { names } : {}), ...inSpace(space) };
    const events = await decideEntries(queue, what, entries, by, asked);
    const told = events.map(({ specimen_id, after }) => `${specimen_id}: ${after}`).join(", ");
    made.unshift({ told, determinations: events.map((one) => one.determination_id) });
    made.splice(MOST_KEPT);
  });
}

async function undo(): Promise<void> {
  const last = made[0];
  if (!last) return;
  await attempt(async () => {
    let [left, undone]: [Problem | null, boolean] = [null, false];
    await carryOut(async (by) => {
      const { determinations, left_out } = await undoMany(last.determinations, by);
      made.shift();
      const why = left_out.map((one) => one.why).join(". ");
      if (why) left = changedMeanwhile(why);
      undone = determinations.length > 0;
    });
    if (undone) status.textContent = `${t("review.undone", { what: last.told })}. ${status.textContent}`;
    if (left) throw left;
  });
}

/** Does something; what is refused is said in its sentence. */
async function attempt(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    say(...problemOf(error).told());
  }
}

/** Decides, and shows the queue as it is then; what is refused is thrown. */
async function carryOut(work: (by: string) => Promise<void>): Promise<void> {
  const by = await signature();
  if (by === null || busy) return;
  busy = true;
  page.setAttribute("aria-busy", "true");
  say();
  try {
    await work(by);
  } catch (error) {
    const problem = problemOf(error);
    if (isChange(problem)) problem.more = t("review.reloaded");
    throw problem;
  } finally {
    await load();
    const stays = current();
    const next = shown?.entries.find((one) => one.place > at && !together.isLeftOut(one));
    if (stays && next && together.isLeftOut(stays)) await go(next.place - 1);
    page.removeAttribute("aria-busy");
    busy = false;
  }
}

function history(): HTMLElement[] {
  return made.map(({ told }) => el("li", {}, told));
}
