"""The stages of teaching a CLIP model: its text tower by kept embeddings, then both towers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from holotype.index.arrays import Codes

from .blend import Weights, weights_of
from .captions import Captions
from .config import ClipConfig
from .features import Features
from .judging import Judge
from .lesson import Lesson, Tick, Watch
from .low_rank import add_low_rank, merge_low_rank
from .pictures import as_tensor
from .towers import Clip
from .trainer import Course, Trainer

_TEXT_SHARE = 0.3  # of the time, where both towers are to be taught too


@dataclass(eq=False)
class Teaching:
    """What the stages of one run share.

    Attributes:
        seed: of everything that is drawn.
        seconds: the most that both stages may take; 0 for no bound.
        resume: the state that an earlier process kept; used up by the stage that it is of.
        interrupted: whether a stage was told to stop early.
    """

    lesson: Lesson
    captions: Captions
    features: Features
    judge: Judge
    config: ClipConfig
    watch: Watch
    seed: int = 0
    seconds: float = 0.0
    resume: dict[str, Any] = field(default_factory=dict)
    interrupted: bool = False

    def teach_text(self, clip: Clip, *, epochs: int, rate: float) -> None:
        """Teach the text tower alone ("LiT", Zhai et al. 2022, arXiv 2111.07991)."""
        if self.resume.get("stage") == "towers":
            return
        clip.network.requires_grad_(True)
        clip.network.get_submodule("visual").requires_grad_(False)
        learn, seed = self.lesson.learn, self.seed
        seen = self.features.seen_by(clip, learn, copies=True)
        kept = torch.from_numpy(seen).to(clip.device)
        place = np.full(len(self.lesson.taxa), -1, np.int64)
        place[learn] = np.arange(len(learn))

        def see(rows: Codes, step: int) -> Tensor:
            drawn = np.random.default_rng([seed, step]).integers(kept.shape[1], size=len(rows))
            return kept[place[rows], drawn]

        part = self.seconds * (1.0 if self.config.mode == "locked" else _TEXT_SHARE)
        trainer = Trainer(clip, self.captions, learn, see, self._course(epochs, rate, part))
        self._teach("text", trainer, lambda: self.judge.naming(clip, still=True))

    def teach_towers(self, clip: Clip) -> None:
        """Teach both towers, or low-rank changes of both, which then are merged."""
        first = weights_of(clip.network)
        if self.resume.get("stage") == "towers":
            first = self.resume["first"]
            clip.network.load_state_dict(first)
        clip.network.requires_grad_(True)
        if self.config.mode == "lora":
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(self.seed)
                add_low_rank(clip.network, self.config.rank)
            clip.network.get_parameter("logit_scale").requires_grad_(True)
        recipe, change = clip.preprocessing, self.lesson.change

        def see(rows: Codes, step: int) -> Tensor:
            squares = np.asarray(self.lesson.squares[rows])
            shown = as_tensor(squares, recipe) if change is None else change(squares, step)
            return clip.pictures(shown.to(clip.device))

        course = self._course(self.config.epochs, self.config.rate, self.seconds)
        trainer = Trainer(clip, self.captions, self.lesson.learn, see, course)
        self._teach("towers", trainer, lambda: self.judge.naming(clip, still=False), first)
        merge_low_rank(clip.network)

    def _course(self, epochs: int, rate: float, seconds: float) -> Course:
        config = self.config
        return Course(
            epochs,
            config.batch,
            rate,
            config.decay,
            config.warm_up,
            config.scales,
            self.seed,
            seconds,
        )

    def _teach(
        self,
        stage: str,
        trainer: Trainer,
        judged: Callable[[], float],
        first: Weights | None = None,
    ) -> None:
        """Go through a stage; the weights that did best on the way stay."""
        best: tuple[float, Weights | None] = (-1.0, None)
        if self.resume.get("stage") == stage:
            trainer.load_state_dict(self.resume["trainer"])
            best = self.resume["value"], self.resume["best"]
            self.resume = {}

        def state() -> dict[str, Any]:
            return {
                "stage": stage,
                "first": first,
                "trainer": trainer.state_dict(),
                "value": best[0],
                "best": best[1],
            }

        points = self.config.points if len(self.judge.rows) else 0
        try:
            while trainer.done < 1:
                passed = int(points * trainer.done)
                loss = trainer.advance()
                if int(points * trainer.done) > passed and (value := judged()) >= best[0]:
                    best = value, weights_of(trainer.clip.network)
                self._tell(stage, trainer, loss)
                self.watch.keep(state, trainer.done >= 1)
        except KeyboardInterrupt:
            self.interrupted = True
        if best[1] is not None:
            trainer.clip.network.load_state_dict(best[1])
        self.seconds -= min(trainer.seconds, self.seconds * _TEXT_SHARE)

    def _tell(self, stage: str, trainer: Trainer, loss: float) -> None:
        seen = trainer.step * trainer.course.batch
        rate = trainer.course.rate_at(trainer.done)
        self.watch.on_step(Tick(stage, trainer.done, seen, loss, rate, trainer.seconds))
