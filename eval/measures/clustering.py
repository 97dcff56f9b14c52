"""Agreement of clusters with taxa (METHODS 4.11)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import (
    adjusted_mutual_info_score,
    adjusted_rand_score,
    normalized_mutual_info_score,
)
from sklearn.metrics.cluster import contingency_matrix

from holotype.index.arrays import Codes, Flags

from .averages import mean, number
from .jsonable import Figures

NOISE = -1


@dataclass(frozen=True)
class ClusterAgreement(Figures):
    """How clusters agree with taxa.

    A specimen that was left out as noise is a cluster of its own in every figure; `coverage` says
    how many were not. Noise flatters purity and B-cubed precision: read them with it.

    Attributes:
        n: specimens.
        n_taxa: taxa, k.
        n_clusters: clusters without the noise, the estimate of k.
        accuracy: share of specimens in the cluster that stands for their taxon, under the best
            one-to-one matching of clusters with taxa; the rest are errors.
        macro_f1: mean over taxa of the F1 of the cluster that stands for it, under that matching.
        purity: share of specimens that are of the commonest taxon of their cluster.
        b3_precision: B-cubed, mean over specimens of the share of their cluster that is of their
            taxon (Bagga and Baldwin 1998).
        b3_recall: mean over specimens of the share of their taxon that is in their cluster.
        b3_f1: harmonic mean of the two.
        nmi: normalised mutual information, arithmetic mean, in [0, 1].
        ami: adjusted mutual information, 0 by chance.
        ari: adjusted Rand index, 0 by chance.
        coverage: share of specimens that are in a cluster.
        matched: bool [n], what `accuracy` is the mean of; its mean over part of the specimens is
            that part's accuracy under the one matching, as for known and novel taxa.
    """

    n: int
    n_taxa: int
    n_clusters: int
    accuracy: float
    macro_f1: float
    purity: float
    b3_precision: float
    b3_recall: float
    b3_f1: float
    nmi: float
    ami: float
    ari: float
    coverage: float
    matched: Flags

    @property
    def k_ratio(self) -> float:
        """The estimated number of taxa over the true one; 1 is best."""
        return self.n_clusters / self.n_taxa if self.n_taxa else math.nan

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as JSON knows them."""
        return {**super().to_dict(), "k_ratio": number(self.k_ratio)}


def cluster_agreement(truth: Codes, clusters: Codes) -> ClusterAgreement:
    """Return how clusters agree with taxa.

    Args:
        truth: int64 [n], the taxon of every specimen.
        clusters: int64 [n], its cluster, -1 (`NOISE`) where it was left out.

    Raises:
        ValueError: there are no specimens, or the two are of different length.
    """
    if not len(truth) or len(truth) != len(clusters):
        raise ValueError(
            f"{len(truth)} taxa and {len(clusters)} clusters do not pair; "
            "give both for every specimen, and at least one"
        )
    noise = clusters == NOISE
    alone = np.where(noise, clusters.max() + 1 + np.cumsum(noise), clusters)
    taxa, taxon = np.unique(truth, return_inverse=True)
    _, cluster = np.unique(alone, return_inverse=True)
    counts: Codes = contingency_matrix(taxon, cluster)
    partner = _match(counts)
    matched = cluster == partner[taxon]
    precision, recall = _b_cubed(counts)
    return ClusterAgreement(
        n=len(truth),
        n_taxa=len(taxa),
        n_clusters=len(np.unique(clusters[~noise])),
        accuracy=mean(matched.astype(np.float64)),
        macro_f1=_macro_f1(counts, partner),
        purity=float(counts.max(axis=0).sum() / len(truth)),
        b3_precision=precision,
        b3_recall=recall,
        b3_f1=2 * precision * recall / (precision + recall),
        nmi=float(normalized_mutual_info_score(taxon, cluster)),
        ami=float(adjusted_mutual_info_score(taxon, cluster)),
        ari=float(adjusted_rand_score(taxon, cluster)),
        coverage=float((~noise).mean()),
        matched=matched,
    )


def _match(counts: Codes) -> Codes:
    """Return the cluster that stands for each taxon, -1 for none (Kuhn 1955)."""
    rows, columns = linear_sum_assignment(counts, maximize=True)
    partner = np.full(len(counts), -1, np.int64)
    partner[rows] = columns
    return partner


def _macro_f1(counts: Codes, partner: Codes) -> float:
    """Return the mean F1 over taxa, 0 for a taxon without a cluster."""
    taxa = np.flatnonzero(partner >= 0)
    found = counts[taxa, partner[taxa]]
    sizes = counts.sum(axis=1)[taxa] + counts.sum(axis=0)[partner[taxa]]
    return float((2 * found / sizes).sum() / len(counts))


def _b_cubed(counts: Codes) -> tuple[float, float]:
    n = counts.sum()
    squares = counts.astype(np.float64) ** 2
    precision = (squares / counts.sum(axis=0)).sum() / n
    recall = (squares / counts.sum(axis=1, keepdims=True)).sum() / n
    return float(precision), float(recall)
