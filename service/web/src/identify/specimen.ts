// The specimen that is asked about: pictures that were dropped, chosen or pasted, or an example.

import { byId, el, taxonName } from "../shared/dom";
import { sentence, t } from "../shared/strings";
import type { Specimen } from "./questions";

interface Example {
  imageId: string;
  label: string;
  rank: string;
  thumbnail: string;
}

export class Pictures {
  private files: File[] = [];
  private example: Example | null = null;
  private addresses: string[] = [];
  private readonly list = byId("pictures", HTMLUListElement);
  private readonly ask = byId("ask", HTMLElement);

  /** `changed` is called whenever the specimen is another one, or gone. */
  constructor(
    private readonly most: number,
    private readonly changed: () => void,
  ) {
    this.listenToInput(byId("files", HTMLInputElement), (files) => this.show(files));
    this.listenToInput(byId("more", HTMLInputElement), (files) => this.add(files));
    this.listenToDrops();
    document.addEventListener("paste", (event) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (files.length) this.show(files);
    });
    byId("clear", HTMLButtonElement).addEventListener("click", () => this.show([]));
    for (const button of document.querySelectorAll<HTMLButtonElement>("button.example")) {
      button.addEventListener("click", () => this.showExample(button));
    }
  }

  get specimen(): Specimen | null {
    if (this.example) return { imageId: this.example.imageId };
    return this.files.length ? { files: this.files } : null;
  }

  private listenToInput(input: HTMLInputElement, take: (files: File[]) => void): void {
    input.addEventListener("change", () => {
      const files = [...(input.files ?? [])];
      input.value = ""; // so that the same file can be chosen again
      if (files.length) take(files);
    });
  }

  private listenToDrops(): void {
    document.addEventListener("dragover", (event) => {
      event.preventDefault();
      this.ask.classList.add("over");
    });
    document.addEventListener("dragleave", (event) => {
      if (event.relatedTarget === null) this.ask.classList.remove("over");
    });
    document.addEventListener("drop", (event) => {
      event.preventDefault();
      this.ask.classList.remove("over");
      const files = [...(event.dataTransfer?.files ?? [])];
      if (files.length) this.show(files);
    });
  }

  private show(files: File[]): void {
    this.files = files;
    this.example = null;
    this.draw();
    this.changed();
  }

  private add(files: File[]): void {
    this.show([...this.files, ...files]);
  }

  private showExample(button: HTMLButtonElement): void {
    const { imageId = "", label = "", rank = "" } = button.dataset;
    const thumbnail = button.querySelector("img")?.src ?? "";
    this.files = [];
    this.example = { imageId, label, rank, thumbnail };
    this.draw();
    this.changed();
  }

  private draw(): void {
    this.addresses.forEach((address) => URL.revokeObjectURL(address));
    this.addresses = this.files.map((file) => URL.createObjectURL(file));
    const tiles = this.example
      ? [tile(this.example.thumbnail, this.example.imageId)]
      : this.files.map((file, place) => this.fileTile(file, place));
    this.list.replaceChildren(...tiles);
    this.ask.classList.toggle("asked", tiles.length > 0);
    byId("add", HTMLElement).hidden = !this.files.length || this.files.length >= this.most;
    byId("known", HTMLElement).replaceChildren(...this.known());
  }

  private fileTile(file: File, place: number): HTMLElement {
    const made = tile(this.addresses[place] ?? "", file.name);
    if (this.files.length > 1) {
      const button = el("button", { type: "button", "aria-label": t("identify.remove", { name: file.name }) }, "×");
      button.addEventListener("click", () => this.show(this.files.filter((_, at) => at !== place)));
      made.append(button);
    }
    return made;
  }

  private known(): (Node | string)[] {
    if (!this.example) return [];
    const { label, rank } = this.example;
    return sentence("identify.known_as", { name: taxonName(label, rank) });
  }
}

/** A picture, or its name where the browser cannot show it (TIFF). */
function tile(address: string, name: string): HTMLElement {
  const picture = el("img", { src: address, alt: name });
  picture.addEventListener("error", () => {
    picture.replaceWith(el("span", { class: "nameless" }, name));
  });
  return el("li", {}, picture);
}
