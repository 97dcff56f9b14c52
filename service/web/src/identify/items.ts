// New specimens that are asked about, and what is decided of them.

import { addressOf, withQuery } from "../shared/addresses";
import { Problem, send } from "../shared/api";
import {
  type ImageRecord,
  determine,
  imageRecord,
  putImage,
  undoDetermination,
} from "../shared/records";
import { patiently } from "../shared/turns";
import type { Answer } from "./questions";

const TRIES = 20; // names for a picture whose own is taken

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
  problem: string;
  decision: "accepted" | "corrected" | "kept" | "aside" | null;
  /** Whether it is being stored just now. */
  busy: boolean;
  called: Name | null;
  stored: { imageId: string; created: boolean }[];
  determination: number | null;
  by: string;
  notes: string[];
}

export type Group = "waiting" | "sure" | "higher" | "unknown" | "kept" | "aside" | "problem";

let keys = 0;

export function newItem(files: { file: File; path: string }[]): Item {
  return {
    key: keys++,
    files,
    picture: null,
    answer: null,
    problem: "",
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
  if (item.problem) return "problem";
  if (item.decision === "aside") return "aside";
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

/** Store an item's pictures and give the specimen a name, or none. */
export async function keep(item: Item, by: string, name: Name | null): Promise<void> {
  item.busy = true;
  item.problem = "";
  try {
    if (!item.stored.length) await store(item);
    const specimen = item.stored[0]?.imageId ?? "";
    if (name) {
      const said = {
        specimen_id: specimen,
        name: name.taxon,
        ...(name.rank ? { rank: name.rank } : {}),
        ...(name.qualifier ? { qualifier: name.qualifier } : {}),
        by,
      };
      const made = await patiently(() => determine(said));
      item.determination = made.determination_id;
    }
    item.called = name;
    item.by = by;
  } finally {
    item.busy = false;
  }
}

/** Take back what was decided: the name, and the pictures that were not there before. */
export async function undo(item: Item, by: string): Promise<void> {
  item.busy = true;
  try {
    if (item.determination !== null) {
      const made = item.determination;
      await patiently(() => undoDetermination(made, by));
      item.determination = null;
    }
    for (const { imageId, created } of item.stored) {
      const address = withQuery(addressOf`v1/images/${imageId}`, { by });
      if (created) await patiently(() => send("DELETE", address));
    }
    item.stored = [];
    item.decision = item.called = null;
    item.notes = [];
  } finally {
    item.busy = false;
  }
}

async function store(item: Item): Promise<void> {
  const stored: Item["stored"] = [];
  for (const { file, path: name } of item.files) {
    const first = stored[0]?.imageId;
    const made = await put(imageIdOf(name), file, first);
    stored.push(made);
    item.notes.push(...made.notes);
  }
  item.stored = stored;
}

/** A picture's id: its path where it came with a folder, else its name under today's date. */
function imageIdOf(name: string): string {
  return name.includes("/") ? name : `${new Date().toISOString().slice(0, 10)}/${name}`;
}

async function put(
  id: string,
  file: File,
  specimen: string | undefined,
): Promise<{ imageId: string; created: boolean; notes: string[] }> {
  for (let n = 1; ; n++) {
    const imageId = n === 1 ? id : numbered(id, n);
    try {
      const said: Record<string, string> = specimen ? { specimen_id: specimen } : {};
      const made = await patiently(() => putImage(imageId, file, said));
      return { imageId, created: made.created, notes: made.notes };
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
