// The page of evaluations: what was measured, two side by side, and a new one.

import { type Column, compared, columns } from "./evaluate/figures";
import { addressOf, withQuery } from "./shared/addresses";
import { type Problem, get, problemOf, send } from "./shared/api";
import { byId, el, onPress } from "./shared/dom";
import { type Job, failure, runningJob, stops, watch } from "./shared/jobs";
import { type Key, moment, phaseWord, t } from "./shared/strings";

interface Evaluation {
  evaluation_id: string;
  protocol: string;
  spaces: string[];
  options: Record<string, unknown>;
  summary: string;
  has_report: boolean;
  made_at: string;
}

const LINES = 20; // evaluations at a time
const MOST_BESIDE = 2; // spaces whose figures stand side by side
const SIDES = ["split"];
const OF_TWO = ["leave-one-out", "split"];
const MAY_LEAK = ["leave-one-out", "split"];

const form = document.getElementById("start"); // of those who may write
const list = byId("evaluations", HTMLOListElement);
const more = byId("more", HTMLButtonElement);
const place = byId("job", HTMLElement);
const wrong = byId("wrong", HTMLElement);
const status = byId("status", HTMLElement);

let ticked: Evaluation[] = [];
let next: string | null = null;
let followed = ""; // the job whose progress is shown

/* What was measured */

async function show(after: string | null): Promise<void> {
  try {
    const address = withQuery(addressOf`v1/evaluations`, { limit: LINES, after });
    const found = await get<{ evaluations: Evaluation[]; next: string | null }>(address);
    if (after === null) list.replaceChildren();
    list.querySelector(":scope > .wrong")?.remove();
    list.append(...found.evaluations.map(line));
    next = found.next;
    more.hidden = next === null;
    byId("choose", HTMLElement).hidden = !list.childElementCount;
    if (!list.childElementCount) {
      list.append(el("li", { class: "quiet" }, t("evaluate.nothing")));
    }
  } catch (error) {
    if (after === null) list.replaceChildren();
    list.querySelector(":scope > .wrong")?.remove();
    list.append(el("li", { class: "wrong", role: "alert" }, ...problemOf(error).told()));
  }
}

function line(one: Evaluation): HTMLElement {
  const what = `${t(`evaluate.protocol.${one.protocol}` as Key)} · ${one.spaces.join(", ")}`;
  const label = t("evaluate.tick", { what: `${what}, ${moment(one.made_at)}` });
  const tick = el("input", { type: "checkbox", "aria-label": label });
  tick.dataset["id"] = one.evaluation_id;
  tick.checked = ticked.some(({ evaluation_id }) => evaluation_id === one.evaluation_id);
  tick.addEventListener("change", () => void choose(one, tick));
  const report = addressOf`v1/evaluations/${one.evaluation_id}/report`;
  const asked = Object.entries(one.options)
    .filter(([name]) => name !== "spaces")
    .map(([name, value]) => `${name} ${Array.isArray(value) ? value.join(" ") : String(value)}`);
  return el(
    "li",
    {},
    tick,
    el(
      "div",
      {},
      el("h3", {}, what),
      one.summary ? el("p", { lang: "en", class: "found" }, one.summary) : null,
      el(
        "p",
        { class: "quiet" },
        [moment(one.made_at), ...asked].join(" · "),
        one.has_report ? " · " : "",
        one.has_report ? el("a", { href: report, target: "_blank", rel: "noopener" }, t("evaluate.report")) : "",
      ),
    ),
  );
}

/* Two of them side by side */

async function choose(one: Evaluation, tick: HTMLInputElement): Promise<void> {
  ticked = ticked.filter(({ evaluation_id }) => evaluation_id !== one.evaluation_id);
  if (tick.checked) ticked.push(one);
  while (ticked.length > 1 && ticked.flatMap(({ spaces }) => spaces).length > MOST_BESIDE) ticked.shift();
  await drawCompared();
  const left = new Set(ticked.map(({ evaluation_id }) => evaluation_id));
  const boxes = [...list.querySelectorAll("input")];
  boxes.forEach((box) => {
    if (box !== tick) box.checked = left.has(box.dataset["id"] ?? "");
  });
}

