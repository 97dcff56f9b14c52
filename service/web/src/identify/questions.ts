// Questions to the service and their answers, as /openapi.json describes them.

import { addressOf, withQuery } from "../shared/addresses";
import { get, send } from "../shared/api";
import type { Job } from "../shared/jobs";

export interface Hit {
  image_id: string;
  specimen_id: string;
  score: number;
  species: string;
  [rank: string]: string | number;
}

export interface Determination {
  rank: string;
  taxon: string;
  confidence: number | null;
  qualifier: string;
}

export interface Changes {
  images_added: number;
  images_removed: number;
  specimens_determined: number;
}

export interface Probability {
  taxon: string;
  p: number;
  percent: string;
}

export interface PictureTaxon {
  picture: string;
  far: boolean;
  rank: string | null;
  taxon: string | null;
  percent: string | null;
}

export interface Unnamed {
  specimens: string[];
  images: string[];
  at_least: boolean;
}

export interface Answer {
  image: string;
  determination: Determination | null;
  unknown: boolean;
  ranks: Record<string, Probability[]>;
  neighbours: Hit[];
  novelty: number | null;
  novelty_in_words: string;
  unnamed: Unnamed | null;
  species_set: string[] | null;
  pictures: PictureTaxon[];
  fitted_on: { encoder: boolean | null; space: boolean; calibration: boolean };
  spaces: { neighbours: string; determination: string };
  basis: string;
  calibration: "fitted" | "stale" | "none";
  calibration_changes: Changes | null;
  why: string;
  notes: string[];
}

export interface Taxon {
  taxon: string;
  rank: string;
  lineage: Record<string, string>;
  images: number;
  specimens: number;
}

export interface Options {
  space: string | null;
  risk: number;
  only: string[];
  k: number;
}

/** Pictures to upload, or a specimen that the collection holds. */
export type Specimen = { files: File[] } | { imageId: string };

export function identify(
  specimen: Specimen,
  options: Options,
  signal: AbortSignal,
): Promise<Answer> {
  const asked = { ...options, space: options.space ?? undefined };
  const body =
    "imageId" in specimen
      ? { ...asked, image_id: specimen.imageId }
      : asForm(specimen.files, asked);
  return send("POST", addressOf`v1/identify`, body, signal);
}

export async function taxa(space: string | null): Promise<Taxon[]> {
  return (await get<{ taxa: Taxon[] }>(withQuery(addressOf`v1/taxa`, { space }))).taxa;
}

/** Starts calibrating a space, or joins the job that does. */
export function calibrate(space: string): Promise<Job> {
  return send("POST", addressOf`v1/spaces/${space}/calibration`);
}

function asForm(files: File[], values: object): FormData {
  const form = new FormData();
  for (const file of files) form.append("images", file);
  for (const [name, value] of Object.entries(values)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined) form.append(name, String(one));
    }
  }
  return form;
}
