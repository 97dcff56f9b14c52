// Pictures large: one, or two side by side, which are zoomed and moved together.

import { el } from "./dom";
import { t } from "./strings";

const STEP = 1.5;
const MOST = 16;
const NUDGE = 60; // pixels

export interface Shown {
  src: string;
  /** Shown where the browser cannot show `src`, as with TIFF. */
  otherwise?: string;
  alt: string;
  caption: () => (Node | string | null)[];
}

/** Look at pictures, beginning with one of them; beside each stands the one asked about, if any. */
export function view(pictures: Shown[], at: number, beside: Shown | null): void {
  new Viewer(pictures, at, beside).open();
}

class Viewer {
  private readonly dialog = el("dialog", { class: "viewer", "aria-label": t("common.viewer") });
  private readonly panes: HTMLElement;
  private readonly place = el("span", { class: "place", "aria-live": "polite" });
  private scale = 1;
  private x = 0;
  private y = 0;

  constructor(
    private readonly pictures: Shown[],
    private at: number,
    private readonly beside: Shown | null,
  ) {
    this.panes = el("div", { class: beside ? "panes two" : "panes" });
    this.dialog.append(this.bar(), this.panes);
    this.dialog.addEventListener("keydown", (event) => this.key(event));
    this.dialog.addEventListener("close", () => this.dialog.remove());
    this.panes.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    this.panes.addEventListener("dblclick", (event) => {
      if (this.scale > 1) this.reset();
      else this.zoom(3, event);
    });
    this.listenToDrags();
  }

  open(): void {
    document.body.append(this.dialog);
    this.draw();
    this.dialog.showModal();
  }

  private bar(): HTMLElement {
    const button = (text: string, label: string, work: () => void): HTMLElement => {
      const made = el("button", { type: "button", class: "button", "aria-label": label }, text);
      made.title = label;
      made.addEventListener("click", work);
      return made;
    };
    const several = this.pictures.length > 1;
    return el(
      "div",
      { class: "viewer-bar" },
      several ? button("‹", t("common.previous"), () => this.go(-1)) : null,
      several ? this.place : null,
      several ? button("›", t("common.next"), () => this.go(1)) : null,
      el("span", { class: "spread" }),
      button("−", t("common.zoom_out"), () => this.zoom(1 / STEP)),
      button("+", t("common.zoom_in"), () => this.zoom(STEP)),
      button(t("common.zoom_short"), t("common.zoom_whole"), () => this.reset()),
      button("×", t("common.close"), () => this.dialog.close()),
    );
  }

  private draw(): void {
    const shown = this.pictures[this.at];
    if (!shown) return;
    const panes = (this.beside ? [this.beside, shown] : [shown]).map(pane);
    this.panes.replaceChildren(...panes);
    this.place.textContent = `${this.at + 1} / ${this.pictures.length}`;
    this.reset();
  }

  private go(step: number): void {
    this.at = (this.at + step + this.pictures.length) % this.pictures.length;
    this.draw();
  }

  private key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const moves: Record<string, [number, number]> = {
      ArrowLeft: [NUDGE, 0],
      ArrowRight: [-NUDGE, 0],
      ArrowUp: [0, NUDGE],
      ArrowDown: [0, -NUDGE],
    };
    const move = moves[event.key];
    const sideways = event.key === "ArrowLeft" || event.key === "ArrowRight";
    if (move && (this.scale > 1 || !sideways)) this.shift(...move);
    else if (sideways) this.go(event.key === "ArrowLeft" ? -1 : 1);
    else if (event.key === "PageUp" || event.key === "PageDown")
      this.go(event.key === "PageUp" ? -1 : 1);
    else if (event.key === "+" || event.key === "=") this.zoom(STEP);
    else if (event.key === "-") this.zoom(1 / STEP);
    else if (event.key === "0") this.reset();
    else return;
    event.preventDefault();
  }

  private wheel(event: WheelEvent): void {
    event.preventDefault();
    this.zoom(Math.exp(-event.deltaY / 400), event);
  }

  private listenToDrags(): void {
    const held = new Map<number, PointerEvent>();
    this.panes.addEventListener("pointerdown", (event) => {
      if ((event.target as Element).closest("figcaption")) return;
      event.preventDefault();
      held.set(event.pointerId, event);
      this.panes.setPointerCapture(event.pointerId);
    });
    this.panes.addEventListener("pointermove", (event) => {
      const before = held.get(event.pointerId);
      if (!before) return;
      const others = [...held.values()].filter((one) => one.pointerId !== event.pointerId);
      const other = others[0];
      if (other) this.zoom(apart(event, other) / Math.max(1, apart(before, other)), event);
      else this.shift(event.clientX - before.clientX, event.clientY - before.clientY);
      held.set(event.pointerId, event);
    });
    for (const end of ["pointerup", "pointercancel"] as const) {
      this.panes.addEventListener(end, (event) => held.delete(event.pointerId));
    }
  }

  /** Zoom by a factor, with the point under the pointer, or the middle, staying where it is. */
  private zoom(factor: number, event?: MouseEvent): void {
    const scale = Math.min(MOST, Math.max(1, this.scale * factor));
    const frame = (event?.target as Element | undefined)?.closest(".frame");
    const box = frame?.getBoundingClientRect();
    const px = box && event ? event.clientX - box.left - box.width / 2 : 0;
    const py = box && event ? event.clientY - box.top - box.height / 2 : 0;
    this.x = px - ((px - this.x) * scale) / this.scale;
    this.y = py - ((py - this.y) * scale) / this.scale;
    this.scale = scale;
    this.shift(0, 0);
  }

  private shift(dx: number, dy: number): void {
    const box = this.panes.querySelector(".frame")?.getBoundingClientRect();
    const most = (side: number): number => (side * (this.scale - 1)) / 2;
    const clamp = (value: number, limit: number): number => Math.min(limit, Math.max(-limit, value));
    this.x = clamp(this.x + dx, most(box?.width ?? 0));
    this.y = clamp(this.y + dy, most(box?.height ?? 0));
    for (const image of this.panes.querySelectorAll("img")) {
      image.style.transform = `translate(${this.x}px, ${this.y}px) scale(${this.scale})`;
    }
  }

  private reset(): void {
    this.scale = 1;
    this.x = this.y = 0;
    this.shift(0, 0);
  }
}

function apart(one: PointerEvent, other: PointerEvent): number {
  return Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
}

function pane({ src, otherwise, alt, caption }: Shown): HTMLElement {
  const image = el("img", { src, alt, draggable: "false" });
  const second = (): void => {
    image.removeEventListener("error", second);
    if (otherwise) image.src = otherwise;
  };
  image.addEventListener("error", second);
  return el(
    "figure",
    {},
    el("div", { class: "frame" }, image),
    el("figcaption", {}, ...caption()),
  );
}
