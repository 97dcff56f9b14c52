// Which colour each image has: that of its taxon, or of its value in a column.

import type { Words } from "./table";

export type Colour = readonly [red: number, green: number, blue: number];

/** The images of one value; `place` is that of its middle image in the map. */
export interface Group {
  name: string;
  count: number;
  colour: Colour;
  place: number;
}

/** Groups, the largest first; `of` gives the group of every image, -1 for none. */
export interface Groups {
  column: string;
  groups: Group[];
  of: Int32Array;
  without: number;
  scale: { least: number; most: number } | null;
}

// Okabe and Ito (2008), Color Universal Design: told apart by people with colour blindness.
const COLOURS: Colour[] = [
  [0, 114, 178],
  [213, 94, 0],
  [0, 158, 115],
  [204, 121, 167],
  [86, 180, 233],
  [230, 159, 0],
  [148, 132, 36],
];
// Cividis at even steps, from the least to the most.
const STEPS: Colour[] = [
  [0, 58, 117],
  [62, 83, 112],
  [102, 110, 117],
  [143, 138, 120],
  [190, 169, 105],
  [235, 203, 72],
];
export const UNNAMED: Colour = [160, 156, 148];
const BESIDE = 6; // groups near one that have another colour, as far as there are colours
const MOST_PARTED = 3000; // groups whose places are compared; more get colours in turn
const FEWEST_NUMBERS = 8; // different values from which numbers have a scale of colours

export function groupsOf(column: string, words: Words, x: Float32Array, y: Float32Array): Groups {
  const { order, of, counts } = bySize(words);
  const scale = scaleOf(words.values);
  const places = middles(of, counts, x, y);
  const colours = scale
    ? order.map((code) => stepped((Number(words.values[code]) - scale.least) / spread(scale)))
    : parted(places, x, y);
  const groups = order.map((code, at) => ({
    name: words.values[code] ?? "",
    count: counts[at] ?? 0,
    colour: colours[at] ?? UNNAMED,
    place: places[at] ?? 0,
  }));
  const without = of.length - counts.reduce((sum, count) => sum + count, 0);
  return { column, groups, of, without, scale };
}

function bySize({ codes, values }: Words) {
  const counted = new Int32Array(values.length);
  for (const code of codes) if (code >= 0) counted[code] = (counted[code] ?? 0) + 1;
  const order = [...values.keys()].filter((code) => counted[code]);
  order.sort((a, b) => (counted[b] ?? 0) - (counted[a] ?? 0) || a - b);
  const rank = new Int32Array(values.length).fill(-1);
  order.forEach((code, at) => (rank[code] = at));
  const of = codes.map((code) => (code < 0 ? -1 : (rank[code] ?? -1)));
  return { order, of, counts: order.map((code) => counted[code] ?? 0) };
}

/** The least and the most of a column that holds numbers, and many of them. */
function scaleOf(values: string[]): { least: number; most: number } | null {
  if (values.length < FEWEST_NUMBERS || values.some((value) => !isNumber(value))) return null;
  const numbers = values.map(Number);
  const least = numbers.reduce((one, other) => Math.min(one, other));
  const most = numbers.reduce((one, other) => Math.max(one, other));
  return most > least ? { least, most } : null;
}

function isNumber(value: string): boolean {
  return value.trim() !== "" && Number.isFinite(Number(value));
}

function spread({ least, most }: { least: number; most: number }): number {
  return most - least;
}

/** The image of each group that is nearest to its centre. */
function middles(of: Int32Array, counts: number[], x: Float32Array, y: Float32Array): number[] {
  const sumX = new Float64Array(counts.length);
  const sumY = new Float64Array(counts.length);
  of.forEach((group, at) => {
    if (group < 0) return;
    sumX[group] = (sumX[group] ?? 0) + (x[at] ?? 0);
    sumY[group] = (sumY[group] ?? 0) + (y[at] ?? 0);
  });
  const nearest = new Float64Array(counts.length).fill(Infinity);
  const found = new Array<number>(counts.length).fill(0);
  of.forEach((group, at) => {
    if (group < 0) return;
    const count = counts[group] ?? 1;
    const far = Math.hypot(
      (x[at] ?? 0) - (sumX[group] ?? 0) / count,
      (y[at] ?? 0) - (sumY[group] ?? 0) / count,
    );
    if (far >= (nearest[group] ?? 0)) return;
    nearest[group] = far;
    found[group] = at;
  });
  return found;
}

/** Colours such that groups that lie near to each other differ, the largest group first. */
function parted(places: number[], x: Float32Array, y: Float32Array): Colour[] {
  if (places.length > MOST_PARTED) return places.map((_, at) => colour(at));
  const given: number[] = [];
  const used = COLOURS.map(() => 0);
  places.forEach((place, at) => {
    const near = places
      .slice(0, at)
      .map((other, group) => ({
        group,
        far: Math.hypot((x[other] ?? 0) - (x[place] ?? 0), (y[other] ?? 0) - (y[place] ?? 0)),
      }))
      .sort((one, other) => one.far - other.far)
      .slice(0, BESIDE);
    const taken = COLOURS.map(() => 0);
    for (const { group } of near) {
      const theirs = given[group] ?? 0;
      taken[theirs] = (taken[theirs] ?? 0) + 1;
    }
    const cost = (one: number) => (taken[one] ?? 0) * places.length + (used[one] ?? 0);
    const best = [...COLOURS.keys()].reduce((one, other) => (cost(other) < cost(one) ? other : one));
    given.push(best);
    used[best] = (used[best] ?? 0) + 1;
  });
  return given.map(colour);
}

function colour(at: number): Colour {
  return COLOURS[at % COLOURS.length] ?? UNNAMED;
}

/** The colour of a share in [0, 1] of a scale. */
export function stepped(share: number): Colour {
  const at = Math.min(Math.max(share, 0), 1) * (STEPS.length - 1);
  const low = STEPS[Math.floor(at)] ?? UNNAMED;
  const high = STEPS[Math.ceil(at)] ?? UNNAMED;
  const part = at - Math.floor(at);
  const mixed = low.map((one, channel) => Math.round(one + part * ((high[channel] ?? 0) - one)));
  return [mixed[0] ?? 0, mixed[1] ?? 0, mixed[2] ?? 0];
}

export function css([red, green, blue]: Colour): string {
  return `rgb(${red} ${green} ${blue})`;
}
