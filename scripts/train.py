"""`holotype train`: an encoder that knows these taxa better than the one it started from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from holotype.training.metric.presets import PRESETS

from .console import FILTERS, InterruptionError, JsonFlag, err, out, print_json

if TYPE_CHECKING:
    from holotype.training.metric.config import TrainConfig
    from holotype.training.metric.train import Watch

_NOT_BETTER = 1
_SHOWN = 5  # problems


def train(
    collection: Annotated[
        Path | None, typer.Argument(help="The collection's folder.", show_default=False)
    ] = None,
    preset: Annotated[
        str, typer.Option(help=f"A recipe: {', '.join(PRESETS)}; docs/presets.md.")
    ] = "default",
    config: Annotated[
        Path | None,
        typer.Option(
            help="A TOML file of what differs from the preset; --show-config prints all settings.",
            show_default=False,
        ),
    ] = None,
    name: Annotated[
        str,
        typer.Option(
            "--as", help="What the new space is called; one that was trained is replaced."
        ),
    ] = "trained",
    space: Annotated[
        str | None,
        typer.Option(
            help="Which space's encoder and pictures to start from; by default the first.",
            show_default=False,
        ),
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(help="Learn from these images only, e.g. split=train. " + FILTERS),
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option(
            min=0.1,
            help="The most minutes that all of it may take; the schedule is fitted into them. "
            "Without, the preset says how long.",
            show_default=False,
        ),
    ] = None,
    loss: Annotated[
        str | None,
        typer.Option(help="A loss by name, without a miner; docs/losses.md.", show_default=False),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            help="Decides all that is drawn at random; the same gives the same run.",
            show_default=False,
        ),
    ] = None,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Go on with a run of that name that a crash or kill ended."),
    ] = False,
    tensorboard: Annotated[
        Path | None,
        typer.Option(help="Write curves for TensorBoard into this folder.", show_default=False),
    ] = None,
    show_config: Annotated[
        bool, typer.Option("--show-config", help="Print every setting as TOML, and do nothing.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Train the encoder of a space on its labelled pictures, and keep it where it is better.

    Some specimens and species are kept back to judge by; if that goes well, it
    trains on all. The collection gets a checkpoint and a space of that name, for
    identify, search, eval and export with --space. Where it is not surely better
    than before, nothing changes and the exit code is 1.

    Ctrl-C ends it with the best so far. More: docs/training.md.
    """
    from holotype.index.collection import Collection
    from holotype.index.errors import UsageError
    from holotype.training.clip.space import train_clip_space
    from holotype.training.configuration import to_toml
    from holotype.training.metric.config import read_config
    from holotype.training.metric.processes import is_first
    from holotype.training.trained_space import Asked, train_space

    wanted = read_config(preset, config, _over(minutes, loss, seed))
    if loss is not None and wanted.method == "clip":
        raise UsageError(
            f"--loss is '{loss}' and preset 'clip' has a loss of its own; leave it out, or choose "
            "another preset"
        )
    if show_config:
        typer.echo(to_toml(wanted), nl=False)
        return
    if collection is None:
        raise UsageError("Name the collection's folder, or ask for --show-config")
    asked = Asked(space, name, where or (), resume)
    watching = _watching(tensorboard, wanted) if is_first() else nullcontext()
    with Collection.open(collection) as opened, watching as watch:
        run = train_clip_space if wanted.method == "clip" else train_space
        try:
            found = run(opened, wanted, asked, watch)
        except KeyboardInterrupt:
            raise InterruptionError(_interrupted(collection, name)) from None
    if not is_first():
        return
    if as_json:
        print_json(found)
    else:
        _show(found, collection, where or [])
    if found["space"] is None:
        raise typer.Exit(_NOT_BETTER)


def _over(minutes: float | None, loss: str | None, seed: int | None) -> dict[str, Any]:
    """Return what options say, as a table of the config."""
    over: dict[str, Any] = {}
    if minutes is not None:
        over["schedule"] = {"minutes": minutes}
    if loss is not None:
        over["loss"] = {"name": loss, "miner": ""}
    if seed is not None:
        over["seed"] = seed
    return over


