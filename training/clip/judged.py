"""A judged run, and where it was better a second one on all pictures, those kept back included."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from holotype.index.arrays import Codes

from .blend import weights_of
from .config import ClipConfig
from .features import Features
from .lesson import Lesson, Start, Watch
from .towers import Clip
from .train import copy_of, train_clip


@dataclass(frozen=True, eq=False)
class Result:
    """A trained model with its judgement.

    Attributes:
        clip: the model.
        judgement: as `Outcome.to_dict` says it.
        refitted: whether it learned from all pictures.
    """

    clip: Clip
    judgement: Mapping[str, Any]
    refitted: bool

    @property
    def problem(self) -> str:
        """Why it may not take the start's place; empty where it may."""
        return str(self.judgement["problem"])


def train_judged(
    start: Start,
    lesson: Lesson,
    config: ClipConfig,
    *,
    seed: int = 0,
    seconds: float = 0.0,
    refit: bool = True,
    resume: Mapping[str, Any] | None = None,
    watch: Watch | None = None,
) -> Result:
    """Train, judge, and train again on everything where that was better.

    Args:
        start, lesson, config: see `train_clip`.
        seed: of everything that is drawn.
        seconds: the most that the steps of each run may take; 0 for no bound.
        refit: whether to train again; what is interrupted is not.
        resume: what `watch.keep` was last given.
        watch: is told of every step of both runs.
    """
    watch, resume = watch or Watch(), dict(resume or {})
    features = Features(start, lesson)
    run = partial(train_clip, start, config=config, seed=seed, seconds=seconds, features=features)
    if "judgement" in resume:
        clip = copy_of(start, lesson, config, features, seed)
        clip.network.load_state_dict(resume["weights"])
        judged = Result(clip, resume["judgement"], refitted=False)
    else:
        outcome = run(lesson, resume=resume, watch=watch)
        judged, resume = Result(outcome.clip, outcome.to_dict(), refitted=False), {}
    if judged.problem or judged.judgement["interrupted"] or not refit or not len(lesson.judge):
        return judged
    nothing: Codes = np.empty(0, np.int64)
    every = replace(lesson, learn=np.union1d(lesson.learn, lesson.judge), judge=nothing)
    weights = weights_of(judged.clip.network)

    def keep(state: Callable[[], dict[str, Any]], is_last: bool) -> None:
        kept = {"judgement": judged.judgement, "weights": weights}
        watch.keep(lambda: {**state(), **kept}, is_last)

    alpha = float(judged.judgement["alpha"])
    again = run(every, alpha=alpha, resume=resume, watch=Watch(watch.on_step, keep))
    if again.interrupted:
        return Result(judged.clip, {**judged.judgement, "interrupted": True}, refitted=False)
    return Result(again.clip, judged.judgement, refitted=True)
