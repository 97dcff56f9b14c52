// From places in the map to places on the screen, and moving about: drag, wheel, pinch and keys.

import { select } from "d3-selection";
import { type D3ZoomEvent, type ZoomBehavior, zoom, zoomIdentity } from "d3-zoom";

import type { Point } from "./places";

const CLOSEST = 4000; // times nearer than the whole map
const STEP = 60; // pixels that an arrow key moves
const MARGIN = 0.92; // share of the canvas that the whole map fills

/** Screen x is `left + across * x`, screen y is `top - across * y`, in CSS pixels. */
export interface Frame {
  width: number;
  height: number;
  across: number;
  left: number;
  top: number;
}

export class Camera {
  private width = 1;
  private height = 1;
  private transform = zoomIdentity;
  private readonly zoom: ZoomBehavior<HTMLCanvasElement, unknown>;
  /** Whether a drag moves the map now; otherwise it is left to the lasso. */
  drags: (event: MouseEvent) => boolean = () => true;
  /** Half the width and half the height of the whole map. */
  extent: Point = [1, 1];

  /** Places are within `extent` of 0; `moved` is called whenever they lie elsewhere on the screen. */
  constructor(
    private readonly canvas: HTMLCanvasElement,
    moved: () => void,
  ) {
    this.zoom = zoom<HTMLCanvasElement, unknown>()
      .scaleExtent([0.5, CLOSEST])
      .filter((event: MouseEvent) => event.type === "wheel" || (!event.button && this.drags(event)))
      .clickDistance(4)
      .on("zoom", (event: D3ZoomEvent<HTMLCanvasElement, unknown>) => {
        this.transform = event.transform;
        moved();
      });
    select(canvas).call(this.zoom).on("dblclick.zoom", null);
  }

  /** Takes the size of the canvas as it is laid out now; the middle stays in the middle. */
  resize(): void {
    const middle = this.placeOf([this.width / 2, this.height / 2]);
    this.width = Math.max(1, this.canvas.clientWidth);
    this.height = Math.max(1, this.canvas.clientHeight);
    this.zoom.extent([
      [0, 0],
      [this.width, this.height],
    ]);
    this.look(middle, this.transform.k);
  }

  get closeness(): number {
    return this.transform.k;
  }

  get frame(): Frame {
    const { k, x, y } = this.transform;
    return {
      width: this.width,
      height: this.height,
      across: k * this.unit,
      left: x + (k * this.width) / 2,
      top: y + (k * this.height) / 2,
    };
  }

  get middle(): Point {
    return this.placeOf([this.width / 2, this.height / 2]);
  }

  /** Where a place in the map is on the screen. */
  screenOf([x, y]: Point): Point {
    const { across, left, top } = this.frame;
    return [left + across * x, top - across * y];
  }

  placeOf([x, y]: Point): Point {
    const { across, left, top } = this.frame;
    return [(x - left) / across, (top - y) / across];
  }

  /** How much of the map a length on the screen is. */
  length(pixels: number): number {
    return pixels / this.frame.across;
  }

  whole(): void {
    this.look([0, 0], 1);
  }

  closer(times: number): void {
    this.zoom.scaleBy(select(this.canvas), times);
  }

  step(right: number, down: number): void {
    const { k } = this.transform;
    this.zoom.translateBy(select(this.canvas), (-right * STEP) / k, (-down * STEP) / k);
  }

  /** Brings a place to the middle. */
  look([x, y]: Point, closeness = this.transform.k): void {
    const to = zoomIdentity
      .translate(this.width / 2, this.height / 2)
      .scale(closeness)
      .translate(-this.width / 2 - this.unit * x, -this.height / 2 + this.unit * y);
    this.zoom.transform(select(this.canvas), to);
  }

  private get unit(): number {
    const [across, up] = this.extent;
    return MARGIN * Math.min(this.width / (2 * across), this.height / (2 * up));
  }
}
