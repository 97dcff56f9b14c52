// What the figures of an answer rest on, where that is not as it should be, and renewing it.

import { type Problem, problemOf } from "../shared/api";
import { el } from "../shared/dom";
import { type Job, failure, runningJob, stops, watch } from "../shared/jobs";
import { count, t } from "../shared/strings";
import { type Answer, type Changes, calibrate } from "./questions";

export class CalibrationNotice {
  private readonly means = el("div", { class: "means" });
  private readonly command: string;
  private readonly allowed: boolean;
  private readonly firstSpace: string;
  private answer: Answer | null = null;
  private space = "";
  private watched: string | null = null; // a job; empty while it is being started
  private looked = false;

  /** `renewed` is called when another calibration is there. */
  constructor(
    { collection = "", space = "", mayCalibrate }: DOMStringMap,
    private readonly renewed: () => void,
  ) {
    this.firstSpace = space;
    this.allowed = mayCalibrate !== undefined;
    const named = /^[\w.-]+$/.test(collection) ? collection : `"${collection}"`;
    this.command = `holotype calibrate ${named}`;
  }

  /** The notice of an answer, or nothing where it is calibrated. */
  of(answer: Answer, space: string | null): HTMLElement | null {
    this.answer = answer;
    this.space = space ?? this.firstSpace;
    if (answer.calibration === "fitted") return null;
    if (this.watched === null) this.offer();
    if (this.allowed && !this.looked) void this.join();
    const [title, sentence] = words(answer);
    return el(
      "aside",
      { class: "notice", "aria-label": t("answer.calibration") },
      el("p", {}, el("b", {}, title), " ", sentence),
      this.means,
    );
  }

  private offer(problem: Problem | null = null): void {
    const none = this.answer?.calibration === "none";
    const button = el(
      "button",
      { type: "button", class: "button" },
      none ? t("answer.calibrate") : t("answer.renew"),
    );
    button.addEventListener("click", () => void this.start());
    const said = problem ? el("p", { role: "alert" }, ...problem.told()) : "";
    const way = none ? t("answer.to_calibrate") : t("answer.to_renew");
    const command = el("p", {}, `${way} `, el("code", {}, this.command));
    this.means.replaceChildren(this.allowed ? button : command, said);
  }

  private async start(): Promise<void> {
    this.watched = "";
    this.show(null);
    await this.follow(calibrate(this.space));
  }

  private async follow(running: Job | Promise<Job>): Promise<void> {
    try {
      await this.watch(await running);
    } catch (error) {
      this.watched = null;
      this.offer(problemOf(error));
    }
  }

  /** Show a job that was started elsewhere, or before the page was loaded anew. */
  private async join(): Promise<void> {
    this.looked = true;
    const running = await runningJob("calibrate");
    if (running && this.watched === null) await this.follow(running);
  }

  private async watch(first: Job): Promise<void> {
    this.watched = first.job_id;
    const now = await watch(first, (seen) => this.show(seen));
    this.watched = null;
    if (now.state === "done") this.renewed();
    else this.offer(now.error === null ? null : failure(now, ""));
  }

  private show(running: Job | null): void {
    const percent = running?.percent ?? 0;
    if (this.means.querySelector("progress") === null || running === null) {
      const stop = el("button", { type: "button", class: "button" }, t("common.stop"));
      const refused = el("p", { role: "alert" });
      stops(stop, () => this.watched ?? "", (why) => refused.replaceChildren(...why.told()));
      const bar = el("progress", { max: "100", "aria-label": t("answer.calibrating") });
      this.means.replaceChildren(bar, el("span", { class: "percent" }), stop, refused);
    }
    this.means.querySelector("progress")!.value = percent;
    this.means.querySelector(".percent")!.textContent = t("answer.calibrating_percent", { percent });
  }
}

/** What the figures of an answer rest on, where that is not as it should be: a title, a sentence. */
export function words(answer: Answer): [string, string] {
  if (answer.calibration === "none") {
    return [t("answer.uncalibrated"), t("answer.shares")];
  }
  const since = answer.calibration_changes ? counted(answer.calibration_changes) : "";
  return [t("answer.stale"), t("answer.since", { changes: since || t("answer.something") })];
}

function counted(changes: Changes): string {
  const { images_added, images_removed, specimens_determined } = changes;
  return [
    images_added && count("answer.added", images_added),
    images_removed && count("answer.removed", images_removed),
    specimens_determined && count("answer.determined", specimens_determined),
  ]
    .filter(Boolean)
    .join(", ");
}
