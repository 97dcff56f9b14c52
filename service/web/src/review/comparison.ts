// What stands in the place of a queue whose names were not compared yet: a button that does it.

import { addressOf } from "../shared/addresses";
import { type Problem, problemOf, send } from "../shared/api";
import { byId } from "../shared/dom";
import { type Job, failure, runningJob, stops, watch } from "../shared/jobs";
import { t } from "../shared/strings";
import { inSpace } from "./queue";

const KIND = "review";

export class Comparison {
  private readonly section = byId("not-compared", HTMLElement);
  private readonly sentence = byId("not-compared-why", HTMLElement);
  private readonly button = byId("compare", HTMLButtonElement);
  private readonly progress = byId("compare-progress", HTMLProgressElement);
  private readonly stop = byId("compare-stop", HTMLButtonElement);
  private busy = false;
  private running = "";

  /** `done` is called when names have been compared, `refused` where that cannot be stopped. */
  constructor(
    space: string,
    private readonly mayWrite: boolean,
    private readonly done: () => void,
    refused: (why: Problem) => void,
  ) {
    const order = { kind: KIND, ...inSpace(space) };
    this.button.addEventListener("click", () => {
      void this.follow(send<Job>("POST", addressOf`v1/jobs`, order));
    });
    stops(this.stop, () => this.running, refused);
  }

  /** Says that there is no queue yet; a comparison that somebody has started is shown. */
  show(why: Problem): void {
    this.section.hidden = false;
    this.sentence.replaceChildren(...(this.mayWrite ? [t("review.not_compared_yet")] : why.told()));
    this.button.hidden = !this.mayWrite;
    void this.join();
  }

  hide(): void {
    this.section.hidden = true;
  }

  private async join(): Promise<void> {
    const running = await runningJob(KIND);
    if (running && !this.busy) await this.follow(Promise.resolve(running));
  }

  private async follow(begun: Promise<Job>): Promise<void> {
    this.busy = this.button.disabled = true;
    try {
      const job = await begun;
      this.running = job.job_id;
      this.progress.hidden = this.stop.disabled = false;
      this.stop.hidden = !this.mayWrite;
      const over = await watch(job, ({ percent }) => {
        this.progress.value = percent;
        this.sentence.textContent = t("review.comparing", { percent });
      });
      if (over.state === "done") this.done();
      else throw failure(over, t("review.not_compared"));
    } catch (error) {
      this.sentence.replaceChildren(...problemOf(error).told());
    } finally {
      this.busy = this.button.disabled = false;
      this.progress.hidden = this.stop.hidden = true;
    }
  }
}
