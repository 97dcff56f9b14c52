// The identify page: a specimen is shown, the service is asked, the answer is laid out.

import { render, spoken } from "./answer";
import { Problem, type Specimen, identify } from "./api";
import { CalibrationNotice } from "./calibration";
import { byId, el } from "./dom";
import { OptionsForm } from "./options";
import { Pictures } from "./pictures";

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
  status.textContent = "Comparing …";
  try {
    refuse(specimen);
    const asked = options.options;
    const answer = await identify(specimen, asked, mine);
    if (mine.aborted) return;
    const notice = calibration.of(answer, asked.space);
    say(render(answer, options.confidence, notice), spoken(answer));
  } catch (error) {
    if (mine.aborted) return;
    const known = error instanceof Problem ? error : new Problem("Page failed", String(error));
    say([problem(known)], `${known.title}. ${known.message}`);
  }
}

/** Spare a long upload that the service would refuse. */
function refuse(specimen: Specimen): void {
  if (!("files" in specimen)) return;
  const count = specimen.files.length;
  if (count > most) {
    const sentence = `${count} pictures; at most ${most}, all of one specimen.`;
    throw new Problem("Too many pictures", sentence);
  }
  const size = specimen.files.reduce((sum, file) => sum + file.size, 0);
  if (size > bytes) {
    const sentence = `${(size / 1e6).toFixed(0)} MB; the limit is ${bytes / 1e6} MB. Resize them.`;
    throw new Problem("Pictures too large", sentence);
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
