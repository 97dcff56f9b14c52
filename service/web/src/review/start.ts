// Grouping the pictures without a name, with its progress.

import { addressOf } from "../shared/addresses";
import { type Problem, problemOf, send } from "../shared/api";
import { signature } from "../shared/dialogs";
import { byId, el } from "../shared/dom";
import { type Job, failure, runningJob, stops, watch } from "../shared/jobs";
import { t } from "../shared/strings";

export class StartForm {
  private readonly form = byId("start", HTMLFormElement);
  private readonly progress = byId("start-progress", HTMLProgressElement);
  private readonly told = byId("start-told", HTMLElement);
  private readonly button = byId("start-button", HTMLButtonElement);
  private readonly stop = byId("start-stop", HTMLButtonElement);
  private running = "";

  /** `done` is called with the number of the clustering, `refused` where it cannot be stopped. */
  constructor(
    private readonly done: (clustering: number) => void,
    refused: (why: Problem) => void,
  ) {
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.start();
    });
    stops(this.stop, () => this.running, refused);
    void this.join();
  }

  private async start(): Promise<void> {
    if (this.button.disabled) return; // one is begun already
    const found = await this.follow(async () => {
      const by = await signature();
      return by === null ? null : send<Job>("POST", addressOf`v1/clusters`, { ...this.wanted(), by });
    });
    if (found !== null) this.done(found);
  }

  /** Shows a grouping that runs already, and leads to what it finds: somebody may be at work here. */
  private async join(): Promise<void> {
    const running = await runningJob("cluster");
    if (!running || this.button.disabled) return;
    const found = await this.follow(() => Promise.resolve(running));
    if (found === null) return;
    const href = addressOf`review/clusters/${found}`;
    this.told.replaceChildren(el("a", { href }, t("review.grouped")));
  }

  /** The number of the clustering that a job ends with; null where it ends otherwise, or none begins. */
  private async follow(begin: () => Promise<Job | null>): Promise<number | null> {
    this.button.disabled = true;
    try {
      const job = await begin();
      if (job === null) return null;
      this.running = job.job_id;
      this.stop.disabled = false;
      const over = await watch(job, (now) => this.show(now));
      this.told.replaceChildren(...failure(over, "").told());
      if (over.state === "cancelled") this.told.textContent = t("review.stopped");
      const found = over.result?.["clustering"];
      return over.state === "done" && typeof found === "number" ? found : null;
    } catch (error) {
      this.told.replaceChildren(...problemOf(error).told());
      return null;
    } finally {
      this.button.disabled = false;
      this.progress.hidden = this.stop.hidden = true;
    }
  }

  private wanted(): object {
    const values = new FormData(this.form);
    const text = (name: string) => String(values.get(name) ?? "").trim();
    return {
      where: text("where") ? [text("where")] : [],
      k: text("k") ? Number(text("k")) : null,
      ...(text("space") ? { space: text("space") } : {}),
    };
  }

  private show({ percent }: Job): void {
    this.progress.hidden = this.stop.hidden = false;
    this.progress.value = percent;
    this.told.textContent = t("review.grouping", { percent });
  }
}
