// The identify page: a specimen is shown, the service is asked, the answer is laid out.

import { render, spoken } from "./identify/answer";
import { CalibrationNotice } from "./identify/calibration";
import { OptionsForm } from "./identify/options";
import { type Specimen, identify } from "./identify/questions";
import { Pictures } from "./identify/specimen";
import { Problem, problemOf } from "./shared/api";
import { byId, el } from "./shared/dom";
import { t } from "./shared/strings";

const result = byId("result", HTMLElement);
const status = byId("status", HTMLElement);
const limits = byId("page", HTMLElement).dataset;
const most = Number(limits["maxImages"]);
const bytes = Number(limits["maxBytes"]);

let asking = new AbortController();

const options = new OptionsForm(() => void ask());
const calibration = new CalibrationNotice(limits, () => void ask());
const pictures = new Pictures(most, () => void ask());

async function ask(): Promise<void> {
  asking.abort();
  asking = new AbortController();
  const mine = asking.signal;
  const specimen = pictures.specimen;
  if (specimen === null) return say([], "");
  result.setAttribute("aria-busy", "true");
  status.textContent = t("identify.comparing");
  try {
    refuse(specimen);
    const asked = options.options;
    const answer = await identify(specimen, asked, mine);
    if (mine.aborted) return;
    const notice = calibration.of(answer, asked.space);
    say(render(answer, options.confidence, notice), spoken(answer));
  } catch (error) {
    if (mine.aborted) return;
    const known = problemOf(error);
    say([problem(known)], `${known.title}. ${known.message}`);
  }
}

/** Spare a long upload that the service would refuse. */
function refuse(specimen: Specimen): void {
  if (!("files" in specimen)) return;
  const count = specimen.files.length;
  if (count > most) {
    throw new Problem(t("identify.too_many"), t("identify.at_most", { n: count, most }));
  }
  const size = specimen.files.reduce((sum, file) => sum + file.size, 0);
  if (size > bytes) {
    const told = { size: (size / 1e6).toFixed(0), limit: bytes / 1e6 };
    throw new Problem(t("identify.too_large"), t("identify.limit", told));
  }
}

function say(content: HTMLElement[], words: string): void {
  result.replaceChildren(...content);
  result.removeAttribute("aria-busy");
  status.textContent = words;
  const { top } = result.getBoundingClientRect();
  const seen = top >= 0 && top < 0.8 * window.innerHeight;
  if (content.length && !seen) result.scrollIntoView();
}

function problem({ title, message }: Problem): HTMLElement {
  return el("article", { class: "problem" }, el("h2", {}, title), el("p", {}, message));
}
