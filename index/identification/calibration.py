"""From evidence to calibrated probabilities, an answer at the right rank, or "unknown".

P(right at rank r) = P(known) P(right at r | known) + P(novel) P(right at r | novel): "known" means
that the specimen's species is in the gallery. The parts are logistic models over the evidence,
fitted by `training.calibrate` on specimens and on whole species that were left out of the gallery,
and the share of novel specimens is stated by whoever asks (METHODS 3.5, 3.6).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import save

from ..arrays import Codes, Flags, Floats
from ..errors import CorruptError
from ..files.plain_json import read_json
from ..vectors.fitted_on import FittedOn
from ..vectors.projection import Projection, unpacked
from ..ways import way
from .classes import Lineages
from .evidence import Evidence
from .features import OF_A_VIEW, OF_LIKELIHOOD, log_odds
from .likelihood import Shape
from .logistic import Logistic, logistic, with_prior
from .reference import Reference

_FAR = 0.005  # p-value of the distance below which nothing is said but "unknown"
_LEAST_SPREAD = 1e-4  # of cosines, where those of all left-out specimens are one
_SHAPE = "shape "  # what the names of its arrays begin with
_ODDS = 2  # features that `with_odds` adds
_FLOOR = 1e-4  # of probabilities that are compared


@dataclass(frozen=True, eq=False)
class Answers:
    """One answer for each of q specimens.

    Attributes:
        taxa: int64 [q, ranks], the likeliest taxon of every rank, coarse to fine, -1 for none.
        p: float64 [q, ranks], the probability that it is right; 0 for what is unlike everything.
        known: float64 [q], the probability that the species is in the gallery; 0 likewise.
        nearness_p: float64 [q] in (0, 1], how rare so large a distance is among known specimens.
        far: bool [q], which are unlike everything.
        rank: int64 [q], the finest rank that is sure enough, -1 for "unknown".
    """

    taxa: Codes
    p: Floats
    known: Floats
    nearness_p: Floats
    far: Flags
    rank: Codes


@dataclass(frozen=True, eq=False)
class Calibration:
    """What cross-fitting a gallery taught.

    Attributes:
        projections: the working spaces, fitted on the whole gallery.
        known: P(species in the gallery | finest rank's features), at equal shares. All models
            take the features of `with_odds`.
        right_known: P(right at rank | features, known), a model for every rank.
        right_novel: the same for specimens of species that the gallery lacks.
        nearness: float64, ascending: `Evidence.nearness` of left-out specimens of known species.
        sharpness: float64 [2 * spaces], weights of `Evidence.closeness` for class probabilities.
        surprise: float64, ascending: 1 - P(true species) of left-out specimens of known species, as
            many as there are places or days where these are told apart.
        card: on what it was fitted, and how well it did there.
        shape: of the last working space in that gallery; None where the present one tells it.
        fitted_on: the images that it was fitted on; None where nothing says so.
    """

    projections: tuple[Projection, ...]
    known: Logistic
    right_known: tuple[Logistic, ...]
    right_novel: tuple[Logistic, ...]
    nearness: Floats
    sharpness: Floats
    surprise: Floats
    card: dict[str, Any] = field(default_factory=dict)
    shape: Shape | None = None
    fitted_on: FittedOn | None = None

    def answer(
        self,
        reference: Reference,
        evidence: Evidence,
        *,
        risk: float = 0.05,
        prior: float = 0.2,
        nearness: Floats | None = None,
    ) -> Answers:
        """Answer with the finest rank whose probability of being right is at least 1 - risk.

        A rank at which the gallery has one name decides nothing, however probable that name is.

        Args:
            reference: the gallery that the evidence is from.
            evidence: of q specimens.
            risk: the share of given answers that may be wrong, in (0, 1).
            prior: the share of specimens expected to be of species that the gallery lacks, in
                [0, 1).
            nearness: float64 [q], `nearness_to` the gallery that this was fitted on, where the
                evidence is from a part of it: to a part everything is farther. By default that of
                the evidence.
        """
        p, known = self.probabilities(evidence, prior)
        p = coherent(p, evidence.taxa, reference.lineages)
        nearness = evidence.nearness if nearness is None else nearness
        place = np.searchsorted(self.nearness, nearness, side="right")
        nearness_p = (1 + place) / (1 + len(self.nearness))
        far = nearness_p < _FAR
        beyond = np.flatnonzero((place == 0) & ~far)
        far[beyond] = self._far_beyond_all(nearness[beyond])
        p, known = np.where(far[:, None], 0.0, p), np.where(far, 0.0, known)
        sure = (p >= 1 - risk) & reference.decisive
        finest = p.shape[1] - 1 - sure[:, ::-1].argmax(axis=1)
        rank = np.where(sure.any(axis=1), finest, -1)
        return Answers(evidence.taxa, p, known, nearness_p, far, rank)

    def probabilities(self, evidence: Evidence, prior: float) -> tuple[Floats, Floats]:
        """Return P(right) [q, ranks] before ranks are reconciled, and P(known) [q]."""
        features = with_odds(evidence, self.sharpness)
        known = with_prior(self.known(features[:, -1]), prior)
        weights, intercepts = self._right
        odds = np.einsum("qrf,mrf->mqr", features, weights) + intercepts[:, None]
        if_known, if_novel = logistic(odds)
        # Nobody is named better for being of a species that the gallery lacks.
        share = known[:, None]
        p = share * if_known + (1 - share) * np.minimum(if_known, if_novel)
        return np.where(evidence.taxa >= 0, p, 0.0), known

    def _far_beyond_all(self, nearness: Floats) -> Flags:
        """Return which of the specimens that lie beyond all left-out ones are unlike everything.

        Of fewer than 200 no rank is as rare as `_FAR`; there Student's t says how rare so distant
        a next one is.
        """
        n = len(self.nearness)
        if n < 2 or not len(nearness):
            return np.zeros(len(nearness), np.bool_)
        from scipy.special import stdtr  # most questions do without

        spread = max(float(self.nearness.std(ddof=1)), _LEAST_SPREAD) * np.sqrt(1 + 1 / n)
        rare: Flags = stdtr(n - 1, (nearness - self.nearness.mean()) / spread) < _FAR
        return rare

    @cached_property
    def _right(self) -> tuple[Floats, Floats]:
        """The models of all ranks, for known and for novel species: [2, ranks, …] each."""
        models = (self.right_known, self.right_novel)
        weights = np.stack([np.stack([model.weights for model in of]) for of in models])
        return weights, np.array([[model.intercept for model in of] for of in models])

    def class_probabilities(self, evidence: Evidence) -> Floats:
        """Return P(class | known species) float64 [q, m] of `Evidence.candidates`."""
        return class_probabilities(evidence, self.sharpness)

    def prediction_sets(self, evidence: Evidence, *, alpha: float = 0.05) -> list[Codes]:
        """Return for every specimen the classes that hold the true one with P >= 1 - alpha.

        Least ambiguous sets (Sadinle, Lei and Wasserman 2019); the promise is for known species.

        Returns:
            for every specimen, positions in `Reference.classes`, likeliest first, at least one.
        """
        p = self.class_probabilities(evidence)
        n = len(self.surprise)
        place = min(int(np.ceil((n + 1) * (1 - alpha))), n) - 1
        limit = 1 - self.surprise[place] if n else 0.0
        order = np.argsort(-p, axis=1, kind="stable")
        sizes = np.maximum(((p >= limit) & (evidence.candidates >= 0)).sum(axis=1), 1)
        classes = np.take_along_axis(evidence.candidates, order, axis=1)
        return [row[:size] for row, size in zip(classes, sizes, strict=True)]

    def to_bytes(self) -> bytes:
        """Return the calibration, its projections included, as a safetensors file."""
        models = [self.known, *self.right_known, *self.right_novel]
        tensors: dict[str, NDArray[Any]] = {
            "models": np.stack([model.to_array() for model in models]),
            "nearness": self.nearness,
            "sharpness": self.sharpness,
            "surprise": self.surprise,
        }
        if self.fitted_on is not None:
            tensors |= self.fitted_on.to_tensors()
        for number, projection in enumerate(self.projections):
            tensors[f"projection{number}"] = np.frombuffer(projection.to_bytes(), np.uint8)
        if self.shape is not None:
            tensors |= {f"{_SHAPE}{name}": part for name, part in self.shape.parts.items()}
        return bytes(save(tensors, metadata={"calibration": json.dumps(self.card)}))

    @classmethod
    def from_bytes(cls, content: bytes) -> Calibration:
        """Read what `to_bytes` wrote.

        Raises:
            CorruptError: the bytes are not a calibration.
        """
        try:
            tensors, text = unpacked(content, "calibration")
            card = read_json(text, dict)
            names = sorted(name for name in tensors if name.startswith("projection"))
            _check(tensors, len(names))
            models = [Logistic.from_array(values) for values in tensors["models"]]
            shape = _shape(tensors)
            fitted_on = FittedOn.from_tensors(tensors)
        except (SafetensorError, KeyError, TypeError, ValueError) as error:
            raise CorruptError(
                f"the stored calibration cannot be read ({error}); run {way('calibrate')} again"
            ) from error
        projections = tuple(Projection.from_bytes(tensors[name].tobytes()) for name in names)
        ranks = (len(models) - 1) // 2
        return cls(
            projections,
            models[0],
            tuple(models[1 : 1 + ranks]),
            tuple(models[1 + ranks :]),
            tensors["nearness"],
            tensors["sharpness"],
            tensors["surprise"],
            card,
            shape,
            fitted_on,
        )

    def fits(self, dim: int, ranks: int) -> bool:
        """Return whether it is of a space of so many dimensions and a gallery of so many ranks."""
        dims = {projection.dim for projection in self.projections}
        out = self.projections[-1].out
        fits = self.shape is None or self.shape.origin.shape == (out,)
        return fits and dims == {dim} and len(self.right_known) == ranks


def _shape(tensors: Mapping[str, NDArray[Any]]) -> Shape | None:
    """Return the shape of the last working space, None in a calibration that keeps none.

    Raises:
        KeyError, ValueError: it is no shape.
    """
    parts = {n.removeprefix(_SHAPE): part for n, part in tensors.items() if n.startswith(_SHAPE)}
    return Shape.from_parts(parts) if parts else None


def _check(tensors: dict[str, NDArray[Any]], projections: int) -> None:
    """Refuse numbers that no fit gives.

    Raises:
        KeyError, ValueError: one is missing, has another shape, or is not finite.
    """
    shown = projections - 1  # the last is for the likelihood
    features = 2 + len(OF_A_VIEW) * shown + len(OF_LIKELIHOOD) + _ODDS
    models = tensors["models"]
    if shown < 1 or models.ndim != 2 or models.shape[1] != 1 + features or len(models) % 2 == 0:
        raise ValueError(f"models of shape {models.shape} over {projections} projections")
    if tensors["sharpness"].shape != (2 * shown,):
        raise ValueError(f"sharpness of shape {tensors['sharpness'].shape}")
    for name in ("models", "nearness", "sharpness", "surprise"):
        values = tensors[name]
        if values.dtype != np.float64 or not np.isfinite(values).all():
            raise ValueError(f"its {name} holds what is no finite float64")
    for name in ("nearness", "surprise"):
        if tensors[name].ndim != 1 or (np.diff(tensors[name]) < 0).any():
            raise ValueError(f"its {name} does not ascend")


def class_probabilities(evidence: Evidence, sharpness: Floats) -> Floats:
    """Return softmax(closeness . sharpness) over `Evidence.candidates`, float64 [q, m]."""
    odds = evidence.closeness.astype(np.float64) @ sharpness
    odds[evidence.candidates < 0] = -np.inf
    odds -= np.maximum(odds.max(axis=1, keepdims=True), -1e300)
    weights: Floats = np.exp(odds)
    weights /= np.maximum(weights.sum(axis=1, keepdims=True), 1e-300)
    return weights


def with_odds(evidence: Evidence, sharpness: Floats) -> Floats:
    """Return the features with two more: how far class probabilities back the taxon.

    Returns:
        float64 [q, ranks, features + 2]: the log-odds of the taxon, its classes' probabilities
        summed, and the log-ratio to the likeliest class outside it.
    """
    p = class_probabilities(evidence, sharpness)[:, :, None]
    inside = evidence.candidate_taxa == evidence.taxa[:, None, :]
    taxon = np.where(inside, p, 0.0).sum(axis=1)
    other = np.where(inside, 0.0, p).max(axis=1)
    odds = np.stack([log_odds(taxon), np.log((taxon + _FLOOR) / (other + _FLOOR))], axis=2)
    return np.concatenate([evidence.features, odds], axis=2)


def coherent(p: Floats, taxa: Codes, lineages: Lineages) -> Floats:
    """Make the probabilities of neighbouring ranks agree with each other.

    A taxon is at least as probable as the one below it that it contains; where the finer taxon
    lies elsewhere, the two cannot both be right.

    Args:
        p: float64 [q, ranks], coarse to fine.
        taxa: int64 [q, ranks].
        lineages: of the gallery's classes.
    """
    p = p.copy()
    for rank in range(p.shape[1] - 2, -1, -1):
        parent = lineages.parents[rank][taxa[:, rank + 1]]
        inside = (parent == taxa[:, rank]) & (parent >= 0)
        elsewhere = (parent != taxa[:, rank]) & (parent >= 0) & (taxa[:, rank] >= 0)
        p[:, rank] = np.where(inside, np.maximum(p[:, rank], p[:, rank + 1]), p[:, rank])
        p[:, rank] = np.where(elsewhere, np.minimum(p[:, rank], 1 - p[:, rank + 1]), p[:, rank])
    return p
