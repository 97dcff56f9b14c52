"""Calibrating identification on specimens and species that are left out of the gallery in turn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from holotype.index.calibration import Calibration, with_odds
from holotype.index.features import Evidence, gather_evidence
from holotype.index.knn import Codes, Embeddings
from holotype.index.logistic import Logistic
from holotype.index.projection import Projection
from holotype.index.reference import build_reference
from holotype.index.votes import Floats

from .closed_form import lda, stretched
from .folds import class_folds, specimen_folds
from .scatter import gather

_FOLDS, _MANY_FOLDS = 10, 20
_SMALL = 3000  # specimens
_PARTS = 5  # of the folds, for held-out probabilities
_MOST_QUERIES = 300  # of a fold
MOST_IMAGES = 5  # of one specimen, as an identification takes
_EXPONENT = 0.5
_INVERSE_PENALTY = 1.0
_RIDGE = 1e-4
_FEWEST = 50  # specimens: with fewer nothing can be said about 95 %
_FEW = 10  # right or wrong answers below which a rank is not modelled but counted


def working_spaces(vectors: Embeddings, labels: Codes, rows: Codes) -> tuple[Projection, ...]:
    """Fit the two spaces that evidence is gathered in: one for any species, one for known ones."""
    scatter = gather(vectors, labels, rows, exponent=_EXPONENT)
    return stretched(scatter), lda(scatter)


def pool_specimens(vectors: Embeddings, groups: Codes) -> tuple[Embeddings, Codes]:
    """Return one query per specimen: the normalised mean of its first 5 images, and its first row.

    Args:
        vectors: float32 [n, dim], unit rows.
        groups: int64 [n], specimens.
    """
    order = np.argsort(groups, kind="stable")
    specimens, starts, member = np.unique(groups[order], return_index=True, return_inverse=True)
    kept = np.arange(len(order)) - starts[member] < MOST_IMAGES
    sums = np.zeros((len(specimens), vectors.shape[1]))
    np.add.at(sums, member[kept], vectors[order[kept]])
    means = sums / np.linalg.norm(sums, axis=1, keepdims=True)
    return means.astype(np.float32), order[starts]


@dataclass(frozen=True, eq=False)
class LeftOut:
    """Specimens that were left out, and what the rest of the gallery said about them.

    Attributes:
        evidence: in the order of the folds.
        classes: the lineages that `evidence.candidates` of each specimen points to, a fold each.
        fold: int64 [q].
        truth: int64 [q, ranks].
        novel: int64 [q], 0 where the species stayed in the gallery, 1 where it was left out, 2
            where its genus was.
    """

    evidence: list[Evidence]
    classes: list[Codes]
    fold: Codes
    truth: Codes
    novel: Codes

    def joined(self, name: str) -> NDArray[Any]:
        """Return one part of the evidence for all specimens."""
        return np.concatenate([getattr(evidence, name) for evidence in self.evidence])


def leave_out(vectors: Embeddings, labels: Codes, groups: Codes, *, seed: int = 0) -> LeftOut:
    """Identify specimens that are left out of the gallery, ten folds in turn.

    In each fold a tenth of the specimens and a tenth of the species (in every second fold, of the
    genera) leave together, the spaces are fitted again without them, and all are identified with
    what stays. Known and novel specimens have to meet the same gallery: a model would otherwise
    learn to tell the galleries apart. A small gallery, where every image that leaves is felt, is
    dealt out in twentieths.

    Args:
        vectors: float32 [n, dim], the encoder's unit rows.
        labels: int64 [n, ranks], taxa coarse to fine, -1 where not known.
        groups: int64 [n], specimens.
        seed: of the folds.
    """
    specimens = len(np.unique(groups[labels[:, -1] >= 0]))
    folds = _MANY_FOLDS if specimens <= _SMALL else _FOLDS
    parts = [
        _left_out_of_fold(vectors, labels, groups, fold, held, gone, level)
        for fold, (held, gone, level) in enumerate(_folds(labels, groups, folds, seed))
    ]
    found = [part for part in parts if part is not None]
    return LeftOut(
        [part.evidence[0] for part in found],
        [part.classes[0] for part in found],
        np.concatenate([part.fold for part in found]),
        np.concatenate([part.truth for part in found]),
        np.concatenate([part.novel for part in found]),
    )


def _folds(
    labels: Codes, groups: Codes, folds: int, seed: int
) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.bool_], int]]:
    """Yield the specimens and the taxa that leave, and how far above the finest rank these are."""
    finest = labels[:, -1]
    by_specimen = specimen_folds(finest, groups, folds, seed)
    levels = labels[:, :-3:-1].T  # species, then genus where there is one
    by_class = [class_folds(level, folds, seed + 1) for level in levels]
    for fold in range(folds):
        level = fold % len(levels)
        gone = (by_class[level] == fold) & (finest >= 0)
        held = (by_specimen == fold) & ~gone & (finest >= 0)
        yield held, gone, level


def _left_out_of_fold(
    vectors: Embeddings,
    labels: Codes,
    groups: Codes,
    fold: int,
    held: NDArray[np.bool_],
    gone: NDArray[np.bool_],
    level: int,
) -> LeftOut | None:
    """Identify what leaves in one fold by what stays; None where either is nothing."""
    queries, rows = _queries(vectors, groups, [held, gone], fold)
    stays = np.flatnonzero(~gone & ~held)
    if not len(rows) or not (labels[stays, -1] >= 0).any():
        return None
    spaces = working_spaces(vectors, labels[:, -1], stays)
    reference = build_reference(spaces, vectors[stays], labels[stays], groups[stays])
    return LeftOut(
        [gather_evidence(reference, queries)],
        [reference.classes],
        np.full(len(rows), fold),
        labels[rows],
        np.where(gone[rows], 1 + level, 0),
    )


def _queries(
    vectors: Embeddings, groups: Codes, kinds: list[NDArray[np.bool_]], seed: int
) -> tuple[Embeddings, Codes]:
    """Pool the specimens of each kind, at most 150 of each drawn at random."""
    pooled = []
    most = _MOST_QUERIES // len(kinds)
    for kind in kinds:
        rows = np.flatnonzero(kind)
        specimens = np.random.default_rng(seed).permutation(np.unique(groups[rows]))[:most]
        rows = rows[np.isin(groups[rows], specimens)]
        means, first = pool_specimens(vectors[rows], groups[rows])
        pooled.append((means, rows[first]))
    return np.concatenate([m for m, _ in pooled]), np.concatenate([r for _, r in pooled])


def calibrate(vectors: Embeddings, labels: Codes, groups: Codes, *, seed: int = 0) -> Calibration:
    """Fit all that turns the evidence of a gallery into probabilities.

    Args:
        vectors: float32 [n, dim], the encoder's unit rows.
        labels: int64 [n, ranks], taxa coarse to fine, -1 where not known.
        groups: int64 [n], specimens; a specimen's images are pooled into one query.
        seed: of the folds.

    Raises:
        ValueError: fewer than 50 named specimens, or no species with two of them.
    """
    _check(labels, groups)
    left_out = leave_out(vectors, labels, groups, seed=seed)
    sharpness, surprise = _sets(left_out)
    taxa, features = left_out.joined("taxa"), _features(left_out, sharpness)
    known = left_out.novel == 0
    right = (taxa == left_out.truth) & (taxa >= 0)
    stated = left_out.truth >= 0
    ranks = range(labels.shape[1])
    return Calibration(
        working_spaces(vectors, labels[:, -1], np.arange(len(labels))),
        _fit(features[:, -1], known, _balanced(left_out.novel)),
        tuple(_at(r, known & stated[:, r], features, right) for r in ranks),
        tuple(_at(r, ~known & stated[:, r], features, right) for r in ranks),
        np.sort(left_out.joined("nearness")[known]),
        sharpness,
        np.sort(surprise),
        _card(labels, left_out, right, seed),
    )


def held_out_probabilities(left_out: LeftOut) -> tuple[Floats, Floats]:
    """Return probabilities of left-out specimens from models fitted without their fold.

    For choosing thresholds: the models of `calibrate` have seen the left-out specimens, and look
    better on them than on others.

    Returns:
        float64 [q], P(right at the finest rank | known), and float64 [q], P(known) at equal shares.
    """
    sharpness, _ = _sets(left_out)
    features = _features(left_out, sharpness)[:, -1]
    known = left_out.novel == 0
    right = left_out.joined("taxa")[:, -1] == left_out.truth[:, -1]
    p_right, p_known = np.zeros(len(known)), np.zeros(len(known))
    for part in range(_PARTS):
        inside = left_out.fold % _PARTS == part
        fitted, other = known & ~inside, ~inside
        p_right[inside] = _fit(features[fitted], right[fitted], np.ones(int(fitted.sum())))(
            features[inside]
        )
        balanced = _balanced(left_out.novel[other])
        p_known[inside] = _fit(features[other], known[other], balanced)(features[inside])
    return p_right, p_known


def _features(left_out: LeftOut, sharpness: Floats) -> Floats:
    return np.concatenate([with_odds(evidence, sharpness) for evidence in left_out.evidence])


def _check(labels: Codes, groups: Codes) -> None:
    named = labels[:, -1] >= 0
    pairs = np.unique(np.stack([labels[named, -1], groups[named]]), axis=1)
    if np.bincount(pairs[0], minlength=1).max() < 2:
        raise ValueError(
            "no species has two specimens, so confidence cannot be calibrated; label more specimens"
        )
    if len(pairs[0]) < _FEWEST:
        raise ValueError(
            f"{len(pairs[0])} specimens are named to species, and {_FEWEST} are needed; "
            "label more specimens"
        )


def _balanced(novel: Codes) -> Floats:
    """Return weights that make known and novel count the same, and each kind of novel too."""
    kinds, member, counts = np.unique(novel, return_inverse=True, return_counts=True)
    share = np.where(kinds == 0, 0.5, 0.5 / max((kinds > 0).sum(), 1))
    weights: Floats = (share / counts)[member] * len(novel)
    return weights


def _at(rank: int, rows: NDArray[np.bool_], features: Floats, right: NDArray[np.bool_]) -> Logistic:
    return _fit(features[rows, rank], right[rows, rank], np.ones(int(rows.sum())))


def _fit(features: Floats, yes: NDArray[np.bool_], weights: Floats) -> Logistic:
    """Fit a logistic model; with few of one answer, its log-odds alone (add-half smoothing)."""
    n_yes, n_no = int(yes.sum()), int((~yes).sum())
    if n_no == 0 or n_yes == 0 or min(n_yes, n_no) < _FEW:
        odds = np.log((weights[yes].sum() + 0.5) / (weights[~yes].sum() + 0.5))
        return Logistic(np.zeros(features.shape[1]), float(odds))
    mean, scale = features.mean(axis=0), features.std(axis=0)
    scale[scale < 1e-9] = 1.0
    model = LogisticRegression(C=_INVERSE_PENALTY, max_iter=2000)
    model.fit((features - mean) / scale, yes, sample_weight=weights)
    slopes = model.coef_[0] / scale
    return Logistic(slopes, float(model.intercept_[0] - slopes @ mean))


def _sets(left_out: LeftOut) -> tuple[Floats, Floats]:
    """Fit the class probabilities of known specimens; return their weights and the surprises."""
    closeness, true = _candidates(left_out)
    known = left_out.novel == 0
    found = true.any(axis=1)
    values, place = closeness[known & found], true[known & found].argmax(axis=1)
    start = np.full(values.shape[2], 5.0)
    fitted = minimize(_log_loss, start, (values, place), jac=True, method="L-BFGS-B")
    sharpness: Floats = fitted.x
    surprise = np.ones(len(known))  # a true class that is no candidate is as surprising as can be
    p = _softmax(values, sharpness)
    surprise[known & found] = 1 - p[np.arange(len(p)), place]
    return sharpness, surprise[known]


def _candidates(left_out: LeftOut) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the closeness of all candidates and which is the true class, [q, m, f] and [q, m].

    Where a fold has fewer classes than another, closeness is filled up with NaN.
    """
    most = max(evidence.candidates.shape[1] for evidence in left_out.evidence)
    closeness, true = [], []
    for fold, evidence, classes in zip(
        np.unique(left_out.fold), left_out.evidence, left_out.classes, strict=True
    ):
        truth = left_out.truth[left_out.fold == fold, -1:]
        missing = [(0, 0), (0, most - evidence.candidates.shape[1])]
        true.append(np.pad(classes[evidence.candidates, -1] == truth, missing))
        values = evidence.closeness.astype(np.float64)
        closeness.append(np.pad(values, [*missing, (0, 0)], constant_values=np.nan))
    return np.concatenate(closeness), np.concatenate(true)


