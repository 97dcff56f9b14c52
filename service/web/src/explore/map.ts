// The map as a person sees and touches it: marks, names among them, the ring of the keyboard.

import { Camera } from "./camera";
import { type Group, type Groups, UNNAMED } from "./groups";
import { Lasso } from "./lasso";
import { MARKS, type Painter } from "./painter";
import { Places, type Point } from "./places";
import type { MapTable } from "./table";

const REACH = 10; // pixels from the pointer within which an image is pointed at
const RING = 44; // radius of the ring in the middle, in pixels
const CLEAR = 235; // opacity of what is meant, of 255, and of what is not
const FAINT = 34;
const MOST_NAMES = 40;
const CLOSE = 24; // times nearer than the whole map when an image is looked for

export interface Watchers {
  /** The image that is pointed at, -1 for none, and where it is on the screen. */
  pointed(place: number, at: Point): void;
  opened(place: number): void;
  chosen(places: number[], adds: boolean): void;
}

export class MapView {
  /** Whether a drag draws a line around images instead of moving the map. */
  draws = false;
  private readonly camera: Camera;
  private readonly lasso: Lasso;
  private readonly context: CanvasRenderingContext2D | null;
  private table: MapTable | null = null;
  private places: Places | null = null;
  private x = new Float32Array();
  private y = new Float32Array();
  private groups: Groups | null = null;
  private alone = new Set<number>();
  private chosen = new Set<number>();
  private named = new Set<number>(); // groups whose names are written
  private pointed = -1;
  private byKeyboard = false;
  private waiting = 0;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly above: HTMLCanvasElement,
    private readonly painter: Painter,
    private readonly watchers: Watchers,
  ) {
    this.context = above.getContext("2d");
    this.camera = new Camera(canvas, () => this.moved());
    this.camera.drags = (event) => !this.draws && !event.shiftKey;
    this.lasso = new Lasso(
      canvas,
      (event) => this.draws || event.shiftKey,
      () => this.redraw(),
      (line, adds) => this.take(line.map((corner) => this.camera.placeOf(corner)), adds),
    );
    this.listen();
  }

  /** Shows another table; the same part of the map stays in sight where it is of the same map. */
  show(table: MapTable): void {
    const same = this.table?.said.version === table.said.version;
    this.table = table;
    [this.x, this.y] = scaled(table.x, table.y, same ? this.scale : null, (scale) => {
      this.scale = scale;
    });
    this.places = new Places(this.x, this.y);
    if (!same) this.camera.extent = [largest(this.x), largest(this.y)];
    this.painter.setPlaces(this.x, this.y);
    this.resize();
    if (!same) this.camera.whole();
  }

  /** Colours the images; with `alone` only those groups are meant, with `chosen` only those images. */
  colour(groups: Groups, alone: Set<number>, chosen: Set<number>): void {
    [this.groups, this.alone, this.chosen] = [groups, alone, chosen];
    this.setLooks();
    this.redraw();
  }

  closer(times: number): void {
    this.camera.closer(times);
  }

  whole(): void {
    this.camera.whole();
  }

  /** Brings an image to the middle, near enough to tell it from others. */
  find(place: number): void {
    const closeness = Math.max(this.camera.closeness, CLOSE);
    this.camera.look([this.x[place] ?? 0, this.y[place] ?? 0], closeness);
    this.point(place);
  }

  private scale: Scale | null = null;

  private listen(): void {
    new ResizeObserver(() => this.resize()).observe(this.canvas);
    // Drawing asks for no font, so it would keep the one that stands in.
    const { font } = getComputedStyle(this.canvas);
    for (const one of [font, font.replace("italic ", "")])
      void document.fonts.load(one).then(() => this.redraw());
    const dark = window.matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", () => this.redraw());
    this.canvas.addEventListener("pointermove", (event) => this.hover(event));
    this.canvas.addEventListener("pointerleave", () => this.point(-1));
    this.canvas.addEventListener("click", (event) => this.click(event));
    this.canvas.addEventListener("keydown", (event) => this.press(event));
    this.canvas.addEventListener("pointerdown", () => this.look(false));
    this.canvas.addEventListener("focus", () => this.look(this.canvas.matches(":focus-visible")));
    this.canvas.addEventListener("blur", () => this.look(false));
  }

  private look(byKeyboard: boolean): void {
    this.byKeyboard = byKeyboard;
    this.moved();
  }

  private hover(event: PointerEvent): void {
    if (this.lasso.drawing || this.byKeyboard) return;
    this.point(this.near([event.offsetX, event.offsetY]));
  }

  private click(event: MouseEvent): void {
    if (event.defaultPrevented || event.shiftKey || this.lasso.justClosed) return;
    const place = this.near([event.offsetX, event.offsetY]);
    if (place >= 0) this.watchers.opened(place);
  }

  private near(at: Point): number {
    return this.places?.nearest(this.camera.placeOf(at), this.camera.length(REACH)) ?? -1;
  }

  private point(place: number): void {
    const at = this.camera.screenOf([this.x[place] ?? 0, this.y[place] ?? 0]);
    if (place !== this.pointed || this.byKeyboard) this.watchers.pointed(place, at);
    this.pointed = place;
    this.redraw();
  }

  private press(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const done = this.action(event.key);
    if (!done) return;
    event.preventDefault();
    this.byKeyboard = true;
    done();
    this.moved();
  }

  private action(key: string): (() => void) | undefined {
    const actions: Record<string, () => void> = {
      ArrowLeft: () => this.camera.step(-1, 0),
      ArrowRight: () => this.camera.step(1, 0),
      ArrowUp: () => this.camera.step(0, -1),
      ArrowDown: () => this.camera.step(0, 1),
      "+": () => this.camera.closer(1.5),
      "=": () => this.camera.closer(1.5),
      "-": () => this.camera.closer(1 / 1.5),
      "0": () => this.camera.whole(),
      s: () => this.takeRing(false),
      S: () => this.takeRing(true),
      Escape: () => this.watchers.chosen([], false),
      Enter: () => this.pointed >= 0 && this.watchers.opened(this.pointed),
    };
    return actions[key];
  }

  private takeRing(adds: boolean): void {
    const found = this.places?.within(this.camera.middle, this.camera.length(RING)) ?? [];
    this.watchers.chosen(found.filter((place) => this.isMeant(place)), adds);
  }

  private take(polygon: Point[], adds: boolean): void {
    const found = this.places?.inside(polygon) ?? [];
    this.watchers.chosen(found.filter((place) => this.isMeant(place)), adds);
  }

  /** Whether an image is of the groups that are looked at. */
  private isMeant(place: number): boolean {
    return !this.alone.size || this.alone.has(this.groups?.of[place] ?? -1);
  }

  private moved(): void {
    if (this.byKeyboard) {
      const near = this.places?.nearest(this.camera.middle, this.camera.length(RING)) ?? -1;
      this.point(near);
    } else {
      this.point(-1);
    }
    this.redraw();
  }

  private resize(): void {
    const density = window.devicePixelRatio || 1;
    for (const canvas of [this.canvas, this.above]) {
      canvas.width = Math.round(this.canvas.clientWidth * density);
      canvas.height = Math.round(this.canvas.clientHeight * density);
    }
    this.camera.resize();
    this.redraw();
  }

  private setLooks(): void {
    const { table, groups } = this;
    if (!table || !groups) return;
    const colours = new Uint8Array(4 * table.size);
    const marks = new Uint8Array(table.size);
    const order = new Uint32Array(table.size);
    const onTop: number[] = [];
    let at = 0;
    this.named.clear();
    for (let place = 0; place < table.size; place++) {
      const group = groups.of[place] ?? -1;
      const meant = this.chosen.size ? this.chosen.has(place) : this.isMeant(place);
      const colour = groups.groups[group]?.colour ?? UNNAMED;
      colours[4 * place] = colour[0];
      colours[4 * place + 1] = colour[1];
      colours[4 * place + 2] = colour[2];
      colours[4 * place + 3] = meant ? CLEAR : FAINT;
      const placed = table.placed[place] ? MARKS.ring : MARKS.disc;
      marks[place] = table.far[place] ? MARKS.cross : placed;
      if (meant) {
        onTop.push(place);
        this.named.add(group);
      } else order[at++] = place;
    }
    for (const place of onTop) order[at++] = place;
    this.painter.setLooks({ colours, marks, order });
  }

  private redraw(): void {
    this.waiting ||= requestAnimationFrame(() => {
      this.waiting = 0;
      this.draw();
    });
  }

  private draw(): void {
    const { table } = this;
    if (!table) return;
    this.painter.draw(this.camera.frame, this.size(table.size), window.devicePixelRatio || 1);
    this.drawAbove();
    this.canvas.dataset["drawn"] = String(table.size);
  }

  /** The size of a disc: many images have small ones, and near they grow. */
  private size(count: number): number {
    const { width, height } = this.camera.frame;
    const whole = Math.sqrt((width * height) / Math.max(count, 1)) * 0.28;
    const closeness = Math.max(1, this.camera.closeness);
    return Math.min(11, Math.min(Math.max(whole, 1.6), 7.5) * (1 + 0.3 * Math.log2(closeness)));
  }

  private drawAbove(): void {
    const { context } = this;
    if (!context) return;
    const density = window.devicePixelRatio || 1;
    const ink = getComputedStyle(this.canvas);
    context.setTransform(density, 0, 0, density, 0, 0);
    context.clearRect(0, 0, this.above.width, this.above.height);
    this.drawNames(context, ink);
    context.strokeStyle = ink.color;
    context.lineWidth = 1.5;
    this.drawLine(context);
    if (this.byKeyboard) this.drawCircle(context, this.middleOnScreen, RING);
    if (this.pointed < 0) return;
    const at = this.camera.screenOf([this.x[this.pointed] ?? 0, this.y[this.pointed] ?? 0]);
    context.lineWidth = 2;
    this.drawCircle(context, at, 9);
  }

  private get middleOnScreen(): Point {
    return this.camera.screenOf(this.camera.middle);
  }

  private drawLine(context: CanvasRenderingContext2D): void {
    if (!this.lasso.line.length) return;
    context.beginPath();
    for (const [x, y] of this.lasso.line) context.lineTo(x, y);
    context.closePath();
    context.globalAlpha = 0.08;
    context.fillStyle = context.strokeStyle;
    context.fill();
    context.globalAlpha = 1;
    context.setLineDash([5, 4]);
    context.stroke();
    context.setLineDash([]);
  }

  private drawCircle(context: CanvasRenderingContext2D, [x, y]: Point, radius: number): void {
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.stroke();
  }

  /** Writes the names of the largest groups where they lie, as far as there is room. */
  private drawNames(context: CanvasRenderingContext2D, ink: CSSStyleDeclaration): void {
    const { groups } = this;
    if (!groups || groups.scale || groups.groups.length < 2) return;
    const isName = groups.column === "genus" || groups.column === "species";
    context.font = isName ? ink.font : ink.font.replace("italic ", "");
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.lineJoin = "round";
    context.lineWidth = 4;
    context.strokeStyle = ink.getPropertyValue("--paper");
    context.fillStyle = ink.color;
    const taken: Box[] = [];
    const { width, height } = this.camera.frame;
    for (const [at, group] of groups.groups.entries()) {
      if (taken.length >= MOST_NAMES) return;
      if (!this.named.has(at)) continue;
      const box = this.boxOf(group, context.measureText(group.name).width);
      const outside = box.left < 0 || box.right > width || box.top < 0 || box.bottom > height;
      if (outside || taken.some((other) => overlap(box, other))) continue;
      taken.push(box);
      const middle: Point = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
      context.strokeText(group.name, ...middle);
      context.fillText(group.name, ...middle);
    }
  }

  private boxOf(group: Group, width: number): Box {
    const [x, y] = this.camera.screenOf([this.x[group.place] ?? 0, this.y[group.place] ?? 0]);
    const [beside, above] = [width / 2 + 8, 14];
    return { left: x - beside, right: x + beside, top: y - above, bottom: y + above };
  }
}

interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

function overlap(one: Box, other: Box): boolean {
  const across = one.left < other.right && other.left < one.right;
  return across && one.top < other.bottom && other.top < one.bottom;
}

interface Scale {
  x: number;
  y: number;
  times: number;
}

/** Returns coordinates in [-1, 1], both by one scale; `keep` is told of it. */
function scaled(
  x: Float32Array,
  y: Float32Array,
  known: Scale | null,
  keep: (scale: Scale) => void,
): [Float32Array<ArrayBuffer>, Float32Array<ArrayBuffer>] {
  const [left, right] = ends(x);
  const [low, high] = ends(y);
  const wide = Math.max(right - left, high - low) || 1;
  const scale = known ?? { x: (left + right) / 2, y: (low + high) / 2, times: 2 / wide };
  keep(scale);
  return [
    new Float32Array(x.map((one) => (one - scale.x) * scale.times)),
    new Float32Array(y.map((one) => (one - scale.y) * scale.times)),
  ];
}

function largest(values: Float32Array): number {
  const [least, most] = ends(values);
  return Math.max(-least, most) || 1;
}

function ends(values: Float32Array): [number, number] {
  let [least, most] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return values.length ? [least, most] : [0, 0];
}

