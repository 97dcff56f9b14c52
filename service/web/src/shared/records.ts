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

/** Give a specimen a name, as a person's determination. */
export function determine(said: {
  specimen_id: string;
  name: string;
  rank?: string;
  qualifier?: string;
  by: string;
  why?: string;
}): Promise<MadeDetermination> {
  return send("POST", addressOf`v1/determinations`, said);
}

export function undoDetermination(id: number, by: string, why = ""): Promise<unknown> {
  return send("POST", addressOf`v1/determinations/${id}/undo`, { by, why });
}
