// Taxa of the collection, and their addresses.

import { get, path, withQuery } from "../shared/api";
import { el, taxonName } from "../shared/dom";

export interface TreeTaxon {
  rank: string;
  taxon: string;
  images: number;
  specimens: number;
  lineage?: Record<string, string>;
}

export interface TaxonRecord extends TreeTaxon {
  lineage: Record<string, string>;
  children: TreeTaxon[];
  examples: string[];
  confused_with: { taxon: string; rank?: string; share: number; cosine: number }[];
}

/** The taxa right under one, or the uppermost. */
export async function taxaUnder(under: TreeTaxon | null): Promise<TreeTaxon[]> {
  const said = under ? `${under.rank}:${under.taxon}` : null;
  const address = withQuery("/v1/taxa/tree", { under: said, limit: 1000 });
  return (await get<{ children: TreeTaxon[] }>(address)).children;
}

export function taxonRecord(rank: string, taxon: string): Promise<TaxonRecord> {
  return get(`/v1/taxa/${encodeURIComponent(rank)}/${path(taxon)}`);
}

/** A taxon's name, as a link to its page. */
export function taxonLink(taxon: string, rank: string): HTMLElement {
  const href = `/taxa/${encodeURIComponent(rank)}/${path(taxon)}`;
  return el("a", { href }, taxonName(taxon, rank));
}

/** The taxa of a lineage, coarse to fine, as links. */
export function lineageLinks(lineage: Record<string, string>): HTMLElement[] {
  return Object.entries(lineage).map(([rank, taxon]) => el("li", {}, taxonLink(taxon, rank)));
}
