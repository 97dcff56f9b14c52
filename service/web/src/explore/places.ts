// Which images lie where: near a point, or within a line that was drawn around them.

import KDBush from "kdbush";

export type Point = readonly [x: number, y: number];

export class Places {
  private readonly tree: KDBush;

  constructor(
    private readonly x: Float32Array,
    private readonly y: Float32Array,
  ) {
    this.tree = new KDBush(x.length, 64, Float32Array);
    for (let at = 0; at < x.length; at++) this.tree.add(x[at] ?? 0, y[at] ?? 0);
    if (x.length) this.tree.finish();
  }

  within([x, y]: Point, radius: number): number[] {
    return this.x.length ? this.tree.within(x, y, radius) : [];
  }

  /** The image nearest to a point, -1 where none is within the radius. */
  nearest(point: Point, radius: number): number {
    let best = -1;
    let least = Infinity;
    for (const at of this.within(point, radius)) {
      const far = Math.hypot((this.x[at] ?? 0) - point[0], (this.y[at] ?? 0) - point[1]);
      if (far < least) [best, least] = [at, far];
    }
    return best;
  }

  /** The images inside a polygon, ascending. */
  inside(polygon: Point[]): number[] {
    if (polygon.length < 3 || !this.x.length) return [];
    let [left, right, low, high] = [Infinity, -Infinity, Infinity, -Infinity];
    for (const [x, y] of polygon) {
      left = Math.min(left, x);
      right = Math.max(right, x);
      low = Math.min(low, y);
      high = Math.max(high, y);
    }
    return this.tree
      .range(left, low, right, high)
      .filter((at) => isInside([this.x[at] ?? 0, this.y[at] ?? 0], polygon))
      .sort((one, other) => one - other);
  }
}

/** Whether a ray from a point to the right crosses the polygon's sides an odd number of times. */
export function isInside([x, y]: Point, polygon: Point[]): boolean {
  let inside = false;
  let [beforeX, beforeY] = polygon[polygon.length - 1] ?? [0, 0];
  for (const [cornerX, cornerY] of polygon) {
    const crosses = cornerY > y !== beforeY > y;
    if (crosses && x < ((beforeX - cornerX) * (y - cornerY)) / (beforeY - cornerY) + cornerX) {
      inside = !inside;
    }
    [beforeX, beforeY] = [cornerX, cornerY];
  }
  return inside;
}
