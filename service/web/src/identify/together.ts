// What can be done about many new specimens at once, and taking the last of that back.

import { type Problem, problemOf } from "../shared/api";
import { signature } from "../shared/dialogs";
import { el } from "../shared/dom";
import { MOST_TOGETHER } from "../shared/records";
import { count, number, rankWord, t } from "../shared/strings";
import { words } from "./calibration";
import { type Group, type Item, acceptTogether, group, isSure, keepTogether, undo } from "./items";

type Work = (items: Item[], by: string, changed: (item: Item) => void) => Promise<void>;

export class Together {
  readonly element = el("div", { class: "together" });
  /** Whether something is being done now. */
  busy = false;
  private last: Item[] = []; // what was done last is taken back with one press
  private refused: Problem | null = null;

  /** `changed` is called after each item that changed, `done` at the start and with words at the end. */
  constructor(
    private readonly changed: (item: Item) => void,
    private readonly done: (words: string) => void,
  ) {}

  forget(): void {
    this.last = [];
    this.refused = null;
  }

  draw(items: Item[]): void {
    const storing = el("p", { class: "quiet", role: "status" }, t("identify.storing"));
    this.element.replaceChildren(...(this.busy ? [storing] : this.offers(items)));
  }

  private offers(items: Item[]): HTMLElement[] {
    const of = (wanted: Group, fits = (_: Item) => true): Item[] =>
      items.filter((item) => group(item) === wanted && !item.busy && fits(item)).slice(0, MOST_TOGETHER);
    const higher = of("higher", isSure);
    const ranks = el("p", { id: "ranks-accepted", class: "quiet" }, ranksOf(higher));
    const refused = el("p", { class: "wrong", role: "alert" }, ...(this.refused?.told() ?? []));
    return [
      ...notice(items),
      ...this.offer("accept_all", of("sure"), "button first", acceptTogether),
      ...this.offer("accept_higher", higher, "button", acceptTogether, ranks.id),
      ...(higher.length ? [ranks] : []),
      ...this.offer("keep_all", of("unknown"), "button", keepTogether),
      ...this.offer("undo_all", this.last.filter((item) => group(item) === "kept"), "link", undo),
      ...(this.refused ? [refused] : []),
    ];
  }

  private offer(
    key: "accept_all" | "accept_higher" | "keep_all" | "undo_all",
    items: Item[],
    kind: string,
    work: Work,
    about = "",
  ): HTMLElement[] {
    if (!items.length) return [];
    const described = about ? { "aria-describedby": about } : {};
    const button = el(
      "button",
      { type: "button", class: kind, ...described },
      count(`identify.${key}`, items.length),
    );
    button.addEventListener("click", () => void this.all(items, work));
    return [button];
  }

  private async all(items: Item[], work: Work): Promise<void> {
    const by = await signature();
    if (by === null || this.busy) return;
    const undoes = work === undo;
    this.busy = true;
    this.refused = null;
    this.done("");
    try {
      await work(items, by, this.changed);
      this.last = undoes ? [] : items;
    } catch (error) {
      this.refused = problemOf(error);
    }
    this.busy = false;
    for (const item of items) this.changed(item);
    this.done(this.refused?.words ?? (undoes ? undone(items) : count("identify.stored", kept(items))));
    this.element.querySelector<HTMLElement>("button")?.focus();
  }
}

function kept(items: Item[]): number {
  return items.filter((item) => group(item) === "kept").length;
}

/** That all were taken back, or how many were not; each of these says why. */
function undone(items: Item[]): string {
  const left = items.filter(({ problem }) => problem).length;
  return left ? count("identify.undone_but", left) : t("identify.undone");
}

/** Where the figures of some are not checked, or were before the collection changed, that is said. */
function notice(items: Item[]): HTMLElement[] {
  const answers = items.flatMap(({ answer, decision }) => (answer && !decision ? [answer] : []));
  const found =
    answers.find(({ calibration }) => calibration === "none") ??
    answers.find(({ calibration }) => calibration === "stale");
  return found ? [el("p", { class: "quiet" }, words(found).join(" "))] : [];
}

/** How many at which rank, the most at first, in words. */
function ranksOf(items: Item[]): string {
  const counts = new Map<string, number>();
  for (const { answer } of items) {
    const rank = answer?.determination?.rank ?? "";
    counts.set(rank, (counts.get(rank) ?? 0) + 1);
  }
  const ordered = [...counts].sort(([, one], [, other]) => other - one);
  const ranks = ordered.map(([rank, n]) => `${rankWord(rank)} ${number(n)}`).join(", ");
  return t("identify.higher_ranks", { ranks });
}
