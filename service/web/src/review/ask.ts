// The questions that a decision needs an answer to: which name, which place, which other cluster.

import { addressOf, imageAddress } from "../shared/addresses";
import { get } from "../shared/api";
import { askText } from "../shared/dialogs";
import { el } from "../shared/dom";
import { count, t } from "../shared/strings";
import type { Cluster } from "./clusters";

const MOST_CHOICES = 8;
const MOST_OFFERED = 5000; // names that a browser lists without delay

interface Taxon {
  taxon: string;
  rank: string;
  specimens: number;
}

export interface NewName {
  name: string;
  under: string;
}

/** What is done with the answer; where it is refused, the question stays. */
type Work = (said: string) => Promise<void>;

let listed: Promise<Taxon[]> | null = null;

function taxa(): Promise<Taxon[]> {
  listed ??= get<{ taxa: Taxon[] }>(addressOf`v1/taxa`).then(
    (found) => found.taxa,
    () => [],
  );
  return listed;
}

/** The names of the collection, as many as a browser offers without delay. */
export async function taxonNames(): Promise<string[]> {
  return (await taxa()).slice(0, MOST_OFFERED).map(({ taxon }) => taxon);
}

/** Names that were given meanwhile are known from now on. */
export function forgetTaxa(): void {
  listed = null;
}

/** A name: one of the nearest known, one of the collection, or a new one. */
export async function askName(
  cluster: Cluster,
  provisional: boolean,
  work: Work,
): Promise<string | null> {
  const near = (cluster.nearest ?? []).map(({ taxon }) => taxon);
  return askText({
    title: t("review.ask.name", { name: cluster.name }),
    text: count("review.ask.name_why", cluster.size),
    label: t("review.ask.name_label"),
    submit: t("review.name"),
    value: provisional ? "" : cluster.name,
    choices: near.slice(0, MOST_CHOICES).map((name) => ({ shown: el("i", {}, name), value: name })),
    offered: taxonNames(),
    work,
  });
}

/** A rank and a taxon above the species, such as genus=Xestia. */
export async function askPlace(cluster: Cluster, work: Work): Promise<string | null> {
  const { parent } = cluster;
  const higher = (await taxa()).filter(({ rank }) => rank !== "species");
  const genera = new Set((cluster.nearest ?? []).map(({ taxon }) => taxon.split(" ")[0] ?? ""));
  const near = higher
    .filter(({ rank, taxon }) => rank === "genus" && genera.has(taxon))
    .map(({ rank, taxon }) => `${rank}=${taxon}`);
  const places = [...new Set([...(parent ? [`${parent.rank}=${parent.taxon}`] : []), ...near])];
  return askText({
    title: t("review.ask.place", { name: cluster.name }),
    text: t("review.ask.place_why"),
    label: t("review.ask.place_label"),
    submit: t("review.place"),
    choices: places.slice(0, MOST_CHOICES).map((value) => ({ shown: value, value })),
    offered: Promise.resolve(higher.map(({ rank, taxon }) => `${rank}=${taxon}`)),
    work,
  });
}

export async function askParts(
  cluster: Cluster,
  work: (parts: number) => Promise<void>,
): Promise<string | null> {
  return askText({
    title: t("review.ask.split", { name: cluster.name }),
    text: t("review.ask.split_why"),
    label: t("review.ask.split_label"),
    submit: t("review.split"),
    value: "2",
    work: (said) => work(Number(said)),
  });
}

/** Another cluster; those under the same parent come first. */
export async function askOther(
  cluster: Cluster,
  others: Cluster[],
  title: string,
  submit: string,
  work: Work,
  extra: { shown: string; value: string }[] = [],
): Promise<string | null> {
  const same = ({ parent }: Cluster) => parent?.taxon === cluster.parent?.taxon;
  const fit = others.filter(({ id }) => id !== cluster.id);
  const ordered = [...fit.filter(same), ...fit.filter((one) => !same(one))];
  return askText({
    title,
    label: t("review.ask.other_label"),
    submit,
    choices: [...extra, ...ordered.slice(0, MOST_CHOICES).map(choice)],
    offered: Promise.resolve(ordered.map(({ id, name }) => `${id} ${name}`)),
    work,
  });
}

function choice(cluster: Cluster): { shown: Node; value: string } {
  const picture = cluster.medoid
    ? el("img", { src: imageAddress(cluster.medoid, "thumbnail"), alt: "" })
    : null;
  const size = el("span", { class: "quiet" }, count("common.images", cluster.size));
  const shown = el("span", { class: "choice-of-cluster" }, picture, el("i", {}, cluster.name), size);
  return { shown, value: `${cluster.id} ${cluster.name}` };
}
