// What was decided, the last first; every decision can be taken back, and all since one.

import { byId, el } from "../shared/dom";
import { moment, t } from "../shared/strings";
import type { Decision } from "./clusters";

const MOST_SHOWN = 50;

export class History {
  private readonly list = byId("history", HTMLElement);
  private decisions: Decision[] = [];

  constructor(
    private readonly mayWrite: boolean,
    private readonly undo: (decision: Decision, since: boolean) => void,
  ) {}

  /** The decisions that stand and that can be taken back, oldest first. */
  get standing(): Decision[] {
    return this.decisions.filter((one) => one.stands && !one.undoes && isUndoable(one));
  }

  /** What is taken back by going back to how it was after a decision. */
  since({ decision_id: id }: Decision): Decision[] {
    return this.decisions.filter((one) => one.stands && one.decision_id > id);
  }

  /** A decision in words: what, by whom and when. */
  told({ what, decided_by, decided_at }: Decision): string {
    return `${what} · ${decided_by}, ${moment(decided_at)}`;
  }

  show(decisions: Decision[]): void {
    this.decisions = decisions;
    const shown = [...decisions].reverse().slice(0, MOST_SHOWN);
    this.list.replaceChildren(...shown.map((one, at) => this.row(one, at === 0)));
  }

  private row(decision: Decision, newest: boolean): HTMLElement {
    const { what, decided_by, decided_at, remarks, stands } = decision;
    const told = el(stands ? "span" : "s", { lang: "en" }, what);
    const who = `${decided_by}, ${moment(decided_at)}`;
    const why = remarks ? ` · ${remarks}` : "";
    const buttons = this.mayWrite ? this.buttons(decision, newest) : [];
    return el("li", {}, told, el("span", { class: "quiet" }, who + why), ...buttons);
  }

  private buttons(decision: Decision, newest: boolean): HTMLElement[] {
    const made: HTMLElement[] = [];
    if (decision.stands && isUndoable(decision)) {
      made.push(this.button("review.undo_this", decision, false));
    }
    if (!newest && decision.stands) made.push(this.button("review.back_here", decision, true));
    return made;
  }

  private button(
    key: "review.undo_this" | "review.back_here",
    decision: Decision,
    since: boolean,
  ): HTMLElement {
    const label = `${t(key)}: ${decision.what}`;
    const button = el("button", { type: "button", class: "link", "aria-label": label }, t(key));
    button.addEventListener("click", () => this.undo(decision, since));
    return button;
  }
}

function isUndoable({ kind }: Decision): boolean {
  return kind !== "cluster";
}
