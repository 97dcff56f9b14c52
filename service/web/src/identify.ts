// The identify page: specimens are shown, the service is asked, the answers are laid out.

import { render, spoken } from "./identify/answer";
import { CalibrationNotice } from "./identify/calibration";
import { deciding } from "./identify/deciding";
import { type Item, itemName, newItem } from "./identify/items";
import { Many, decide } from "./identify/many";
import { OptionsForm } from "./identify/options";
import { identify } from "./identify/questions";
import type { Action } from "./identify/sheet";
import { Pictures } from "./identify/specimen";
import { Problem, problemArticle, problemOf } from "./shared/api";
import { byId } from "./shared/dom";
import { count, decimal, number, t } from "./shared/strings";
import type { Shown } from "./shared/viewer";

type Mode = "one" | "many" | "item";

const main = byId("page", HTMLElement);
const title = byId("title", HTMLElement);
const result = byId("result", HTMLElement);
const status = byId("status", HTMLElement);
const decisions = byId("deciding", HTMLElement);
const back = byId("back", HTMLElement);
const limits = main.dataset;
const most = Number(limits["maxImages"]);
const bytes = Number(limits["maxBytes"]);
const mayKeep = limits["mayWrite"] !== undefined;
const question = title.textContent ?? "";

let asking = new AbortController();
let mode: Mode = "one";
let item: Item | null = null; // the new specimen whose answer is shown

const options = new OptionsForm(() => (mode === "one" ? void ask() : changedOptions()));
const calibration = new CalibrationNotice(limits, () =>
  mode === "one" ? void ask() : changedOptions(),
);
const many = new Many({
  options: () => options.options,
  wanted: () => options.confidence,
  mayKeep,
  refuse,
  names: () => options.names(),
  open: openItem,
  changed: (one) => {
    if (one === item) drawDeciding();
    if (one === item && mode === "item" && !result.childElementCount) showItem();
  },
  leave: () => pictures.clear(),
  say: (words) => (status.textContent = words),
});
const pictures = new Pictures(most, {
  specimen: () => {
    enter("one");
    void ask();
  },
  many: (given, others) => {
    enter("many");
    many.show(given, others);
    title.textContent = count("identify.many_title", given.length);
  },
});
byId("panel", HTMLElement).append(many.panel);
byId("entries", HTMLElement).append(many.sheet.element);

async function ask(): Promise<void> {
  asking.abort();
  asking = new AbortController();
  const mine = asking.signal;
  const { files, example } = pictures;
  item = files.length ? newItem(files) : null;
  drawDeciding();
  if (!files.length && !example) return say([], "");
  result.setAttribute("aria-busy", "true");
  status.textContent = t("identify.comparing");
  try {
    const sent = files.map(({ file }) => file);
    refuse(sent);
    const asked = options.options;
    const specimen = example ? { imageId: example.imageId } : { files: sent };
    const answer = await identify(specimen, asked, mine);
    if (mine.aborted) return;
    if (item) item.answer = answer;
    const notice = calibration.of(answer, asked.space);
    say(render(answer, options.confidence, notice, pictures.shown), spoken(answer, options.confidence));
    drawDeciding();
  } catch (error) {
    if (mine.aborted) return;
    const known = problemOf(error);
    say([problemArticle(known)], `${known.title}. ${known.message}`);
  }
}

/** Spare a long upload that the service would refuse. */
function refuse(files: File[]): void {
  if (files.length > most) {
    throw new Problem(t("identify.too_many"), t("identify.at_most", { n: number(files.length), most: number(most) }));
  }
  const size = files.reduce((sum, file) => sum + file.size, 0);
  if (size > bytes) {
    const told = { size: decimal(Math.ceil(size / 1e5) / 10, 1), limit: number(bytes / 1e6) };
    throw new Problem(t("identify.too_large"), t("identify.limit", told));
  }
}

function say(content: HTMLElement[], words: string): void {
  result.replaceChildren(...content);
  result.removeAttribute("aria-busy");
  status.textContent = words;
  const { top } = result.getBoundingClientRect();
  const seen = top >= 0 && top < 0.8 * window.innerHeight;
  if (content.length && !seen) result.scrollIntoView();
}

/* Deciding about what is shown */

function drawDeciding(): void {
  const focused = decisions.contains(document.activeElement);
  const shown = mayKeep && item ? deciding(item, mode === "item", (action) => void act(action)) : [];
  decisions.replaceChildren(...shown);
  decisions.hidden = !shown.length;
  if (focused) decisions.querySelector("button")?.focus();
}

async function act(action: Action): Promise<void> {
  const mine = item;
  if (!mine) return;
  const done = mode === "item" ? many.act(mine, action) : decide(mine, action, () => options.names());
  drawDeciding();
  await done;
  drawDeciding();
}

/* Many pictures, and one of them */

function enter(next: Mode): void {
  if (next === "one" && mode !== "one") many.forget();
  mode = next;
  main.dataset["mode"] = next;
  back.hidden = next !== "item";
  if (next !== "item") item = null;
  if (next === "one") title.textContent = question;
  drawDeciding();
}

function changedOptions(): void {
  if (mode === "item") closeItem();
  many.again();
}

function openItem(one: Item): void {
  enter("item");
  item = one;
  showItem();
  window.scrollTo(0, 0);
  byId("whole", HTMLElement).focus();
}

function showItem(): void {
  if (!item) return;
  const shown: Shown | null = pictures.display(item.files);
  title.textContent = itemName(item);
  drawDeciding();
  if (!item.answer) {
    say(item.problem ? [problemArticle(item.problem)] : [], "");
    return;
  }
  const notice = calibration.of(item.answer, options.options.space);
  say(render(item.answer, options.confidence, notice, shown), spoken(item.answer, options.confidence));
}

function closeItem(): void {
  const last = item;
  enter("many");
  result.replaceChildren();
  title.textContent = count("identify.many_title", many.items.length);
  many.sheet.arrange(true);
  if (last) many.sheet.focusOn(last);
}

function step(by: number): void {
  const shown = many.sheet.shown;
  const at = item ? shown.indexOf(item) : -1;
  const next = shown[at + by];
  if (next) {
    item = next;
    showItem();
  }
}

byId("whole", HTMLButtonElement).addEventListener("click", closeItem);
byId("previous", HTMLButtonElement).addEventListener("click", () => step(-1));
byId("next", HTMLButtonElement).addEventListener("click", () => step(1));
document.addEventListener("keydown", (event) => {
  const typing = (event.target as Element).closest("input, select, textarea, dialog");
  if (mode !== "item" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const keys: Record<string, () => void> = {
    Escape: closeItem,
    ArrowLeft: () => step(-1),
    ArrowRight: () => step(1),
    a: () => void act("accept"),
    c: () => void act("correct"),
    k: () => void act("keep"),
    s: () => void act("aside"),
    u: () => void act("undo"),
  };
  const work = keys[event.key];
  if (!work) return;
  event.preventDefault();
  work();
});
