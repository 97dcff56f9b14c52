"""CLIP models that find pictures by words, and find pictures by pictures no worse than before."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from .blend import Weights, blended, weights_of
from .captions import Captions
from .config import ClipConfig
from .features import Features
from .judging import Figures, Judge
from .lesson import Lesson, Start, Watch
from .stages import Teaching
from .towers import Clip, whitening_of, with_text


@dataclass(frozen=True, eq=False)
class Outcome:
    """A trained model, and how it was chosen.

    Attributes:
        clip: the model.
        alpha: how far its weights are from those before to those trained.
        start: figures of what training started from; None where nothing was judged.
        trials: figures of every alpha.
        interrupted: whether it was told to stop early.
    """

    clip: Clip
    alpha: float
    start: Figures | None = None
    trials: Mapping[float, Figures] = field(default_factory=dict)
    interrupted: bool = False

    @property
    def problem(self) -> str:
        """Why it may not take the start's place; empty where it may, or nothing was judged."""
        if self.start is None:
            return ""
        found = self.trials[self.alpha]
        before, after = int(self.start.image.sum()), int(found.image.sum())
        if after < before:
            return (
                f"of {len(found.image)} pictures that were kept back it finds the taxon of {after} "
                f"by picture, its start that of {before}"
            )
        if self.start.naming is not None and found.value <= self.start.value:
            return "no step away from the start does better on the pictures that were kept back"
        return ""

    def to_dict(self) -> dict[str, Any]:
        """Return how it was chosen, as JSON-ready values."""
        return {
            "better": not self.problem,
            "problem": self.problem,
            "alpha": self.alpha,
            "interrupted": self.interrupted,
            "start": None if self.start is None else self.start.to_dict(),
            "trials": [{"alpha": a, **f.to_dict()} for a, f in self.trials.items()],
        }


def train_clip(
    start: Start,
    lesson: Lesson,
    config: ClipConfig,
    *,
    seed: int = 0,
    seconds: float = 0.0,
    alpha: float | None = None,
    resume: Mapping[str, Any] | None = None,
    watch: Watch | None = None,
    features: Features | None = None,
) -> Outcome:
    """Teach a model to find pictures by words.

    An encoder without words gets a text tower, which learns alone first. Ctrl-C ends it with what
    did best so far.

    Args:
        start: what training starts from; it is left as it is.
        lesson: pictures, and what they show.
        config: how.
        seed: of everything that is drawn.
        seconds: the most that the steps may take; 0 for no bound.
        alpha: how far to go from the start; by default whatever of `config.alphas` does best.
        resume: what `watch.keep` was last given, of the same start, lesson and config.
        watch: is told of every step.
        features: of the same start and the same pictures, where some were computed before.

    Raises:
        UsageError: no picture gets a caption that tells it from others.
        FloatingPointError: the loss is no number any more.
    """
    captions = Captions(lesson.taxa, templates=config.templates, shares=config.shares, seed=seed)
    features = features or Features(start, lesson)
    judge = Judge(lesson, captions, features, seed)
    kept = dict(resume or {})
    teaching = Teaching(
        lesson, captions, features, judge, config, watch or Watch(), seed, seconds, kept
    )
    before = judge.of_start(start)
    clip = copy_of(start, lesson, config, features, seed)
    first = weights_of(clip.network)
    if start.clip is None:
        teaching.teach_text(clip, epochs=config.text.epochs, rate=config.text.rate)
        # Words that mean nothing yet are no start to go back to.
        first = kept.get("first") or weights_of(clip.network)
    elif config.mode == "locked":
        teaching.teach_text(clip, epochs=config.epochs, rate=config.rate)
    if config.mode != "locked" and not teaching.interrupted:
        teaching.teach_towers(clip)
    trained = weights_of(clip.network)
    if before is None:
        chosen, trials = 1.0 if alpha is None else alpha, {}
    else:
        alphas = config.alphas if alpha is None else (alpha,)
        still = config.mode == "locked"
        if still and start.clip is None:
            alphas = (1.0,)
        trials = _trials(clip, judge, first, trained, alphas, still=still)
        chosen = _best(trials, before)
    clip.network.load_state_dict(blended(first, trained, chosen))
    clip.network.requires_grad_(True)
    return Outcome(clip, chosen, before, trials, teaching.interrupted)


def copy_of(
    start: Start, lesson: Lesson, config: ClipConfig, features: Features, seed: int
) -> Clip:
    """Return a copy of the start, or its image network with a text tower beside it."""
    if start.clip is not None:
        return replace(start.clip, network=deepcopy(start.clip.network).eval())
    return with_text(
        start.image,
        start.name,
        start.preprocessing,
        config.text,
        whitening=whitening_of(features.of(lesson.learn)[:, 0], lesson.labels[lesson.learn]),
        seed=seed,
    )


def _trials(
    clip: Clip,
    judge: Judge,
    first: Weights,
    trained: Weights,
    alphas: tuple[float, ...],
    *,
    still: bool,
) -> dict[float, Figures]:
    """Return the figures of weights between two, `still` where the image network is the same."""
    found: dict[float, Figures] = {}
    for alpha in sorted(set(alphas)):
        clip.network.load_state_dict(blended(first, trained, alpha))
        found[alpha] = judge.figures(clip, still=still)
    return found


def _best(trials: Mapping[float, Figures], start: Figures) -> float:
    """Return the alpha that does best of those that lose no picture, of equals the smallest."""
    alphas = list(trials)
    keeps = [alpha for alpha in alphas if trials[alpha].image.sum() >= start.image.sum()]
    values = np.array([trials[alpha].value for alpha in keeps or alphas])
    return (keeps or alphas)[int(values.argmax())]
