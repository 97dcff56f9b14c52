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
import { facts, knownTold, stateOf } from "./review/facts";
import { History } from "./review/history";
import { Keys } from "./review/keys";
import { showNear } from "./review/near";
import { Own } from "./review/own";
import { Sheet } from "./review/sheet";
import { StartForm } from "./review/start";
import { addressOf } from "./shared/addresses";
import { Problem, isChange, isMissing, problemOf, send } from "./shared/api";
import { confirmed, signature, signedAs } from "./shared/dialogs";
import { byId, el } from "./shared/dom";
import { count, t } from "./shared/strings";

const MOST_TOLD = 5; // decisions of others that are shown before they are taken back

const page = byId("page", HTMLElement);
const mayWrite = !("readOnly" in page.dataset);
const status = byId("status", HTMLElement);
const notice = byId("notice", HTMLElement);
const wanted = page.dataset["clustering"] || null;

const agenda = new Agenda((id) => show(id));
const sheet = new Sheet(byId("sheet", HTMLElement), picked);
const history = new History(mayWrite, (decision, since) => void undo(decision, since));
const own = new Own();

let clustering: Clustering | null = null;
let current = -1;
let busy = false;

if (mayWrite) {
  new StartForm(
    (number) => location.assign(addressOf`review/clusters/${number}`),
    (why) => say(...why.told()),
  );
  byId("signed", HTMLElement).replaceChildren(signedAs());
}
listen();
void load();

