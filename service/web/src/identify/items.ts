// New specimens that are asked about, and what is decided of them.

import { addressOf, withQuery } from "../shared/addresses";
import { Problem, changedMeanwhile, get, isChange, isMissing, problemOf, send } from "../shared/api";
import {
  type ImageRecord,
  type Named,
  type Naming,
  determine,
  determineMany,
  imageRecord,
  putImage,
  undoMany,
} from "../shared/records";
import { t } from "../shared/strings";
import { inTurns, patiently } from "../shared/turns";
import type { Answer } from "./questions";

const TRIES = 20; // names for a picture whose own is taken
const FEW_STORED = 2; // pictures stored at once

export interface Name {
  taxon: string;
  rank: string; // empty where a person wrote only a name
  qualifier: string;
}

export interface Item {
  readonly key: number;
  readonly files: { file: File; path: string }[];
  /** The address of a small copy; null where the browser cannot show the picture. */
  picture: string | null;
  answer: Answer | null;
  /** Why there is no answer, or why it could not be stored. */
  problem: Problem | null;
  decision: "accepted" | "corrected" | "kept" | "aside" | null;
  /** Whether it is being stored just now. */
  busy: boolean;
  called: Name | null;
  stored: Stored[];
  determination: number | null;
  by: string;
  notes: string[];
}

/** A picture in the collection; `called` is what its specimen was called before, if it was there. */
interface Stored {
  imageId: string;
  specimenId: string;
  version: number; // of the specimen, as it was when the picture was stored
  created: boolean;
  called: Named | null;
}

export type Group = "waiting" | "sure" | "higher" | "unknown" | "kept" | "aside" | "problem";

let keys = 0;

export function newItem(files: { file: File; path: string }[]): Item {
  return {
    key: keys++,
    files,
    picture: null,
    answer: null,
    problem: null,
    decision: null,
    busy: false,
    called: null,
    stored: [],
    determination: null,
    by: "",
    notes: [],
  };
}

export function itemName(item: Item): string {
  return item.files[0]?.path ?? "";
}

/** Where an item belongs: by what was decided, or else by how sure its answer is. */
export function group(item: Item): Group {
  if (item.decision === "aside") return "aside";
  if (item.problem) return "problem";
  if (item.decision) return "kept";
  if (!item.answer) return "waiting";
  if (!item.answer.determination) return "unknown";
  const finest = Object.keys(item.answer.ranks).at(-1);
  return item.answer.determination.rank === finest ? "sure" : "higher";
}

/** The likeliest taxon at the finest rank, also where it is not sure enough. */
export function likeliest(answer: Answer): { rank: string; taxon: string; p: number } | null {
  const [rank, taxa] = Object.entries(answer.ranks).at(-1) ?? ["", []];
  const first = taxa[0];
  return first ? { rank, taxon: first.taxon, p: first.p } : null;
}

/** How doubtful an item is: higher is more doubtful, what is decided comes last. */
export function doubt(item: Item): number {
  const levels = { problem: 5, unknown: 4, higher: 3, sure: 2, waiting: 1, aside: 0, kept: -1 };
  const p = item.answer ? (likeliest(item.answer)?.p ?? 0) : 0;
  return levels[group(item)] + 0.99 * (1 - p);
}

/** The determination of an answer, as a name. */
export function answered(item: Item): Name | null {
  const found = item.answer?.determination;
  return found ? { taxon: found.taxon, rank: found.rank, qualifier: found.qualifier } : null;
}

/** Whether its name is checked to be as sure as asked for, at whichever rank. */
export function isSure({ answer }: Item): boolean {
  return answer !== null && answer.determination !== null && answer.calibration !== "none";
}

/** Store an item's pictures and give the specimen a name, or none. */
export async function keep(item: Item, by: string, name: Name | null): Promise<void> {
  item.busy = true;
  item.problem = null;
  try {
    await store(item);
    if (name) {
      const said = { ...naming(item, name), by };
      const made = await patiently(() => determine(said)).catch(async (error: unknown) => {
        if (isChange(error)) await noteVersions(item);
        throw error;
      });
      item.determination = made.determination_id;
    }
    item.called = name;
    item.by = by;
  } finally {
    item.busy = false;
  }
}