def _interrupted(collection: Path, name: str) -> str:
    """Return what is said of a run that was broken off before anything came of it."""
    from holotype.training.metric.keeping import is_kept

    on = (
        "; --resume goes on with it" if is_kept(collection / "models" / f".{name}.training") else ""
    )
    return f"Interrupted; {collection} is as it was before{on}."


@contextmanager
def _watching(tensorboard: Path | None, config: TrainConfig) -> Iterator[Watch]:
    """Show on stderr how far it is: the phase, the loss, pictures a second, time left."""
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    from holotype.training.metric.curves import Curves
    from holotype.training.metric.train import Watch

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[said]}"),
        TimeRemainingColumn(),
    )
    curves = Curves(tensorboard) if tensorboard else None
    with Progress(*columns, console=err, redirect_stdout=False) as bar:
        task = bar.add_task("Training", total=None, said="")

        def on_phase(phase: str) -> None:
            bar.reset(task, description=phase, total=None, said="")

        def on_work(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        def on_step(step: Any) -> None:
            rate = step.seen / step.seconds if step.seconds else 0
            said = f"loss {step.loss:.3f}, {step.seen} pictures, {rate:.0f}/s"
            bar.update(task, completed=step.done, total=1, said=said)
            if curves:
                curves.step(step)

        def on_verdict(verdict: Any) -> None:
            err.print(_verdict(verdict.to_dict()), highlight=False, soft_wrap=True)
            if curves:
                curves.verdict(verdict)

        def on_note(sentence: str) -> None:
            err.print(sentence, style="yellow", highlight=False, soft_wrap=True)

        try:
            yield Watch(on_phase, on_step, on_work, on_verdict, on_note)
        finally:
            if curves:
                curves.close()


def _verdict(found: dict[str, Any]) -> str:
    """Return a judgement in one line; what decides is recall@1 and mAP@R together."""
    start, trained = found["start"], found["trained"]
    parts = [
        f"{kind} species {_of(start, kind)} -> {_of(trained, kind)}, mAP@R "
        f"{start[f'{kind}_map_at_r']:.3f} -> {trained[f'{kind}_map_at_r']:.3f}"
        for kind in ("known", "unseen")
        if f"{kind}_recall_at_1" in trained
    ]
    both = f"both together {start['value']:.3f} -> {trained['value']:.3f}"
    return f"Recall@1 on pictures kept back, start -> trained: {'; '.join(parts)}; {both}"


def _of(figures: dict[str, Any], kind: str) -> str:
    low, high = figures[f"{kind}_interval"]
    return f"{figures[f'{kind}_recall_at_1']:.3f} ({low:.3f} to {high:.3f})"


def _show(found: dict[str, Any], collection: Path, where: list[str]) -> None:
    problems = found["problems"]
    for problem in problems[:_SHOWN]:
        err.print(problem, style="yellow", highlight=False, soft_wrap=True)
    if len(problems) > _SHOWN:
        more = f"{len(problems)} problems in all; --json lists them"
        err.print(more, style="yellow", highlight=False, soft_wrap=True)
    judged = found["validation"]
    if found["space"] is None:
        sentence = f"Not better: {'; '.join(judged['reasons'])}. No space was made."
    else:
        sentence = (
            f"Space '{found['space']}' ({found['dim']} dimensions) of {judged['features']} "
            f"features was trained on {found['images']} images in {found['seconds']:.0f} s"
            f"{_checkpoint(found)}. {_measuring(found, collection, where)}"
        )
    out.print(sentence, highlight=False, soft_wrap=True)


def _measuring(found: dict[str, Any], collection: Path, where: list[str]) -> str:
    """Return how the space is measured; by pictures that it was trained on it is not."""
    if where == ["split=train"]:
        return (
            f"Compare: holotype eval {collection} --spaces {found['trained_from']},"
            f"{found['space']} --query split=test --gallery split=train"
        )
    return (
        "To measure it, ask with pictures that it was not trained on: train with --where "
        "split=train, and see docs/measuring.md"
    )


def _checkpoint(found: dict[str, Any]) -> str:
    return f"; checkpoint: {found['checkpoint']}" if found["checkpoint"] else ""
