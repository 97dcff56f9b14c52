// The service's answers, as /openapi.json describes them, and how they are asked for.

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
  pictures: PictureTaxon[];
  spaces: { neighbours: string; determination: string };
  basis: string;
  calibration: "fitted" | "stale" | "none";
  calibration_changes: Changes | null;
  why: string;
  notes: string[];
}

export interface Job {
  job_id: string;
  kind: string;
  state: "running" | "done" | "failed" | "cancelled";
  percent: number;
  error: string | null;
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

/** What the service says is wrong, in one sentence. */
export class Problem extends Error {
  constructor(
    readonly title: string,
    detail: string,
  ) {
    super(detail);
  }
}

export async function identify(
  specimen: Specimen,
  options: Options,
  signal: AbortSignal,
): Promise<Answer> {
  const asked = { ...options, space: options.space ?? undefined };
  const request =
    "imageId" in specimen
      ? asJson({ ...asked, image_id: specimen.imageId })
      : { body: asForm(specimen.files, asked) };
  return (await fetched("/v1/identify", { method: "POST", signal, ...request })) as Answer;
}

export async function taxa(space: string | null): Promise<Taxon[]> {
  const query = space === null ? "" : `?space=${encodeURIComponent(space)}`;
  const found = (await fetched(`/v1/taxa${query}`)) as { taxa: Taxon[] };
  return found.taxa;
}

/** Starts calibrating a space, or joins the job that does. */
export async function calibrate(space: string): Promise<Job> {
  const address = `/v1/spaces/${space.split("/").map(encodeURIComponent).join("/")}/calibration`;
  return (await fetched(address, { method: "POST" })) as Job;
}

export async function jobs(): Promise<Job[]> {
  return ((await fetched("/v1/jobs")) as { jobs: Job[] }).jobs;
}

export async function job(id: string): Promise<Job> {
  return (await fetched(`/v1/jobs/${id}`)) as Job;
}

export async function cancel(id: string): Promise<Job> {
  return (await fetched(`/v1/jobs/${id}`, { method: "DELETE" })) as Job;
}

/** The address of a stored image: its thumbnail, or the picture itself. */
export function imageAddress(imageId: string, what: "thumbnail" | "picture"): string {
  return `/v1/images/${imageId.split("/").map(encodeURIComponent).join("/")}/${what}`;
}

function asJson(body: object): RequestInit {
  return { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
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

async function fetched(address: string, request?: RequestInit): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(address, request);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Problem("No answer", "The server cannot be reached; see whether it still runs.");
  }
  const body: unknown = await response.json().catch(() => null);
  if (response.ok && body !== null) return body;
  const { title, detail } = (body ?? {}) as { title?: string; detail?: string };
  throw new Problem(title ?? "No answer", detail ?? `The server answered ${response.status}.`);
}
