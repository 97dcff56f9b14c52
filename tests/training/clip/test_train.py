from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import save_file

from holotype.index.encoders import load_encoder
from holotype.index.encoders.architecture import Architecture, build, clip_architecture
from holotype.index.encoders.checkpoint import save_checkpoint
from holotype.index.encoders.model import Preprocessing
from holotype.index.encoders.words import tokenizer_of
from holotype.index.errors import UsageError
from holotype.training.clip.captions import Taxa
from holotype.training.clip.config import ClipConfig, TextConfig
from holotype.training.clip.judged import Result, train_judged
from holotype.training.clip.judging import Figures
from holotype.training.clip.lesson import Lesson, Start, Tick, Watch
from holotype.training.clip.space import start_from
from holotype.training.clip.towers import Clip
from holotype.training.clip.train import Outcome, train_clip

SIDE, HALF = 32, (0.5, 0.5, 0.5)
RECIPE = Preprocessing(size=SIDE, mean=HALF, std=HALF)
NAMES = [["red moth", "blue moth", "green moth", "grey moth"]]
COLOURS = np.array([[200, 30, 30], [30, 30, 200], [30, 200, 30], [120, 120, 120]])
TEXT = TextConfig(width=64, layers=1, length=12, epochs=20, rate=5e-3)
CONFIG = ClipConfig(text=TEXT, epochs=3, batch=16, rate=1e-3, rank=2, alphas=(0.0, 0.5, 1.0))


@pytest.fixture(scope="module")
def lesson() -> Lesson:
    """Four species of one colour each, 8 pictures a species, a quarter of them to judge by."""
    rng, labels = np.random.default_rng(0), np.repeat(np.arange(4), 8)
    noise = rng.normal(0, 40, (32, SIDE, SIDE, 3))
    squares = (COLOURS[labels][:, None, None] + noise).clip(0, 255).astype(np.uint8)
    judge = np.arange(32)[np.arange(32) % 8 < 2]
    learn = np.setdiff1d(np.arange(32), judge)
    return Lesson(squares, Taxa(("species",), labels[:, None], NAMES), learn, judge)


@pytest.fixture(scope="module")
def start() -> Start:
    """A network without words."""
    torch.manual_seed(0)
    image = timm.create_model("test_efficientnet", num_classes=0).eval()
    return Start(image, "test_efficientnet", RECIPE)


@pytest.fixture(scope="module")
def clip_start() -> Start:
    """A CLIP model with random weights, of transformers in both towers."""
    torch.manual_seed(0)
    vision = {"image_size": SIDE, "layers": 1, "width": 64, "patch_size": 16}
    text = {"context_length": 12, "width": 64, "heads": 1, "layers": 1}
    config = {"embed_dim": 32, "vision_cfg": vision, "text_cfg": text}
    image = build(clip_architecture(config)).eval()
    clip = Clip(image.get_submodule("clip"), config, RECIPE, tokenizer_of(config))
    return Start(image, "", RECIPE, clip)


def weights(outcome: Outcome | Result) -> dict[str, torch.Tensor]:
    found: dict[str, torch.Tensor] = outcome.clip.network.state_dict()
    return found


def same(first: Outcome | Result, second: Outcome | Result) -> bool:
    return all(torch.equal(t, weights(second)[name]) for name, t in weights(first).items())


def test_an_encoder_without_words_learns_them(start: Start, lesson: Lesson) -> None:
    before = {name: t.clone() for name, t in start.image.state_dict().items()}
    outcome = train_clip(start, lesson, CONFIG)
    assert not outcome.problem
    found = outcome.to_dict()["trials"][-1]
    assert found["naming_accuracy"] >= 0.75
    vectors = outcome.clip.text_vectors(["red moth", "blue moth"])
    pictures = torch.from_numpy(lesson.squares[[0, 8]]).permute(0, 3, 1, 2) / 255
    with torch.no_grad():
        scores = outcome.clip.pictures(pictures).numpy() @ vectors.T
    assert scores.argmax(1).tolist() == [0, 1]
    assert all(torch.equal(t, before[name]) for name, t in start.image.state_dict().items())
    trunk = outcome.clip.network.get_submodule("visual.trunk").state_dict()
    assert all(torch.equal(t, before[name]) for name, t in trunk.items())


