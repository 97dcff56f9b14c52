"""How well pictures find pictures and words find pictures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

from holotype.index.arrays import Codes, Embeddings, Flags, Floats
from holotype.index.vectors.brute_force import exact_knn


def picture_hits(
    queries: Embeddings,
    gallery: Embeddings,
    wanted: Codes,
    labels: Codes,
    *,
    query_specimens: Codes | None = None,
    specimens: Codes | None = None,
) -> Flags:
    """Return whether the nearest picture shows the same taxon, bool [q].

    Args:
        queries: float32 [q, dim], unit rows.
        gallery: float32 [n, dim], unit rows.
        wanted: int64 [q], the taxa of the queries.
        labels: int64 [n], those of the gallery.
        query_specimens, specimens: where given, pictures of the query's own do not answer.
    """
    _, found = exact_knn(
        queries, gallery, 1, query_groups=query_specimens, gallery_groups=specimens
    )
    hits: Flags = labels[found[:, 0]] == wanted
    return hits & (found[:, 0] >= 0)


def naming_hits(pictures: Embeddings, names: Embeddings, wanted: Codes) -> Flags:
    """Return whether the nearest of the names is a picture's own, bool [n].

    Args:
        pictures: float32 [n, dim], unit rows.
        names: float32 [m, dim], unit rows, one a taxon.
        wanted: int64 [n], the place of each picture's taxon among the names.
    """
    hits: Flags = (pictures @ names.T).argmax(1) == wanted
    return hits


@dataclass(frozen=True, eq=False)
class WordFigures:
    """How well the names of taxa find pictures.

    Attributes:
        taxa: codes of those that any picture shows, int64 [m].
        recall: bool [m], whether one of the k best pictures shows the taxon.
        precision: float64 [m], the share of the k best that do.
        chance: float64 [m], the probability that one of k drawn at random does.
    """

    taxa: Codes
    recall: Flags
    precision: Floats
    chance: Floats

    def to_dict(self) -> dict[str, float | int]:
        """Return the means as JSON-ready values, in [0, 1]."""
        return {
            "names": len(self.taxa),
            "recall": float(self.recall.mean()),
            "precision": float(self.precision.mean()),
            "chance": float(self.chance.mean()),
        }


def word_figures(
    names: Embeddings, pictures: Embeddings, labels: Codes, k: int = 10
) -> WordFigures:
    """Measure text to image.

    Args:
        names: float32 [taxa, dim], unit rows; row i is the name of taxon i.
        pictures: float32 [n, dim], unit rows.
        labels: int64 [n], their taxa, -1 where not known.
        k: how many of the best count, at most n.
    """
    taxa, counts = np.unique(labels[labels >= 0], return_counts=True)
    k = min(k, len(pictures))
    _, best = exact_knn(names[taxa], pictures, k)
    right = labels[best] == taxa[:, None]
    return WordFigures(taxa, right.any(1), right.mean(1), chance(len(pictures), counts, k))


def chance(pictures: int, counts: Codes, k: int) -> Floats:
    """Return the probability that k of n pictures, drawn at random, hold one of m.

    It is 1 - C(n - m, k) / C(n, k), exactly.

    Args:
        pictures: n.
        counts: int64 [taxa], m of each.
        k: at most n.

    >>> chance(4, np.array([1, 3]), 2).round(3).tolist()
    [0.5, 1.0]
    """
    rest = pictures - counts
    possible = rest >= k
    rest = np.maximum(rest, k)
    missed = np.exp(_choose(rest, k) - _choose(np.array(pictures), k))
    found: Floats = 1 - np.where(possible, missed, 0)
    return found


def _choose(n: Codes, k: int) -> Floats:
    """Return the logarithm of how many ways there are to choose k of n."""
    ways: Floats = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    return ways
