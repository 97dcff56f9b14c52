// Taxa of the collection, and their addresses.

import { addressOf, withQuery } from "../shared/addresses";
import { get } from "../shared/api";
import { el, taxonName } from "../shared/dom";

export interface TreeTaxon {
  rank: string;
  taxon: string;
  images: number;
  specimens: number;
  /** How many taxa are right below it. */
  children: number;
}

/** One level of the tree. */
export interface Branch {
  children: TreeTaxon[];
  /** What is named no further than the taxon itself. */
  here: { images: number; specimens: number };
  total: number;
  next: string | null;
}

export interface TaxonRecord extends Branch {
  rank: string;
  taxon: string;
  images: number;
  specimens: number;
  lineage: Record<string, string>;
  examples: string[];
  confused_with: { taxon: string; share: number; cosine: number }[];
}

const LEVEL = 200; // taxa at a time

/**
 * The taxa right below one, or the uppermost.
 *
 * `within` tells taxa of one name apart: the query of an address, such as `?category=Moth`.
 */
export function taxaUnder(
  under: TreeTaxon | null,
  within: string,
  after: string | null,
): Promise<Branch> {
  const said = under ? `${under.rank}:${under.taxon}` : null;
  return get(withQuery(addressOf`v1/taxa/tree`, { under: said, ...asked(within), limit: LEVEL, after }));
}

export function taxonRecord(rank: string, taxon: string, within: string): Promise<TaxonRecord> {
  return get(withQuery(addressOf`v1/taxa/${rank}/${taxon}`, asked(within)));
}

/** A taxon's name, as a link to its page. */
export function taxonLink(taxon: string, rank: string, within = ""): HTMLElement {
  const href = withQuery(addressOf`taxa/${rank}/${taxon}`, asked(within));
  return el("a", { href }, taxonName(taxon, rank));
}

/** The taxa of a lineage, coarse to fine, as links. */
export function lineageLinks(lineage: Record<string, string>): HTMLElement[] {
  return Object.entries(lineage).map(([rank, taxon]) => el("li", {}, taxonLink(taxon, rank)));
}

function asked(within: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(within));
}