function listen(): void {
  const keys = new Keys(byId("keys-on", HTMLInputElement));
  const actions: Record<string, () => Promise<void> | void> = {
    name: () => naming(),
    place: () => placing(),
    accept: () => shortly("accept"),
    known: () => acceptKnown(),
    merge: () => merging(),
    split: () => splitting(),
    move: () => moving(),
    reject: () => shortly("reject"),
    later: () => shortly("set-aside"),
    undo: () => undoLast(),
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

/** Shows everything as it is now: the cluster that is wanted next, else the one that is shown. */
async function load(next?: number): Promise<void> {
  const none = byId("none", HTMLElement);
  if ("none" in page.dataset) {
    delete page.dataset["none"]; // tells how it was when the page was made; later looks ask
    none.hidden = false;
    byId("start-details", HTMLDetailsElement).open = true;
    return;
  }
  try {
    const found = await clusteringOf(wanted);
    const made = await decisionsOf(found.id);
    clustering = found;
    say();
    history.show(made);
    const to = next ?? current; // which changes in `show` alone, with all that is shown of it
    agenda.show(found, to);
    none.hidden = true;
    byId("work", HTMLElement).hidden = false;
    show(agenda.cluster(to)?.id ?? agenda.all[0]?.id ?? -1);
  } catch (error) {
    if (none.hidden || !isMissing(error)) say(...problemOf(error).told());
  }
}

function say(...words: (Node | string)[]): void {
  notice.replaceChildren(...words);
  notice.hidden = !words.length;
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
  showNear(cluster);
  const top = byId("cluster", HTMLElement);
  if (other && top.getBoundingClientRect().top < 0) top.scrollIntoView();
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
  const undone = own.last(history.standing) ?? history.standing.slice(-1);
  can("undo", undone.length > 0);
  const undo = document.getElementById("do-undo");
  if (undo) undo.title = undone.map(({ what }) => what).join("\n");
  byId("known-told", HTMLElement).textContent = knownTold(clustering);
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
  if (!cluster || (await unsigned())) return;
  const provisional = cluster.state === "open" && !isKnown(cluster);
  const work = (name: string) => decided(cluster.id, "name", { name }, true);
  if (await askName(cluster, provisional, work)) forgetTaxa();
}

async function placing(): Promise<void> {
  const cluster = agenda.cluster(current);
  if (!cluster || (await unsigned())) return;
  await askPlace(cluster, (under) => decided(cluster.id, "place", { under }, true));
}

async function splitting(): Promise<void> {
  const cluster = agenda.cluster(current);
  if (!cluster || (await unsigned())) return;
  await askParts(cluster, (parts) => decided(cluster.id, "split", { parts }, false));
}

async function merging(): Promise<void> {
  const cluster = agenda.cluster(current);
  if (!cluster || (await unsigned())) return;
  const title = t("review.ask.merge", { name: cluster.name });
  await askOther(cluster, agenda.all, title, t("review.merge"), (said) => {
    const other = told(said);
    return decided(cluster.id, "merge", { others: { [other.id]: other.version } }, false);
  });
}

async function moving(): Promise<void> {
  const cluster = agenda.cluster(current);
  if (!cluster || (await unsigned())) return;
  const images = [...sheet.picked];
  const title = count("review.ask.move", images.length);
  const extra = [
    { shown: t("review.ask.new"), value: "new" },
    { shown: t("review.ask.none"), value: "none" },
  ];
  const work = (said: string) => decided(cluster.id, "move", { images, ...destination(said) }, false);
  await askOther(cluster, agenda.all, title, t("review.move"), work, extra);
}

function destination(said: string): object {
  if (said === "new" || said === "none") return { to: said === "new" ? "new" : null };
  const other = told(said);
  return { to: other.id, to_version: other.version };
}

/** The cluster that a text such as "12 Xestia sp. 1" begins with. */
function told(said: string): Cluster {
  const found = agenda.cluster(Number.parseInt(said, 10));
  if (!found) throw new Problem(t("common.failed"), t("review.no_such", { said }));
  return found;
}

/** Whether nobody signs, or the decision before is still being made. */
async function unsigned(): Promise<boolean> {
  return busy || (await signature()) === null;
}

/** Decides about a cluster as it is shown now; what is refused is thrown. */
async function decided(id: number, what: string, more: object, goesOn: boolean): Promise<void> {
  const cluster = agenda.cluster(id);
  if (!cluster) throw new Problem(t("common.failed"), t("review.no_such", { said: id }));
  const next = goesOn ? agenda.following(id) : undefined;
  await carryOut((by) => decide(cluster, what, by, more), next?.id);
  if (goesOn && !next) status.textContent = t("review.all_decided");
}

/** Decides without a question. */
async function shortly(what: string): Promise<void> {
  await attempt(() => decided(current, what, {}, true));
}

async function acceptKnown(): Promise<void> {
  const number = clustering?.id;
  if (number === undefined) return;
  const address = addressOf`v1/clusterings/${number}/accept-known`;
  await attempt(() => carryOut((by) => send("POST", address, { by })));
}

/** Takes back the last that was decided on this page; what else stands last, once that is wanted. */
async function undoLast(): Promise<void> {
  const mine = own.last(history.standing);
  if (mine) return takeBack(mine);
  const last = history.standing.at(-1);
  if (last) await undo(last, false);
}

/** Takes back a decision, or all since one; those that this page did not make are shown before. */
async function undo(decision: Decision, since: boolean): Promise<void> {
  const affected = since ? history.since(decision) : [decision];
  const others = affected.filter((one) => !own.has(one));
  if (others.length && !(await isWanted(decision, since, others))) return;
  if (!since) return takeBack([decision]);
  const address = addressOf`v1/decisions/${decision.decision_id}/undo-since`;
  await attempt(() =>
    carryOut(async (by) => {
      own.add(await send("POST", address, { by }));
      status.textContent = t("review.gone_back", { what: decision.what });
    }),
  );
}

function isWanted(decision: Decision, since: boolean, others: Decision[]): Promise<boolean> {
  const title = since ? t("review.ask.back", { what: decision.what }) : t("review.ask.undo");
  const shown = others.slice(-MOST_TOLD).reverse().map(history.told);
  const left = others.length - shown.length;
  const texts = [t("review.ask.undo_why"), ...shown, ...(left ? [count("review.more", left)] : [])];
  return confirmed(title, texts, t("review.undo"));
}

/** Takes back decisions that were made together, the last first, and shows what one was about. */
async function takeBack(decisions: Decision[]): Promise<void> {
  const about = decisions.length === 1 ? decisions[0]?.clusters[0] : undefined;
  await attempt(async () => {
    let undone = "";
    await carryOut(async (by) => {
      for (const { decision_id: id } of [...decisions].reverse()) {
        own.add(await send("POST", addressOf`v1/decisions/${id}/undo`, { by }));
      }
      undone = t("review.undone", { what: decisions.map((one) => one.what).join(", ") });
      status.textContent = "";
    }, about);
    if (undone) status.textContent = [undone, status.textContent].filter(Boolean).join(". ");
  });
}

/** Does something; what is refused is said in its sentence. */
async function attempt(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    say(...problemOf(error).told());
    if (!(error instanceof Problem)) throw error;
  }
}

/** Decides, and shows everything as it is then, at the cluster that is next; what is refused is thrown. */
async function carryOut(work: (by: string) => Promise<unknown>, next?: number): Promise<void> {
  const by = await signature();
  if (by === null || busy) return; // what one has not seen yet is not decided
  busy = true;
  page.setAttribute("aria-busy", "true");
  say();
  let to: number | undefined; // where it is refused the page stays where it is
  try {
    own.add(await work(by));
    sheet.picked.clear();
    to = next;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (isChange(error)) error.more = t("review.reloaded");
    throw error;
  } finally {
    await load(to);
    page.removeAttribute("aria-busy");
    busy = false;
  }
}
