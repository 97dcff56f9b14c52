// The page that reviews clusters: one after another, one key for each decision.

import { Agenda } from "./review/agenda";
import { askName, askOther, askParts, askPlace, forgetTaxa } from "./review/ask";
import {
  type Cluster,
  type Clustering,
  type Decision,
  clusteringOf,
  decide,
  decisionsOf,
  isKnown,
} from "./review/clusters";
import { facts, stateOf } from "./review/facts";
import { History } from "./review/history";
import { Keys } from "./review/keys";
import { showNear } from "./review/near";
import { Sheet } from "./review/sheet";
import { StartForm } from "./review/start";
import { addressOf } from "./shared/addresses";
import { Problem, problemOf, send } from "./shared/api";
import { signature, signedAs } from "./shared/dialogs";
import { byId, el } from "./shared/dom";
import { count, t } from "./shared/strings";

const NOT_FOUND = 404;
const CHANGED = 409;

const page = byId("page", HTMLElement);
const mayWrite = !("readOnly" in page.dataset);
const status = byId("status", HTMLElement);
const notice = byId("notice", HTMLElement);
const wanted = page.dataset["clustering"] || null;

const agenda = new Agenda((id) => show(id));
const sheet = new Sheet(byId("sheet", HTMLElement), picked);
const history = new History(mayWrite, (decision, since) => void undo(decision, since));

let clustering: Clustering | null = null;
let current = -1;
let busy = false;

if (mayWrite) {
  new StartForm((number) => location.assign(addressOf`review/clusters/${number}`));
  byId("signed", HTMLElement).replaceChildren(signedAs());
}
listen();
void load();

function listen(): void {
  const keys = new Keys(byId("keys-on", HTMLInputElement));
  const actions: Record<string, () => Promise<void> | void> = {
    name: () => naming(),
    place: () => placing(),
    accept: () => decided("accept", {}, true),
    known: () => acceptKnown(),
    merge: () => merging(),
    split: () => splitting(),
    move: () => moving(),
    reject: () => decided("reject", {}, true),
    later: () => decided("set-aside", {}, true),
    undo: () => {
      if (history.last) return undo(history.last, false);
    },
    next: () => step(1),
    before: () => step(-1),
  };
  for (const [id, action] of Object.entries(actions)) {
    const button = document.getElementById(`do-${id}`);
    if (!(button instanceof HTMLButtonElement)) continue;
    button.addEventListener("click", () => void action());
    keys.add(button);
  }
  const choice = document.getElementById("which");
  if (choice instanceof HTMLSelectElement) {
    choice.addEventListener("change", () => location.assign(addressOf`review/clusters/${choice.value}`));
  }
  // Somebody else may have decided while the page was not looked at.
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && !busy) void load();
  });
}

async function load(): Promise<void> {
  try {
    const found = await clusteringOf(wanted);
    const made = await decisionsOf(found.id);
    clustering = found;
    history.show(made);
    agenda.show(found, current);
    byId("work", HTMLElement).hidden = false;
    show(agenda.cluster(current)?.id ?? agenda.all[0]?.id ?? -1);
  } catch (error) {
    const problem = problemOf(error);
    if (problem.status === NOT_FOUND) byId("start-details", HTMLDetailsElement).open = true;
    else say(problem.message);
    byId("none", HTMLElement).hidden = problem.status !== NOT_FOUND;
  }
}

function say(text: string): void {
  notice.textContent = text;
  notice.hidden = !text;
}

/** Shows a cluster; its version goes with whatever is decided about it. */
function show(id: number): void {
  const cluster = agenda.cluster(id);
  if (!clustering || !cluster) return;
  const other = id !== current;
  current = id;
  agenda.show(clustering, id);
  const state = stateOf(cluster);
  const kicker = [t(isKnown(cluster) ? "review.a_known" : "review.a_cluster", { id }), state];
  byId("kicker", HTMLElement).textContent = [
    ...kicker.filter(Boolean),
    count("common.images", cluster.size),
  ].join(" · ");
  byId("name", HTMLElement).replaceChildren(el("i", {}, cluster.name));
  byId("facts", HTMLElement).replaceChildren(...facts(cluster));
  if (other) {
    showNear(cluster);
    const top = byId("cluster", HTMLElement);
    if (top.getBoundingClientRect().top < 0) top.scrollIntoView();
  }
  sheet.show(cluster);
  picked();
  enable(cluster);
  if (other) status.textContent = `${cluster.name}, ${count("common.images", cluster.size)}`;
}

