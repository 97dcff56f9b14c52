// Clusters and what is decided about them, as /v1/clusters has them.

import { addressOf, withQuery } from "../shared/addresses";
import { get, send } from "../shared/api";

export interface Near {
  taxon: string;
  cosine: number;
}

/** A candidate species, or (with `taxon`) specimens that were set aside as known. */
export interface Cluster {
  id: number;
  version: number;
  state: "open" | "placed" | "named" | "merged" | "rejected" | "set aside";
  size: number;
  image_ids: string[];
  medoid: string | null;
  typical: string[];
  outliers: string[];
  coherence: number | null;
  name: string;
  parent?: { rank: string; taxon: string; p: number | null } | null;
  nearest?: Near[];
  probably?: string | null;
  rank?: string;
  taxon?: string;
  p?: number;
}

export interface Clustering {
  id: number;
  source: string;
  made_by: string;
  made_at: string;
  set_aside: Cluster[];
  clusters: Cluster[];
  parameters: { space: string; notes: string[] };
}

export interface Decision {
  decision_id: number;
  kind: string;
  what: string;
  clusters: number[];
  decided_by: string;
  decided_at: string;
  remarks: string;
  undoes: number | null;
  stands: boolean;
}

/** The clustering of a number; null for the last one. */
export function clusteringOf(number: string | null): Promise<Clustering> {
  return get(withQuery(addressOf`v1/clusters`, { clustering: number }));
}

export async function decisionsOf(clustering: number): Promise<Decision[]> {
  const asked = withQuery(addressOf`v1/decisions`, { clustering });
  return (await get<{ decisions: Decision[] }>(asked)).decisions;
}

/** Sends a decision about a cluster as it was looked at. */
export function decide(cluster: Cluster, what: string, by: string, more: object): Promise<unknown> {
  const { id, version } = cluster;
  return send("POST", addressOf`v1/clusters/${id}/${what}`, { by, version, ...more });
}

export function isKnown(cluster: Cluster): boolean {
  return cluster.taxon !== undefined;
}

/** Open ones in the order in which one action names most specimens, as `index.curation.agenda`. */
export function inOrder(clusters: Cluster[]): Cluster[] {
  const gain = ({ size, coherence }: Cluster) => (size > 1 ? size * (coherence ?? 0) : 0);
  return [...clusters].sort((one, other) => gain(other) - gain(one));
}
