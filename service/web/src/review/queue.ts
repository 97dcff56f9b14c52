// Entries of a curation queue and what is decided about them, as /v1/queues has them.

import { addressOf, withQuery } from "../shared/addresses";
import { get, send } from "../shared/api";
import { t } from "../shared/strings";

export const UNNAMED = "unnamed"; // the queue whose entries are decided about together

export interface Entry {
  place: number;
  specimen_ids: string[];
  image_ids: string[];
  taxa: string[];
  reason: string;
  proposed: Record<string, string> | null;
  evidence: { image_id: string; taxon: string; cosine: number | null }[];
  versions?: number[];
}

export interface QueuePage {
  total: number;
  offset: number;
  entries: Entry[];
  left_out: Record<string, number>;
}

export interface Event {
  determination_id: number;
  specimen_id: string;
  after: string;
}

/** What a request says of a space; nothing where there is none. */
export function inSpace(space: string): { space?: string } {
  return space ? { space } : {};
}

export function queuePage(queue: string, space: string, offset: number, limit: number): Promise<QueuePage> {
  return get(withQuery(addressOf`v1/queues/${queue}`, { ...inSpace(space), offset, limit }));
}

/** Decides about entries as they were looked at; of duplicates about all that share the picture. */
export async function decideEntries(
  queue: string,
  what: "accept" | "correct" | "dismiss",
  entries: Entry[],
  by: string,
  more: object,
): Promise<Event[]> {
  const firsts = entries.flatMap((one) => one.specimen_ids.slice(0, 1));
  const named = entries.flatMap((one) => one.specimen_ids.filter((_, at) => one.taxa[at]));
  const all = entries.flatMap((one) => one.specimen_ids);
  const about = { accept: firsts, correct: all, dismiss: named }[what];
  // Of all that were looked at: a colleague may have decided about the others of an entry.
  const seen = entries.flatMap((one) => one.specimen_ids.map((id, at) => [id, one.versions?.[at]] as const));
  const versions = Object.fromEntries(seen.filter(([, version]) => version !== undefined));
  const body = { specimen_ids: about, versions, by, ...more };
  const made = await send<{ determinations: Event[] }>("POST", addressOf`v1/queues/${queue}/${what}`, body);
  return made.determinations;
}

/** The lowest name that is proposed, empty for none. */
export function proposedName({ proposed }: Entry): string {
  return Object.values(proposed ?? {}).pop() ?? "";
}

export function nameOf({ taxa }: Entry): string {
  return taxa[0] || t("common.undetermined");
}