@pytest.mark.parametrize("mode", ["locked", "lora", "whole"])
def test_each_mode_changes_what_it_says(clip_start: Start, lesson: Lesson, mode: Any) -> None:
    assert clip_start.clip is not None
    before = clip_start.clip.network.state_dict()
    outcome = train_clip(clip_start, lesson, replace(CONFIG, mode=mode), alpha=1.0)
    changed = {n for n, t in weights(outcome).items() if not torch.equal(t, before[n])}
    assert weights(outcome).keys() == before.keys()
    assert "logit_scale" in changed
    assert any(name.startswith("transformer.") for name in changed)
    assert any(name.startswith("visual.") for name in changed) == (mode != "locked")
    assert ("token_embedding.weight" in changed) == (mode != "lora")


def test_a_folder_of_open_clip_is_trained_as_it_is(
    clip_start: Start, lesson: Lesson, tmp_path: Path
) -> None:
    assert clip_start.clip is not None
    recipe = {"size": SIDE, "mean": HALF, "std": HALF}
    config = {"model_cfg": clip_start.clip.config, "preprocess_cfg": recipe}
    (tmp_path / "open_clip_config.json").write_text(json.dumps(config))
    save_file(clip_start.clip.network.state_dict(), tmp_path / "open_clip_model.safetensors")
    start = start_from(load_encoder(f"local-dir:{tmp_path}"))
    assert start.clip is not None
    outcome = train_clip(start, lesson, replace(CONFIG, mode="whole", epochs=1), alpha=1.0)
    made = clip_architecture(outcome.clip.config)
    recipe_of = outcome.clip.preprocessing
    folder = tmp_path / "made"
    save_checkpoint(
        folder, outcome.clip.network, architecture=made, preprocessing=recipe_of, card={}
    )
    found = load_encoder(f"checkpoint:{folder}").encode_text(["red moth"])
    assert found @ outcome.clip.text_vectors(["red moth"])[0] == pytest.approx(1, abs=1e-5)


def test_an_encoder_that_cannot_learn_words_is_refused(tmp_path: Path) -> None:
    image = timm.create_model("test_efficientnet", num_classes=0)
    headed = Architecture("timm", "test_efficientnet", head=(8,))
    save_checkpoint(tmp_path, build(headed), architecture=headed, preprocessing=RECIPE, card={})
    with pytest.raises(UsageError, match="cannot learn words"):
        start_from(load_encoder(f"checkpoint:{tmp_path}"))
    save_checkpoint(
        tmp_path / "plain", image, architecture="test_efficientnet", preprocessing=RECIPE, card={}
    )
    assert start_from(load_encoder(f"checkpoint:{tmp_path / 'plain'}")).clip is None


def test_weights_lie_between_the_start_and_what_was_trained(
    clip_start: Start, lesson: Lesson
) -> None:
    config = replace(CONFIG, mode="whole", epochs=6)
    outcome = train_clip(clip_start, lesson, config)
    assert list(outcome.trials) == [0.0, 0.5, 1.0]
    assert outcome.start is not None
    assert outcome.trials[0.0].value == outcome.start.value
    kept = [a for a, f in outcome.trials.items() if f.image.sum() >= outcome.start.image.sum()]
    best = max(outcome.trials[alpha].value for alpha in kept)
    assert outcome.trials[outcome.alpha].value == best


def test_nothing_better_is_said(clip_start: Start, lesson: Lesson) -> None:
    config = replace(CONFIG, alphas=(0.0,))
    assert "no step away" in train_clip(clip_start, lesson, config).problem


def test_what_loses_a_picture_is_refused(clip_start: Start) -> None:
    assert clip_start.clip is not None
    before = Figures(np.array([True, True, False]), np.array([False, False, False]))
    after = Figures(np.array([True, False, False]), np.array([True, True, True]))
    outcome = Outcome(clip_start.clip, 1.0, before, {1.0: after})
    assert "of 3 pictures that were kept back it finds the taxon of 1 " in outcome.problem


@pytest.mark.parametrize("mode", ["locked", "lora", "whole"])
def test_a_run_goes_on_to_the_same_weights(start: Start, lesson: Lesson, mode: Any) -> None:
    config = replace(CONFIG, mode=mode, text=replace(TEXT, epochs=4))
    whole = train_clip(start, lesson, config)
    last = 8 if mode == "locked" else 5
    kept = stopped_at(start, lesson, config, last)
    assert same(train_clip(start, lesson, config, resume=kept), whole)


class KilledError(Exception):
    pass


