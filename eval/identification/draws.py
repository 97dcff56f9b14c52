"""What an evaluation of answers found, draw by draw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from holotype.index.arrays import Codes, Flags, Floats
from holotype.index.gallery.gallery import Gallery

from ..measures.averages import number
from ..measures.calibration_error import measure_calibration, prior_weights
from ..protocols.fitted import Fitting
from ..splits.leakage import Leaks
from ..splits.splits import Split
from .asking import Identified
from .figures import Honesty


@dataclass(frozen=True, eq=False)
class Draw:
    """One gallery, and its answers about q specimens.

    Attributes:
        seed: of the split and of the folds of the calibration.
        split: who asked and who answered, as places in the gallery snapshot.
        figures: what was measured.
        found: answers at the stated prior.
        closed: answers with prior 0, for the calibration of known specimens.
        asked: int64 [q], place of each specimen's first image in the gallery snapshot.
        far: bool [q], novel, and of a category that the gallery lacks or asked as far.
        nearest: int64 [q, k], places of the most similar images, -1 as padding.
        cosines: float64 [q, k], in the first working space.
    """

    seed: int
    split: Split
    figures: Honesty
    found: Identified
    closed: Identified
    asked: Codes
    far: Flags
    nearest: Codes
    cosines: Floats

    @property
    def known(self) -> Flags:
        """Whether the species is in the gallery, bool [q]."""
        return ~self.found.novel

    @property
    def near(self) -> Flags:
        """Whether a specimen is novel but not far, bool [q]."""
        return self.found.novel & ~self.far


@dataclass(frozen=True, eq=False)
class WithLeaks:
    """What a split that gives answers away would have shown.

    Attributes:
        leaks: what crosses it.
        left_out: int64 [m], places of the gallery's images that cross, left out of what counts.
        figures: of every draw, with these images in the gallery.
    """

    leaks: Leaks
    left_out: Codes
    figures: tuple[Honesty, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return what crosses, and the means over draws, as JSON-ready values."""
        mean = _mean([figures.to_dict() for figures in self.figures])
        return {"leaks": self.leaks.to_dict(), "left_out": len(self.left_out), "mean": mean}


@dataclass(frozen=True, eq=False)
class AnswerEvaluation:
    """How honest the answers of a collection are.

    Attributes:
        images: the snapshot that the places of the draws point into.
        draws: one for every seed, at least one.
        query, gallery: the conditions of a given split; empty without.
        left_out: the rank of which a share of the taxa was kept out of the gallery, if any.
        share: that share.
        far: conditions on far novel images.
        risk: share of given answers that may be wrong.
        prior: stated share of novel specimens.
        fitting: what space and encoder were fitted on, and what is measured instead.
        with_leaks: what crosses the split and what it would have shown; None where nothing does.
    """

    images: Gallery
    draws: tuple[Draw, ...]
    query: tuple[str, ...]
    gallery: tuple[str, ...]
    left_out: str | None
    share: float
    far: tuple[str, ...]
    risk: float
    prior: float
    fitting: Fitting
    with_leaks: WithLeaks | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the figures of every draw, and their means, as JSON-ready values."""
        runs = [{"seed": draw.seed, **draw.figures.to_dict()} for draw in self.draws]
        return {
            "protocol": "identification",
            "query": list(self.query),
            "gallery": list(self.gallery),
            "left_out": self.left_out,
            "share": self.share if self.left_out else None,
            "far": list(self.far),
            "risk": self.risk,
            "prior": self.prior,
            "fitted_on": self.fitting.to_dict(),
            "mean": _mean(runs),
            "pooled": {
                "ece_known": self._pooled_errors(None),
                "ece_open": self._pooled_errors(self.prior),
            },
            "runs": runs,
            "with_leaks": self.with_leaks.to_dict() if self.with_leaks else None,
        }

    def _pooled_errors(self, prior: float | None) -> dict[str, float | None]:
        """Return the calibration error at every rank over the specimens of all draws.

        That of one draw of 200 specimens is about .03 for answers that are calibrated perfectly.

        Args:
            prior: stated share of novel specimens; None counts known specimens alone.
        """
        answered = [draw.found if prior else draw.closed for draw in self.draws]
        novel = np.concatenate([one.novel for one in answered])
        p = np.concatenate([one.answers.p for one in answered])
        right = np.concatenate([one.right for one in answered])
        if novel.all() or (prior and not novel.any()):
            return {}
        weights = prior_weights(novel, prior) if prior else (~novel).astype(np.float64)
        counted = weights > 0
        return {
            rank: number(
                measure_calibration(
                    p[counted, place], right[counted, place], weights[counted]
                ).mass.ece
            )
            for place, rank in enumerate(answered[0].ranks)
        }


def far_specimens(
    ranks: tuple[str, ...], truth: Codes, gallery: Codes, novel: Flags, asked_as_far: Flags
) -> Flags:
    """Return which novel specimens are far: asked as such, or of a category the gallery lacks.

    Args:
        ranks: names of the ranks, coarse to fine.
        truth: int64 [q, ranks], of the specimens, -1 where not known.
        gallery: int64 [n, ranks], of the gallery.
        novel: bool [q].
        asked_as_far: bool [q].
    """
    elsewhere = np.zeros(len(truth), np.bool_)
    if ranks[0] == "category":
        elsewhere = (truth[:, 0] >= 0) & ~np.isin(truth[:, 0], gallery[:, 0])
    return novel & (asked_as_far | elsewhere)


def _mean(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the mean over draws of every figure, intervals by their estimate."""
    first = runs[0]
    mean: dict[str, Any] = {}
    for key, value in first.items():
        values = [run[key] for run in runs]
        if isinstance(value, dict) and "estimate" in value:
            mean[key] = _average([each["estimate"] for each in values])
        elif isinstance(value, dict):
            mean[key] = _mean(values) if value else {}
        elif key != "seed":
            mean[key] = _average(values)
    return mean


def _average(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