/**
 * Store items' pictures and give each the name of its answer, all names in one batch.
 *
 * One that cannot be stored has a problem then, as has one that was there with a name already, or
 * that somebody named meanwhile. Where the names are refused nothing stays stored.
 */
export async function acceptTogether(
  items: Item[],
  by: string,
  changed: (item: Item) => void,
): Promise<void> {
  for (const item of items) item.busy = true;
  try {
    await inTurns(items, FEW_STORED, async (item) => {
      item.problem = await problemStoring(item);
      changed(item);
    });
    const named = items.flatMap((item) => {
      const name = item.problem ? null : answered(item);
      return name ? [{ item, name }] : [];
    });
    if (!named.length) return;
    const namings = named.map(({ item, name }) => naming(item, name));
    const made = await patiently(() => determineMany(namings, by)).catch(async (error: unknown) => {
      await inTurns(named, FEW_STORED, async ({ item }) => {
        await forget(item, by);
      });
      throw error;
    });
    const numbers = new Map(made.determinations.map((one) => [one.specimen_id, one.determination_id]));
    const left = new Map(made.left_out.map(({ specimen_id, why }) => [specimen_id, why]));
    for (const { item, name } of named) {
      const specimenId = item.stored[0]?.specimenId ?? "";
      const why = left.get(specimenId);
      if (why !== undefined) await leftOut(item, why);
      else accepted(item, name, by, numbers.get(specimenId) ?? null);
    }
  } finally {
    for (const item of items) item.busy = false;
  }
}

function accepted(item: Item, name: Name, by: string, determination: number | null): void {
  item.determination = determination;
  item.decision = "accepted";
  item.called = name;
  item.by = by;
}

/** Store items' pictures without names. */
export async function keepTogether(
  items: Item[],
  by: string,
  changed: (item: Item) => void,
): Promise<void> {
  await inTurns(items, FEW_STORED, async (item) => {
    try {
      await keep(item, by, null);
      item.decision = "kept";
    } catch (error) {
      item.problem = problemOf(error);
    }
    changed(item);
  });
}

async function problemStoring(item: Item): Promise<Problem | null> {
  try {
    await store(item);
  } catch (error) {
    return problemOf(error);
  }
  const [before] = item.stored.flatMap(({ called }) => called ?? []);
  return before ? new Problem("", t("identify.there_already", { name: before.taxon })) : null;
}

/**
 * Take back what was decided of items: their names in one batch, and the pictures that were not
 * there before.
 *
 * One that somebody took back or named anew meanwhile stays as it is now, undecided, and says why.
 */
export async function undo(items: Item[], by: string): Promise<void> {
  for (const item of items) item.busy = true;
  try {
    const made = items.flatMap(({ determination }) => determination ?? []);
    const left = new Map<number, string>();
    if (made.length) {
      const { left_out } = await patiently(() => undoMany(made, by));
      for (const { determination_id, why } of left_out) left.set(determination_id, why);
    }
    await inTurns(items, FEW_STORED, async (item) => {
      const why = left.get(item.determination ?? -1);
      item.determination = item.called = null;
      item.notes = [];
      if (why !== undefined) await leftOut(item, why);
      else await forget(item, by);
    });
  } finally {
    for (const item of items) item.busy = false;
  }
}

/**
 * Take out again what was stored for a decision that was refused, as it would stay without a name.
 *
 * Returns why some of it stays, if it does.
 */
export async function withdraw(item: Item, by: string): Promise<Problem | null> {
  item.busy = true;
  await forget(item, by);
  item.busy = false;
  return item.problem;
}

/** Take out what was stored of an item without a name; where that fails, it can be tried again. */
async function forget(item: Item, by: string): Promise<void> {
  item.decision = "kept";
  try {
    item.problem = await remove(item, by);
    item.decision = null;
  } catch (error) {
    item.problem = problemOf(error);
  }
}

/**
 * Take an item's pictures out of the collection again, where they were not there before.
 *
 * Those of a specimen that somebody else has named meanwhile stay; then it returns that.
 */