def _softmax(values: Floats, sharpness: Floats) -> Floats:
    odds = np.nan_to_num(values @ sharpness, nan=-np.inf)
    odds -= odds.max(axis=1, keepdims=True)
    weights: Floats = np.exp(odds)
    weights /= weights.sum(axis=1, keepdims=True)
    return weights


def _log_loss(sharpness: Floats, values: Floats, place: Codes) -> tuple[float, Floats]:
    """Return the conditional logit's mean log-loss (McFadden 1974) and its gradient."""
    p = _softmax(values, sharpness)
    rows = np.arange(len(p))
    mean = np.einsum("qm,qmf->qf", p, np.nan_to_num(values))
    gradient: Floats = (mean - values[rows, place]).mean(axis=0) + _RIDGE * sharpness
    loss = -np.log(np.maximum(p[rows, place], 1e-300)).mean()
    return float(loss) + _RIDGE / 2 * float(sharpness @ sharpness), gradient


def _card(labels: Codes, left_out: LeftOut, right: NDArray[np.bool_], seed: int) -> dict[str, Any]:
    known = left_out.novel == 0
    return {
        "images": int((labels[:, -1] >= 0).sum()),
        "taxa": [len(np.unique(column[column >= 0])) for column in labels.T],
        "known_specimens": int(known.sum()),
        "novel_specimens": int((~known).sum()),
        "right_if_known": right[known].mean(axis=0).tolist(),
        "seed": seed,
    }
