// What was decided on this page since it was opened: that alone is taken back without a question.

import type { Decision } from "./clusters";

/** What the service tells of a decision, of several, or of undos. */
interface Told {
  decision?: { decision_id: number };
  decisions?: number[];
  undos?: number[];
}

export class Own {
  private readonly all = new Set<number>();
  private readonly together: number[][] = [];

  /** Remember what the service answered to an action of this page. */
  add(answer: unknown): void {
    const { decision, decisions, undos } = (answer ?? {}) as Told;
    const made = decision ? [decision.decision_id] : (decisions ?? []);
    if (made.length) this.together.push(made);
    for (const one of [...made, ...(undos ?? [])]) this.all.add(one);
  }

  has({ decision_id: id }: Decision): boolean {
    return this.all.has(id);
  }

  /** What stands of the last action of which anything stands; undefined where nothing does. */
  last(standing: Decision[]): Decision[] | undefined {
    const stand = new Map(standing.map((one) => [one.decision_id, one]));
    const found = this.together.map((ids) => ids.flatMap((id) => stand.get(id) ?? []));
    return found.filter((some) => some.length).at(-1);
  }
}
