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
  version: number; // of its specimen
  embedded: string[];
  left_out: Record<string, string>;
  notes: string[];
}

export interface MadeDetermination {
  determination_id: number;
  specimen_id: string;
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
  version?: number; // of the specimen that was looked at
}

/** How many one request determines or takes back. */
export const MOST_TOGETHER = 1000;

/** Give a specimen a name, as a person's determination. */
export function determine(said: Naming & { by: string; why?: string }): Promise<MadeDetermination> {
  return send("POST", addressOf`v1/determinations`, said);
}

/** Give specimens names; those that somebody determined since are left out and listed. */
export function determineMany(namings: Naming[], by: string): Promise<Together<SpecimenLeft>> {
  return send("POST", addressOf`v1/determinations/batch`, { namings, by });
}

export function undoDetermination(id: number, by: string, why = ""): Promise<unknown> {
  return send("POST", addressOf`v1/determinations/${id}/undo`, { by, why });
}

/** Take back determinations; those that somebody took back or determined anew are listed. */
export function undoMany(ids: number[], by: string): Promise<Together<DeterminationLeft>> {
  return send("POST", addressOf`v1/determinations/undo`, { determination_ids: ids, by });
}

interface SpecimenLeft {
  specimen_id: string;
  why: string;
}

interface DeterminationLeft extends SpecimenLeft {
  determination_id: number;
}

interface Together<Left> {
  determinations: MadeDetermination[];
  left_out: Left[];
}