async function remove(item: Item, by: string): Promise<Problem | null> {
  for (let last = item.stored.at(-1); last; last = item.stored.at(-1)) {
    if (last.created) {
      const { specimenId, imageId, called } = last;
      const found = await unlessGone(specimenRecord(specimenId));
      const name = found?.determination?.taxon;
      if (name !== undefined && name !== called?.taxon) {
        await noteVersions(item);
        return new Problem("", t("identify.named_meanwhile", { name }));
      }
      const address = withQuery(addressOf`v1/images/${imageId}`, { by });
      if (found) await unlessGone(patiently(() => send("DELETE", address)));
    }
    item.stored.pop();
  }
  return null;
}

/** Say what somebody else did meanwhile; the next decision is made in view of it. */
async function leftOut(item: Item, why: string): Promise<void> {
  item.decision = null;
  item.problem = changedMeanwhile(why);
  await noteVersions(item);
}

/** Note the versions of an item's specimens as they are now; what is gone is to be stored again. */
async function noteVersions(item: Item): Promise<void> {
  for (const one of [...item.stored]) {
    const found = await unlessGone(specimenRecord(one.specimenId)).catch(() => one);
    if (found) one.version = found.version;
    else item.stored = item.stored.filter((other) => other !== one);
  }
}

function specimenRecord(id: string): Promise<{ version: number; determination: Named | null }> {
  return patiently(() => get(withQuery(addressOf`v1/specimens/${id}`, { limit: 1 })));
}

/** What is asked for; null where it is gone. */
function unlessGone<T>(asked: Promise<T>): Promise<T | null> {
  return asked.catch((error: unknown) => {
    if (isMissing(error)) return null;
    throw error;
  });
}

function naming(item: Item, { taxon, rank, qualifier }: Name): Naming {
  const { specimenId = "", version } = item.stored[0] ?? {};
  return {
    specimen_id: specimenId,
    name: taxon,
    ...(version === undefined ? {} : { version }),
    ...(rank ? { rank } : {}),
    ...(qualifier ? { qualifier } : {}),
  };
}

/** Store those of an item's pictures that are not stored yet. */
async function store(item: Item): Promise<void> {
  for (const { file, path: name } of item.files.slice(item.stored.length)) {
    const { notes, ...made } = await put(imageIdOf(name), file, item.stored[0]?.specimenId);
    item.stored.push(made);
    item.notes.push(...notes);
  }
}

/** A picture's id: its path where it came with a folder, else its name under today's date. */
function imageIdOf(name: string): string {
  return name.includes("/") ? name : `${today()}/${name}`;
}

/** The day where the reader is, such as "2026-03-01". */
function today(): string {
  const now = new Date();
  const parts = [now.getFullYear(), now.getMonth() + 1, now.getDate()];
  return parts.map((part) => String(part).padStart(2, "0")).join("-");
}

async function put(
  id: string,
  file: File,
  specimenId: string | undefined,
): Promise<Stored & { notes: string[] }> {
  for (let n = 1; ; n++) {
    const imageId = n === 1 ? id : numbered(id, n);
    try {
      const said: Record<string, string> = specimenId ? { specimen_id: specimenId } : {};
      const { image, created, version, notes } = await patiently(() => putImage(imageId, file, said));
      const { specimen_id, determination: called } = image;
      return { imageId, specimenId: specimen_id, version, created, called, notes };
    } catch (error) {
      if (n === TRIES || !(await isTaken(error, imageId))) throw error;
    }
  }
}

/** Whether a picture was refused because its id is another's. */
async function isTaken(error: unknown, imageId: string): Promise<boolean> {
  if (!(error instanceof Problem) || error.status !== 409) return false;
  const record: ImageRecord | null = await imageRecord(imageId).catch(() => null);
  return record !== null;
}

/** `trip/7.jpg` becomes `trip/7-2.jpg`. */
function numbered(id: string, n: number): string {
  return id.replace(/(\.[^./]*)?$/, (suffix) => `-${n}${suffix}`);
}
