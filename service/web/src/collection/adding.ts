// New pictures for the collection: each is stored, and what could not be is listed.

import { type Taxon, taxa } from "../identify/questions";
import { Problem, problemOf } from "../shared/api";
import { byId, el } from "../shared/dom";
import { type Given, dropped, given } from "../shared/files";
import { putImage } from "../shared/records";
import { count, number, t } from "../shared/strings";
import { inTurns, patiently } from "../shared/turns";

const FEW = 2; // pictures at once

/** What is said of a picture, with the taxa above its species as the collection has them. */
function lineageOf(said: Record<string, string>, known: Taxon[]): Record<string, string> {
  const { species } = said;
  if (!species) return said;
  const genus = species.split(" ")[0];
  const one =
    known.find(({ rank, taxon }) => rank === "species" && taxon === species) ??
    known.find(({ rank, taxon }) => rank === "genus" && taxon === genus);
  return { ...one?.lineage, ...said };
}

/** What was not stored, and why. */
interface Refused {
  path: string;
  why: Problem;
}

/** Let pictures be added; `changed` is called when some are new. */
export class Adding {
  private readonly place = byId("progress", HTMLElement);
  private readonly form = byId("said", HTMLFormElement);
  private busy = false;

  constructor(private readonly changed: () => void) {
    for (const id of ["files", "folder"]) {
      const input = byId(id, HTMLInputElement);
      input.addEventListener("change", () => {
        const found = given(input.files ?? []);
        input.value = "";
        void this.add(found);
      });
    }
    document.addEventListener("dragover", (event) => event.preventDefault());
    document.addEventListener("drop", (event) => {
      event.preventDefault();
      if (event.dataTransfer) void dropped(event.dataTransfer).then((found) => this.add(found));
    });
    window.addEventListener("beforeunload", (event) => {
      if (this.busy) event.preventDefault();
    });
  }

  private async add({ pictures, others }: Given): Promise<void> {
    if (this.busy || !(pictures.length + others.length)) return;
    this.busy = true;
    const none = new Problem("", t("collection.no_picture"));
    const problems: Refused[] = others.map((path) => ({ path, why: none }));
    let created = 0;
    let there = 0;
    const bar = el("progress", { max: String(pictures.length), "aria-label": t("collection.add") });
    const told = el("p", { class: "quiet", role: "status" });
    this.place.replaceChildren(bar, told);
    const known = await taxa(null).catch(() => []);
    await inTurns(pictures, FEW, async ({ file, path }) => {
      try {
        const said = this.said(path);
        const stored = await patiently(() => putImage(path, file, lineageOf(said, known)));
        if (stored.created) created++;
        else there++;
      } catch (error) {
        problems.push({ path, why: problemOf(error) });
      }
      bar.value = created + there + problems.length - others.length;
      const seen = { n: number(created + there), all: number(pictures.length) };
      told.textContent = t("collection.adding", seen);
    });
    this.busy = false;
    this.tell(created, there, problems);
    if (created) this.changed();
  }

  /** What is said of a picture: of all alike, and by the name of its folder. */
  private said(path: string): Record<string, string> {
    const values = Object.fromEntries(
      [...new FormData(this.form)].map(([name, value]) => [name, String(value).trim()]),
    );
    const { folders, ...rest } = values;
    const said = Object.fromEntries(Object.entries(rest).filter(([, value]) => value));
    const folder = path.split("/").at(-2);
    if (folders && folder) said[folders] = folders === "species" ? folder.replaceAll("_", " ") : folder;
    return said;
  }

  private tell(created: number, there: number, problems: Refused[]): void {
    const words = [count("collection.added", created)];
    if (there) words.push(count("collection.there", there));
    const listed = problems.map(({ path, why }) =>
      el("li", {}, el("b", {}, path), ": ", ...why.told()),
    );
    this.place.replaceChildren(
      el("p", { role: "status" }, words.join(" ")),
      ...(listed.length
        ? [el("p", {}, count("collection.not_stored", listed.length)), el("ul", { class: "wrong-list" }, ...listed)]
        : []),
    );
  }
}
