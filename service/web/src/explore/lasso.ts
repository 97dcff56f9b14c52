// A line that is drawn around images with the mouse, a pen or a finger.

import type { Point } from "./places";

const FEWEST = 3; // corners that enclose something
const APART = 3; // pixels between two corners

export class Lasso {
  /** Corners on the screen, while the line is being drawn. */
  line: Point[] = [];
  /** Whether the click that comes now is the end of a line. */
  justClosed = false;
  private pointer = -1;

  /**
   * `wanted` says whether a press begins a line; `changed` is called as it grows, `closed` with its
   * corners when it is let go, and whether Shift was held.
   */
  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly wanted: (event: MouseEvent) => boolean,
    private readonly changed: () => void,
    private readonly closed: (line: Point[], adds: boolean) => void,
  ) {
    canvas.addEventListener("pointerdown", (event) => this.begin(event));
    canvas.addEventListener("pointermove", (event) => this.grow(event));
    canvas.addEventListener("pointerup", (event) => this.end(event));
    canvas.addEventListener("pointercancel", () => this.drop());
  }

  get drawing(): boolean {
    return this.pointer >= 0;
  }

  drop(): void {
    this.pointer = -1;
    this.line = [];
    this.changed();
  }

  private begin(event: PointerEvent): void {
    this.justClosed = false;
    if (event.button || this.drawing || !this.wanted(event)) return;
    this.pointer = event.pointerId;
    this.canvas.setPointerCapture(event.pointerId);
    this.line = [[event.offsetX, event.offsetY]];
  }

  private grow(event: PointerEvent): void {
    if (event.pointerId !== this.pointer) return;
    const [x, y] = this.line[this.line.length - 1] ?? [0, 0];
    if (Math.hypot(event.offsetX - x, event.offsetY - y) < APART) return;
    this.line.push([event.offsetX, event.offsetY]);
    this.changed();
  }

  private end(event: PointerEvent): void {
    if (event.pointerId !== this.pointer) return;
    const line = this.line;
    this.drop();
    this.justClosed = line.length >= FEWEST;
    if (this.justClosed) this.closed(line, event.shiftKey);
  }
}