function enable(cluster: Cluster): void {
  const can = (name: string, possible: boolean) => {
    const button = document.getElementById(`do-${name}`);
    if (button instanceof HTMLButtonElement) button.disabled = !possible;
  };
  can("accept", cluster.state === "open" || cluster.state === "set aside");
  can("merge", agenda.all.length > 1);
  can("split", cluster.size > 1);
  can("reject", cluster.state !== "rejected");
  can("later", cluster.state !== "set aside");
  can("known", Boolean(clustering?.set_aside.some((one) => one.state === "open")));
  can("undo", history.last !== undefined);
  const undo = document.getElementById("do-undo");
  if (undo) undo.title = history.last?.what ?? "";
}

function picked(): void {
  const button = document.getElementById("do-move");
  if (button instanceof HTMLButtonElement) button.disabled = !sheet.picked.size;
  byId("picked", HTMLElement).textContent = sheet.picked.size
    ? count("review.picked", sheet.picked.size)
    : t("review.pick_hint");
}

function step(by: number): void {
  const next = agenda.beside(current, by);
  if (next) show(next.id);
}

async function naming(): Promise<void> {
  const cluster = agenda.cluster(current);
  const name = cluster && (await askName(cluster, cluster.state === "open" && !isKnown(cluster)));
  if (!name) return;
  await decided("name", { name }, true);
  forgetTaxa();
}

async function placing(): Promise<void> {
  const cluster = agenda.cluster(current);
  const under = cluster && (await askPlace(cluster));
  if (under) await decided("place", { under }, true);
}

async function splitting(): Promise<void> {
  const cluster = agenda.cluster(current);
  const parts = cluster && (await askParts(cluster));
  if (parts) await decided("split", { parts }, false);
}

async function merging(): Promise<void> {
  const cluster = agenda.cluster(current);
  if (!cluster) return;
  const title = t("review.ask.merge", { name: cluster.name });
  const other = await otherOf(cluster, title, t("review.merge"));
  if (other) await decided("merge", { others: { [other.id]: other.version } }, false);
}

async function moving(): Promise<void> {
  const cluster = agenda.cluster(current);
  if (!cluster) return;
  const title = count("review.ask.move", sheet.picked.size);
  const extra = [
    { shown: t("review.ask.new"), value: "new" },
    { shown: t("review.ask.none"), value: "none" },
  ];
  const said = await askOther(cluster, agenda.all, title, t("review.move"), extra);
  if (said === null) return;
  const images = [...sheet.picked];
  if (said === "new" || said === "none") {
    return decided("move", { images, to: said === "new" ? "new" : null }, false);
  }
  const other = told(said);
  if (other) await decided("move", { images, to: other.id, to_version: other.version }, false);
}

async function otherOf(
  cluster: Cluster,
  title: string,
  submit: string,
): Promise<Cluster | undefined> {
  const said = await askOther(cluster, agenda.all, title, submit);
  return said === null ? undefined : told(said);
}

/** The cluster that a text such as "12 Xestia sp. 1" begins with. */
function told(said: string): Cluster | undefined {
  const found = agenda.cluster(Number.parseInt(said, 10));
  if (!found) say(t("review.no_such", { said }));
  return found;
}

async function decided(what: string, more: object, goesOn: boolean): Promise<void> {
  const cluster = agenda.cluster(current);
  if (!cluster) return;
  const next = goesOn ? agenda.beside(current, 1) : undefined;
  await attempt((by) => decide(cluster, what, by, more), next?.id);
}

async function acceptKnown(): Promise<void> {
  const number = clustering?.id;
  if (number === undefined) return;
  await attempt((by) => send("POST", addressOf`v1/clusterings/${number}/accept-known`, { by }));
}

async function undo(decision: Decision, since: boolean): Promise<void> {
  const way = since ? "undo-since" : "undo";
  await attempt((by) => send("POST", addressOf`v1/decisions/${decision.decision_id}/${way}`, { by }));
  const what = t(since ? "review.gone_back" : "review.undone", { what: decision.what });
  if (notice.hidden) status.textContent = what;
}

/** Decides, and shows everything as it is then; what is refused is said in its sentence. */
async function attempt(work: (by: string) => Promise<unknown>, next?: number): Promise<void> {
  const by = await signature();
  if (by === null || busy) return; // what one has not seen yet is not decided
  busy = true;
  page.setAttribute("aria-busy", "true");
  say("");
  try {
    await work(by);
    sheet.picked.clear();
    if (next !== undefined) current = next;
  } catch (error) {
    const { message, status: code } = problemOf(error);
    say(code === CHANGED ? `${message} ${t("review.reloaded")}` : message);
    if (!(error instanceof Problem)) throw error;
  } finally {
    await load();
    page.removeAttribute("aria-busy");
    busy = false;
  }
}
