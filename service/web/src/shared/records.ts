// Records of images and specimens, and what is decided about them.

import { addressOf } from "./addresses";
import { get, send } from "./api";

export interface Named {
  rank: string;
  taxon: string;
}

export interface ImageRecord {
  image_id: string;
  specimen_id: string;
  sha256: string;
  width: number;
  height: number;
  split: string;
  determination: Named | null;
  lineage: Record<string, string>;
  details: Record<string, string>;
  metadata: Record<string, string>;
}

export interface StoredPicture {
  image: ImageRecord;
  created: boolean;
  embedded: string[];
  left_out: Record<string, string>;
  notes: string[];
}

export interface MadeDetermination {
  determination_id: number;
}

export function imageRecord(imageId: string, signal?: AbortSignal): Promise<ImageRecord> {
  return get(addressOf`v1/images/${imageId}`, signal);
}

/** Store a picture, with what is said of it. */
export function putImage(
  imageId: string,
  file: File,
  said: Record<string, string> = {},
): Promise<StoredPicture> {
  const form = new FormData();
  form.append("image", file);
  for (const [name, value] of Object.entries(said)) form.append(name, value);
  return send("PUT", addressOf`v1/images/${imageId}`, form);
}

/** A name for a specimen. */
export interface Naming {
  specimen_id: string;
  name: string;
  rank?: string;
  qualifier?: string;
}

/** How many one request determines or takes back. */
export const MOST_TOGETHER = 1000;

/** Give a specimen a name, as a person's determination. */
export function determine(said: Naming & { by: string; why?: string }): Promise<MadeDetermination> {
  return send("POST", addressOf`v1/determinations`, said);
}

/** Give specimens names, all of them or none, and return the determinations in their order. */
export async function determineMany(namings: Naming[], by: string): Promise<MadeDetermination[]> {
  const made = await send<Together>("POST", addressOf`v1/determinations/batch`, { namings, by });
  return made.determinations;
}

export function undoDetermination(id: number, by: string, why = ""): Promise<unknown> {
  return send("POST", addressOf`v1/determinations/${id}/undo`, { by, why });
}

/** Take back determinations, all of them or none. */
export function undoMany(ids: number[], by: string): Promise<unknown> {
  return send("POST", addressOf`v1/determinations/undo`, { determination_ids: ids, by });
}

interface Together {
  determinations: MadeDetermination[];
}
