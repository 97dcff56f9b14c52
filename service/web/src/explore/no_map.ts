// What stands in the place of the map where there is none: one sentence, and a button to make it.

import { addressOf } from "../shared/addresses";
import { type Problem, problemOf, send } from "../shared/api";
import { byId } from "../shared/dom";
import { type Job, failure, watch } from "../shared/jobs";
import { t } from "../shared/strings";

export class NoMap {
  private readonly section = byId("no-map", HTMLElement);
  private readonly sentence = byId("no-map-why", HTMLElement);
  private readonly button = byId("make-map", HTMLButtonElement);
  private readonly progress = byId("no-map-progress", HTMLProgressElement);
  private wanted = { space: "", method: "" };

  /** `made` is called when the map is there. */
  constructor(private readonly made: () => void) {
    this.button.addEventListener("click", () => void this.make(false));
  }

  /** Makes a map that is there already again, of all pictures as they are now. */
  again(space: string, method: string): void {
    this.wanted = { space, method };
    this.section.hidden = false;
    void this.make(true);
  }

  /** Says that there is none, or what is wrong with it. */
  show(problem: Problem | null, space: string, method: string): void {
    this.wanted = { space, method };
    this.section.hidden = false;
    this.sentence.replaceChildren(...(problem ? problem.told() : [t("explore.no_map")]));
    this.button.hidden = problem !== null || "readOnly" in byId("page", HTMLElement).dataset;
  }

  hide(): void {
    this.section.hidden = true;
  }

  private async make(anew: boolean): Promise<void> {
    if (this.button.disabled) return; // one is being made already
    const { space, method } = this.wanted;
    const options = { method, anew };
    this.button.disabled = true;
    this.progress.hidden = false;
    try {
      const job = await send<Job>("POST", addressOf`v1/jobs`, { kind: "map", space, options });
      const done = await watch(job, ({ percent }) => {
        this.progress.value = percent;
        this.sentence.textContent = t("explore.mapping", { percent });
      });
      if (done.state === "done") this.made();
      else throw failure(done, t("explore.not_mapped"));
    } catch (error) {
      this.sentence.replaceChildren(...problemOf(error).told());
    } finally {
      this.button.disabled = false;
      this.progress.hidden = true;
    }
  }
}
