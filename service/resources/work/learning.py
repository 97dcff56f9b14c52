"""Jobs that make a space better or surer: tune, train, calibrate. What they make is served at once.

What tunes, trains and calibrates loads large libraries, so it is imported when it is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holotype.index.errors import UsageError
from holotype.index.runtime import worker_count
from holotype.index.ways import way_there

from ...engine import Engine
from ...jobs import Telling, Work
from . import orders

if TYPE_CHECKING:
    from holotype.training.metric.config import TrainConfig
    from holotype.training.metric.train import Watch


def tuning_work(engine: Engine, space: str, asked: orders.Tune) -> Work:
    """Return the work of tuning a space."""
    from holotype.training.spaces import tune_space

    def work(tell: Telling) -> dict[str, Any]:
        found = tune_space(
            engine.collection, space=space, name=asked.name, where=asked.where, progress=tell
        )
        engine.renew(found["space"])
        return found

    return work


def calibration_work(engine: Engine, space: str, asked: orders.Calibrate) -> Work:
    """Return the work of calibrating with all cores but one, which is left to questions."""
    from holotype.training.spaces import calibrate_space

    threads = max(1, worker_count() - 1)

    def work(tell: Telling) -> dict[str, Any]:
        return calibrate_space(
            engine.collection, space=space, seed=asked.seed, threads=threads, progress=tell
        )

    return work


def training_work(engine: Engine, space: str, asked: orders.Train) -> Work:
    """Return the work of training the encoder of a space.

    Raises:
        UsageError: a preset, a loss or a setting that is unknown or off, or an encoder to start
            from, which is no choice of a request.
    """
    from holotype.training.asked import Asked
    from holotype.training.clip.space import train_clip_space
    from holotype.training.metric.keeping import is_kept
    from holotype.training.trained_space import train_space

    config = _config(asked)
    if asked.resume and not is_kept(_left_by(engine, asked.name)):
        raise UsageError(
            f"resume: no run of '{asked.name}' was broken off here, or it had kept nothing yet; "
            "leave it out"
        )
    train = train_clip_space if config.method == "clip" else train_space

    def work(tell: Telling) -> dict[str, Any]:
        notes: list[str] = []
        wanted = Asked(space, asked.name, asked.where, asked.resume)
        found = train(engine.collection, config, wanted, _watched(tell, notes))
        engine.renew(found["space"], found.get("untuned_space"))
        checkpoint = found["checkpoint"]
        told = {
            "checkpoint": Path(checkpoint).name if checkpoint else None,
            "problems": [engine.plain(problem) for problem in found["problems"]],
            "notes": notes,
        }
        return {**found, **told}

    return work


def left_of_training(engine: Engine, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options that go on with a run, where it left something to go on from."""
    from holotype.training.metric.keeping import is_kept

    folder = _left_by(engine, str(options.get("name", "trained")))
    return {**options, "resume": is_kept(folder)}


def _left_by(engine: Engine, name: str) -> Path:
    """Return where a run of that name keeps what it needs to go on."""
    return engine.collection.folder / "models" / f".{name}.training"


def _config(asked: orders.Train) -> TrainConfig:
    from holotype.training.configuration import merged
    from holotype.training.metric.config import read_config

    over: dict[str, Any] = {"seed": asked.seed}
    if asked.minutes is not None:
        over["schedule"] = {"minutes": asked.minutes}
    if asked.loss is not None:
        over["loss"] = {"name": asked.loss, "miner": ""}
    config = read_config(asked.preset, None, merged(asked.config, over))
    if asked.loss is not None and config.method == "clip":
        raise UsageError(f"loss is '{asked.loss}', and preset 'clip' has a loss of its own")
    if config.network.encoder:
        raise UsageError(
            f"Training would start from encoder '{config.network.encoder}', and a request cannot "
            f"choose one: train the space's own, or run {way_there('train')}"
        )
    return config


def _watched(tell: Telling, notes: list[str]) -> Watch:
    """Return what a run tells how far it is."""
    from holotype.training.metric.train import Watch

    return Watch(
        on_phase=tell.phase,
        on_step=lambda step: tell(int(1000 * step.done), 1000),
        on_work=tell,
        on_note=notes.append,
    )
