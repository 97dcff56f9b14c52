// What is asked about: pictures that were dropped, chosen or pasted, or an example.

import { imageAddress } from "../shared/addresses";
import { byId, el, taxonName } from "../shared/dom";
import { sentence, t } from "../shared/strings";
import { type Shown, view } from "../shared/viewer";
import { type Given, dropped, given } from "../shared/files";

export interface Example {
  imageId: string;
  label: string;
  rank: string;
  thumbnail: string;
}

type Pictured = { file: File; path: string };

interface Taken {
  /** The specimen is another one, or gone. */
  specimen: () => void;
  /** There are many pictures, each of a specimen of its own. */
  many: (pictures: Pictured[], others: string[]) => void;
}

export class Pictures {
  files: Pictured[] = [];
  example: Example | null = null;
  private addresses: string[] = [];
  private readonly list = byId("pictures", HTMLUListElement);
  private readonly ask = byId("ask", HTMLElement);

  constructor(
    private readonly most: number,
    private readonly taken: Taken,
  ) {
    this.listenToInput("files", (found) => this.take(found));
    this.listenToInput("folder", (found) => this.take(found));
    this.listenToInput("more", (found) => this.show([...this.files, ...found.pictures]));
    this.listenToDrops();
    document.addEventListener("paste", (event) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (files.length) this.take(given(files));
    });
    byId("clear", HTMLButtonElement).addEventListener("click", () => this.clear());
    byId("apart", HTMLButtonElement).addEventListener("click", () => {
      this.taken.many(this.files, []);
      this.display([]);
    });
    for (const button of document.querySelectorAll<HTMLButtonElement>("button.example")) {
      button.addEventListener("click", () => this.showExample(button));
    }
  }

  /** The picture asked about, as it is looked at beside others. */
  get shown(): Shown | null {
    const first = this.example ? this.example.thumbnail : this.addresses[0];
    if (first === undefined) return null;
    const name = this.example?.imageId ?? this.files[0]?.path ?? "";
    return {
      src: this.example ? imageAddress(this.example.imageId, "picture") : first,
      otherwise: first,
      alt: name,
      caption: () => [
        el("p", {}, t("answer.asked_about")),
        el("p", { class: "quiet" }, name),
      ],
    };
  }

  clear(): void {
    this.show([]);
  }

  /** Show pictures without asking about them. */
  display(files: Pictured[]): Shown | null {
    this.files = files;
    this.example = null;
    this.draw();
    byId("add", HTMLElement).hidden = byId("apart", HTMLElement).hidden = true;
    return this.shown;
  }

  /** One picture or a few views are one specimen; a folder or more are one specimen each. */
  private take(found: Given): void {
    if (!found.pictures.length && !found.others.length) return;
    if (found.folder || found.pictures.length > this.most) {
      this.display([]);
      this.taken.many(found.pictures, found.others);
    } else this.show(found.pictures);
  }

  private listenToInput(id: string, take: (found: Given) => void): void {
    const input = byId(id, HTMLInputElement);
    input.addEventListener("change", () => {
      const found = given(input.files ?? []);
      input.value = ""; // so that the same file can be chosen again
      take(found);
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
      if (event.dataTransfer) void dropped(event.dataTransfer).then((found) => this.take(found));
    });
  }

  private show(files: Pictured[]): void {
    this.files = files;
    this.example = null;
    this.draw();
    this.taken.specimen();
  }

  private showExample(button: HTMLButtonElement): void {
    const { imageId = "", label = "", rank = "" } = button.dataset;
    const thumbnail = button.querySelector("img")?.src ?? "";
    this.files = [];
    this.example = { imageId, label, rank, thumbnail };
    this.draw();
    this.taken.specimen();
  }

  private draw(): void {
    this.addresses.forEach((address) => URL.revokeObjectURL(address));
    this.addresses = this.files.map(({ file }) => URL.createObjectURL(file));
    const tiles = this.example
      ? [tile(this.example.thumbnail, this.example.imageId, () => this.enlarge(0))]
      : this.files.map((one, place) => this.fileTile(one, place));
    this.list.replaceChildren(...tiles);
    this.ask.classList.toggle("asked", tiles.length > 0);
    const count = this.files.length;
    byId("add", HTMLElement).hidden = !count || count >= this.most;
    byId("apart", HTMLElement).hidden = count < 2;
    byId("known", HTMLElement).replaceChildren(...this.known());
  }

  private fileTile({ path }: Pictured, place: number): HTMLElement {
    const made = tile(this.addresses[place] ?? "", path, () => this.enlarge(place));
    if (this.files.length > 1) {
      const label = t("identify.remove", { name: path });
      const button = el("button", { type: "button", class: "remove", "aria-label": label }, "×");
      button.addEventListener("click", () => this.show(this.files.filter((_, at) => at !== place)));
      made.append(button);
    }
    return made;
  }

  private enlarge(place: number): void {
    const { shown } = this;
    if (!shown) return;
    const views = this.files.map(({ path }, at) => ({
      src: this.addresses[at] ?? "",
      alt: path,
      caption: () => [el("p", {}, path)],
    }));
    view(views.length ? views : [shown], place, null);
  }

  private known(): (Node | string)[] {
    if (!this.example) return [];
    const { label, rank } = this.example;
    return sentence("identify.known_as", { name: taxonName(label, rank) });
  }
}

/** A picture, or its name where the browser cannot show it (TIFF). */
function tile(address: string, name: string, enlarge: () => void): HTMLElement {
  const picture = el("img", { src: address, alt: name });
  picture.addEventListener("error", () => {
    picture.replaceWith(el("span", { class: "nameless" }, name));
  });
  const button = el("button", { type: "button", class: "picture" }, picture);
  button.addEventListener("click", enlarge);
  return el("li", {}, button);
}
