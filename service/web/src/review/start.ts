// Grouping the pictures without a name, with its progress.

import { addressOf } from "../shared/addresses";
import { type Problem, problemOf, send } from "../shared/api";
import { signature } from "../shared/dialogs";
import { byId } from "../shared/dom";
import { type Job, failure, stops, watch } from "../shared/jobs";
import { t } from "../shared/strings";

export class StartForm {
  private readonly form = byId("start", HTMLFormElement);
  private readonly progress = byId("start-progress", HTMLProgressElement);
  private readonly told = byId("start-told", HTMLElement);
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
  }

  private async start(): Promise<void> {
    const button = byId("start-button", HTMLButtonElement);
    if (button.disabled) return; // one is begun already
    button.disabled = true;
    try {
      const by = await signature();
      if (by === null) return;
      const job = await send<Job>("POST", addressOf`v1/clusters`, { ...this.wanted(), by });
      this.running = job.job_id;
      this.stop.disabled = false;
      const over = await watch(job, (now) => this.show(now));
      this.told.replaceChildren(...failure(over, "").told());
      const found = over.result?.["clustering"];
      if (over.state === "done" && typeof found === "number") this.done(found);
      if (over.state === "cancelled") this.told.textContent = t("review.stopped");
    } catch (error) {
      this.told.replaceChildren(...problemOf(error).told());
    } finally {
      button.disabled = false;
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