async function drawCompared(): Promise<void> {
  const section = byId("compared", HTMLElement);
  const table = byId("table", HTMLElement);
  const mine = ticked;
  try {
    const sides: Column[] = (await Promise.all(mine.map(figuresOf))).flat();
    if (mine !== ticked) return; // others were ticked meanwhile
    section.hidden = !sides.length && mine.length < 2;
    if (!section.hidden) table.replaceChildren(compared(sides.slice(0, MOST_BESIDE)));
  } catch (error) {
    section.hidden = false;
    table.replaceChildren(el("p", { class: "wrong" }, ...problemOf(error).told()));
  }
}

async function figuresOf(one: Evaluation): Promise<Column[]> {
  const address = addressOf`v1/evaluations/${one.evaluation_id}`;
  const { figures } = await get<{ figures: unknown }>(address);
  const how = t(`evaluate.protocol.${one.protocol}` as Key);
  return columns(figures, one.spaces, `${how}, ${moment(one.made_at)}`);
}

/* A new one */

function listen(form: HTMLFormElement): void {
  const protocol = byId("protocol", HTMLSelectElement);
  const adapt = (): void => {
    const how = form.querySelector<HTMLElement>(`.how[data-protocol="${protocol.value}"]`);
    byId("protocol-how", HTMLElement).textContent = how?.textContent ?? "";
    byId("sides", HTMLElement).hidden = !SIDES.includes(protocol.value);
    byId("leaks", HTMLElement).hidden = !MAY_LEAK.includes(protocol.value);
    const beside = document.getElementById("beside");
    if (beside) beside.hidden = !OF_TWO.includes(protocol.value);
  };
  protocol.addEventListener("change", adapt);
  adapt();
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void begin(new FormData(form));
  });
}

async function begin(asked: FormData): Promise<void> {
  const text = (name: string): string => String(asked.get(name) ?? "").trim();
  const protocol = text("protocol");
  const options: Record<string, unknown> = { protocol };
  if (SIDES.includes(protocol)) {
    for (const side of ["query", "gallery"]) options[side] = [text(side)];
  }
  if (MAY_LEAK.includes(protocol) && asked.has("allow_leak")) options["allow_leak"] = true;
  const other = text("other");
  if (other && OF_TWO.includes(protocol)) options["spaces"] = [text("space"), other];
  wrong.replaceChildren();
  try {
    const said = { kind: "evaluate", space: text("space"), options };
    await follow(await send<Job>("POST", addressOf`v1/jobs`, said));
  } catch (error) {
    tell(problemOf(error));
  }
}

/** Show how far a job is, and what came of it; the one that is followed already goes on being so. */
async function follow(job: Job): Promise<void> {
  if (job.job_id === followed) return;
  followed = job.job_id;
  const bar = el("progress", { max: "100", "aria-label": t("evaluate.measuring") });
  const told = el("p", { class: "quiet", role: "status" });
  const stop = el("button", { type: "button", class: "button" }, t("common.stop"));
  const refused = el("p", { class: "wrong", role: "alert" });
  stops(stop, () => job.job_id, (why) => refused.replaceChildren(...why.told()));
  place.replaceChildren(bar, told, ...(form ? [stop, refused] : []));
  try {
    const done = await watch(job, (now) => {
      // Of a step of one piece there is no figure: the bar then only moves.
      if (now.percent) bar.value = now.percent;
      const phase = phaseWord(now.phase) ?? t("evaluate.measuring");
      const { percent } = now;
      told.textContent = percent ? t("evaluate.at", { phase, percent }) : `${phase} …`;
    });
    await over(done);
  } finally {
    if (followed === job.job_id) {
      followed = ""; // unless the next one has begun already
      place.replaceChildren();
    }
  }
}

async function over(job: Job): Promise<void> {
  if (job.state === "done") {
    status.textContent = t("evaluate.done");
    await show(null);
    list.querySelector<HTMLElement>("a")?.focus();
  } else if (job.state === "cancelled") {
    wrong.replaceChildren(el("p", { class: "quiet", role: "status" }, t("evaluate.cancelled")));
  } else throw failure(job, "");
}

/** Say what is wrong, beside the evaluation that runs, if any does. */
function tell(why: Problem): void {
  wrong.replaceChildren(
    el(
      "div",
      { class: "problem", role: "alert" },
      el("h2", {}, t("evaluate.failed")),
      el("p", {}, ...why.told()),
    ),
  );
}

/** Show a job that was started elsewhere, or before the page was loaded anew. */
async function join(): Promise<void> {
  const running = await runningJob("evaluate");
  if (running) await follow(running).catch((error: unknown) => tell(problemOf(error)));
}

onPress(more, () => show(next));
if (form instanceof HTMLFormElement) listen(form);
void show(null);
void join();
