"""`python -m holotype.scripts.bench.clip MANIFEST`: how well words find pictures after training.

A CLIP model learns from the pictures of split=train by the bundled encoder's image network and a
text tower that starts from nothing. Then every name of a species, genus and family searches the
pictures of split=test, and each of these searches split=train; no run chooses anything by them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from holotype.index.arrays import Codes, Embeddings, Flags, Pixels
from holotype.index.encoders import Encoder, load_encoder
from holotype.index.manifests.manifest import Manifest
from holotype.index.pictures.reading import read_bytes, read_picture
from holotype.index.taxonomy import RANKS
from holotype.training.clip.captions import Taxa
from holotype.training.clip.config import ClipConfig, Mode, TextConfig
from holotype.training.clip.features import Features
from holotype.training.clip.judged import train_judged
from holotype.training.clip.lesson import Lesson, Start
from holotype.training.clip.pictures import embedded
from holotype.training.clip.recall import picture_hits, word_figures
from holotype.training.tuning.folds import specimen_folds

from ..console import one_sentence, out, progress

_RESAMPLES = 2000
_WORDS = ("species", "genus", "family")


def measure(
    manifest: Path,
    mode: Annotated[str, typer.Option(help="locked, lora or whole.")] = "locked",
    seeds: Annotated[int, typer.Option(help="How many runs.")] = 3,
    size: Annotated[int, typer.Option(help="Side of the pictures, 0 for the encoder's.")] = 0,
    epochs: Annotated[int, typer.Option(help="Of both towers.")] = 4,
    batch: Annotated[int, typer.Option(help="Pictures a step.")] = 256,
    rate: Annotated[float, typer.Option(help="Of both towers.")] = 1e-4,
    refit: Annotated[bool, typer.Option(help="Train again on all of split=train.")] = True,
) -> None:
    """Train and measure, a line of JSON a seed."""
    encoder = load_encoder("bundled")
    recipe = encoder.preprocessing
    recipe = replace(recipe, size=size or recipe.size)
    start = Start(encoder.network.image, "tf_efficientnet_lite0", recipe)
    pictures = _pictures(manifest, encoder)
    for seed in range(seeds):
        config = ClipConfig(
            mode=_mode(mode), epochs=epochs, batch=batch, rate=rate, text=TextConfig()
        )
        found = _run(start, pictures, config, seed, refit)
        out.print_json(json.dumps(found), indent=None)


def _mode(name: str) -> Mode:
    modes: dict[str, Mode] = {"locked": "locked", "lora": "lora", "whole": "whole"}
    if name not in modes:
        raise typer.BadParameter(f"'{name}' is none of {', '.join(modes)}")
    return modes[name]


@dataclass(frozen=True, eq=False)
class Pictures:
    """What pictures show, which split each is of, and themselves as squares."""

    taxa: Taxa
    split: list[str]
    squares: Pixels


def _pictures(source: Path, encoder: Encoder) -> Pictures:
    """Return the pictures of a manifest."""
    manifest = Manifest.read(source)
    frame = manifest.frame
    with progress("Reading") as step:
        made = []
        for path in frame["path"]:
            made.append(encoder.preprocess(read_picture(read_bytes(manifest.root / path)))[0])
            step(len(made), len(frame))
    ranks = [rank for rank in RANKS if rank in frame and (frame[rank] != "").any()]
    names, codes = [], []
    for rank in ranks:
        found, member = np.unique(frame[rank].to_numpy(str), return_inverse=True)
        empty = int(found[0] == "")
        names.append(found[empty:].tolist())
        codes.append(member - empty)
    taxa = Taxa(tuple(ranks), np.stack(codes, 1), names)
    return Pictures(taxa, frame["split"].tolist(), np.stack(made))


def _run(
    start: Start, pictures: Pictures, config: ClipConfig, seed: int, refit: bool
) -> dict[str, Any]:
    taxa, squares = pictures.taxa, pictures.squares
    train, test = (np.flatnonzero(np.array(pictures.split) == name) for name in ("train", "test"))
    species = taxa.labels[:, -1]
    kept_back = specimen_folds(species[train], train, 5, seed) == 0
    lesson = Lesson(squares, taxa, train[~kept_back], train[kept_back])
    began, worked = time.perf_counter(), time.process_time()
    result = train_judged(start, lesson, config, seed=seed, refit=refit)
    seconds, cpu = time.perf_counter() - began, time.process_time() - worked
    clip, recipe = result.clip, start.preprocessing

    def vectors(rows: Codes) -> Embeddings:
        return embedded(clip.pictures, squares, rows, recipe, device=start.device)[:, 0]

    before = _found(Features(start, lesson).units, species, train, test)
    after = _found(vectors, species, train, test)
    shown = vectors(test)
    words = {
        f"{rank}, {form.format('…')}": word_figures(
            clip.text_vectors([form.format(name) for name in taxa.names[place]]),
            shown,
            taxa.labels[test][:, place],
        ).to_dict()
        for place, rank in enumerate(taxa.ranks)
        if rank in _WORDS
        for form in ("{}", "a photo of {}")
    }
    return {
        "mode": config.mode,
        "seed": seed,
        "seconds": round(seconds, 1),
        "cpu_seconds": round(cpu, 1),
        "words": words,
        "image_recall_at_1": {"start": before.mean(), "trained": after.mean()},
        "difference": _interval(after.astype(float) - before),
        "refitted": result.refitted,
        "judgement": result.judgement,
    }


def _found(
    vectors: Callable[[Codes], Embeddings], species: Codes, train: Codes, test: Codes
) -> Flags:
    return picture_hits(vectors(test), vectors(train), species[test], species[train])


def _interval(differences: Any) -> list[float]:
    """Return the mean and its 95 % interval, by resampling pictures."""
    drawn = np.random.default_rng(0).integers(0, len(differences), (_RESAMPLES, len(differences)))
    low, high = np.quantile(differences[drawn].mean(1), [0.025, 0.975])
    return [round(float(value), 4) for value in (differences.mean(), low, high)]


if __name__ == "__main__":
    with one_sentence():
        typer.run(measure)