def stopped_at(start: Start, lesson: Lesson, config: ClipConfig, step: int) -> dict[str, Any]:
    """Return what was kept when a run was killed in its last stage."""
    kept: dict[str, Any] = {}
    stage = "text" if config.mode == "locked" else "towers"

    def keep(state: Callable[[], dict[str, Any]], _: bool) -> None:
        found = state()
        if found["stage"] == stage and found["trainer"]["step"] == step:
            kept.update(copied(found))
            raise KilledError

    with pytest.raises(KilledError):
        train_clip(start, lesson, config, watch=Watch(keep=keep))
    return kept


def copied(state: Any) -> Any:
    """Return a state as a file would hold it."""
    if isinstance(state, torch.Tensor):
        return state.detach().clone()
    if isinstance(state, dict):
        return {name: copied(value) for name, value in state.items()}
    return [copied(value) for value in state] if isinstance(state, list) else state


def test_ctrl_c_keeps_the_best_so_far(start: Start, lesson: Lesson) -> None:
    ticks: list[Tick] = []

    def on_step(tick: Tick) -> None:
        ticks.append(tick)
        if tick.seen == 17 * 16:
            raise KeyboardInterrupt

    outcome = train_clip(start, lesson, CONFIG, watch=Watch(on_step=on_step))
    assert outcome.interrupted
    assert ticks[-1].done < 1
    assert not outcome.problem


def test_what_was_better_is_trained_again_on_everything(start: Start, lesson: Lesson) -> None:
    config, kept = replace(CONFIG, text=replace(TEXT, epochs=6)), []
    result = train_judged(start, lesson, config)
    assert result.refitted
    assert result.judgement["trials"][0]["pictures"] == 8
    seen: list[int] = []

    def keep(state: Callable[[], dict[str, Any]], _: bool) -> None:
        found = state()
        if "judgement" in found and found["trainer"]["step"] == 5:
            kept.append(copied(found))
            raise KilledError

    with pytest.raises(KilledError):
        train_judged(start, lesson, config, watch=Watch(keep=keep))
    watch = Watch(on_step=lambda tick: seen.append(tick.seen))
    again = train_judged(start, lesson, config, resume=kept[0], watch=watch)
    assert seen[0] == 6 * 16
    assert same(again, result)
    assert again.judgement == result.judgement


def test_a_time_bound_ends_a_run_early_with_a_low_rate(start: Start, lesson: Lesson) -> None:
    ticks: list[Tick] = []
    config = replace(CONFIG, text=replace(TEXT, epochs=10_000))
    train_clip(start, lesson, config, seconds=0.5, watch=Watch(on_step=ticks.append))
    assert ticks[-1].done == 1
    assert ticks[-1].seen < 10_000 * 24


def test_captions_about_families_are_judged_by_families(start: Start, lesson: Lesson) -> None:
    species = lesson.taxa.labels
    labels = np.concatenate([species // 2, species], 1)
    taxa = Taxa(("family", "species"), labels, [["warm", "cold"], *NAMES])
    outcome = train_clip(start, replace(lesson, taxa=taxa), replace(CONFIG, shares={"family": 1.0}))
    assert outcome.start is not None
    assert outcome.trials[1.0].naming is not None
    assert outcome.trials[1.0].naming.mean() > 0.5
    alone = replace(lesson, judge=np.arange(8), learn=np.arange(8, 32))
    with pytest.raises(UsageError, match="name more specimens"):
        train_clip(start, alone, CONFIG)


def test_nothing_to_judge_by_trains_on_everything(start: Start, lesson: Lesson) -> None:
    every = replace(lesson, learn=np.arange(32), judge=np.empty(0, np.int64))
    outcome = train_clip(start, every, CONFIG, alpha=1.0)
    assert outcome.start is None
    assert not outcome.problem
    assert outcome.to_dict()["trials"] == []


def test_a_rate_that_is_too_high_is_said(start: Start, lesson: Lesson) -> None:
    config = replace(CONFIG, text=replace(TEXT, rate=1e30))
    with pytest.raises(FloatingPointError, match="lower the rate"):
        train_clip(start, lesson, config)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"epochs": 0}, "clip.epochs is 0"),
        ({"alphas": (2.0,)}, "clip.alphas"),
        ({"scales": (0.0, 1.0)}, "clip.scales"),
        ({"templates": ("{sex}",)}, "names 'sex'"),
        ({"text": TextConfig(width=100)}, "multiple of 64"),
    ],
)
def test_what_cannot_be_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        replace(CONFIG, **change)
