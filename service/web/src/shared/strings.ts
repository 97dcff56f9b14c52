// Sentences in the language of the page; service/templates/strings holds them all, and the page
// carries those it needs.

import type answer from "../../../templates/strings/answer.json";
import type collection from "../../../templates/strings/collection.json";
import type common from "../../../templates/strings/common.json";
import type evaluate from "../../../templates/strings/evaluate.json";
import type explore from "../../../templates/strings/explore.json";
import type identify from "../../../templates/strings/identify.json";
import type problem from "../../../templates/strings/problem.json";
import type review from "../../../templates/strings/review.json";

export type Key =
  | `answer.${keyof typeof answer}`
  | `collection.${keyof typeof collection}`
  | `common.${keyof typeof common}`
  | `evaluate.${keyof typeof evaluate}`
  | `explore.${keyof typeof explore}`
  | `identify.${keyof typeof identify}`
  | `problem.${keyof typeof problem}`
  | `review.${keyof typeof review}`;

type Counted = Key extends infer K ? (K extends `${infer Stem}.other` ? Stem : never) : never;

const texts = JSON.parse(document.getElementById("strings")?.textContent ?? "{}") as Record<
  string,
  string
>;

export const language = document.documentElement.lang;
const format = new Intl.NumberFormat(language, { useGrouping: true }); // "1.100" in Spanish, too
const when = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
const days = new Intl.DateTimeFormat(language, { dateStyle: "medium" });
const formats = new Map<number, Intl.NumberFormat>(); // by their number of decimals

/** The sentence of a key, its {places} filled. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
  const text = texts[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));
}

/** A number of something, such as "1 image" and "3,000 images"; other {places} may be filled. */
export function count(key: Counted, n: number, values: Record<string, string> = {}): string {
  return t(`${key}.${n === 1 ? "one" : "other"}` as Key, { ...values, n: number(n) });
}

/** A sentence with elements in it: each {place} is filled with the node of its name. */
export function sentence(key: Key, nodes: Record<string, Node | string>): (Node | string)[] {
  const parts = (texts[key] ?? key).split(/\{(\w+)\}/);
  return parts.map((part, at) => (at % 2 ? (nodes[part] ?? "") : part));
}

/** A number with its thousands set apart. */
export function number(n: number): string {
  return format.format(n);
}

/** A moment, such as "2026-03-01T09:30:00Z", where the reader is: the day and the time of it. */
export function moment(at: string): string {
  return timeIn(when, at);
}

/** The day of a moment, where the reader is. */
export function day(at: string): string {
  return timeIn(days, at);
}

// A time of day and a zone: without them a history from elsewhere names a day, here as there.
const PLACED = /\d:\d\d.*(?:Z|[+-]\d\d(?::?\d\d)?)$/i;

function timeIn(words: Intl.DateTimeFormat, at: string): string {
  const time = new Date(PLACED.test(at) ? at : NaN);
  return Number.isNaN(time.getTime()) ? at : words.format(time);
}

/** A figure with so many decimals, such as 0.93, which is "0,93" in Spanish. */
export function decimal(n: number, digits: number): string {
  const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  const kept = formats.get(digits) ?? new Intl.NumberFormat(language, options);
  formats.set(digits, kept);
  return kept.format(n);
}

/** A figure as the service writes it, such as "94.6 %", which is "94,6 %" in Spanish. */
export function figure(written: string): string {
  return written.replace(/\d+\.(\d+)/g, (found, decimals: string) =>
    decimal(Number(found), decimals.length),
  );
}

/** The title of a kind of problem, such as `urn:holotype:not-found`; undefined for an unknown one. */
export function problemTitle(type: string): string | undefined {
  return texts[`problem.${type.replace("urn:holotype:", "")}`];
}

/** The word of a phase of measuring, as the service names it; undefined for an unknown one. */
export function phaseWord(phase: string): string | undefined {
  return texts[`evaluate.phase.${phase}`];
}

/** The word of a field of an image's record. */
export function fieldWord(field: string): string {
  return texts[`common.field.${field}`] ?? field;
}

/** The word of a rank. */
export function rankWord(rank: string): string {
  return texts[`common.rank.${rank}`] ?? rank;
}
