"""A checkpoint can be what training makes: heads, CLIPs, networks of torchvision, two together."""

from __future__ import annotations

import json
import os
import shutil
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import pytest
import timm
import torch
from PIL import Image
from safetensors.torch import load_file

from holotype.index.encoders import Encoder, accelerated, load_encoder
from holotype.index.encoders.checkpoint import Architecture, build, save_checkpoint, split
from holotype.index.encoders.model import Preprocessing
from holotype.index.encoders.words import tokenizer_of
from holotype.index.errors import EncoderError, HolotypeError, UsageError
from holotype.index.files import durable

HALF = (0.5, 0.5, 0.5)
RECIPE = Preprocessing(size=32, mean=HALF, std=HALF)
TEXT = {"context_length": 16, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2}
CLIP: dict[str, Any] = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": 32, "layers": 2, "width": 32, "patch_size": 8, "head_width": 16},
    "text_cfg": TEXT,
}
WITH_TIMM: dict[str, Any] = {
    "embed_dim": 16,
    "vision_cfg": {"timm_model_name": "test_efficientnet", "image_size": 32},
    "text_cfg": TEXT,
    "custom_text": True,
}
PLAIN = Architecture("timm", "test_efficientnet")
MADE = {
    "plain": PLAIN,
    "head": Architecture("timm", "test_efficientnet", head=(24, 12)),
    "one layer": Architecture("timm", "test_resnet", head=(8,)),
    "clip": Architecture("open_clip", config=CLIP),
    "clip of timm": Architecture("open_clip", config=WITH_TIMM),
    "clip with a head": Architecture("open_clip", config=CLIP, head=(8,)),
    "torchvision": Architecture("torchvision", "mnasnet0_5", head=(8,)),
}


def trained(architecture: Architecture, seed: int = 1) -> torch.nn.Module:
    torch.manual_seed(seed)
    return build(architecture).eval()


def saved(
    folder: Path, architecture: Architecture, start: Architecture | None = None, **card: object
) -> str:
    beside = None if start is None else (start, trained(start, 2))
    save_checkpoint(
        folder,
        trained(architecture),
        architecture=architecture,
        preprocessing=RECIPE,
        card=card,
        beside=beside,
    )
    return f"checkpoint:{folder}"


def pixels(encoder: Encoder) -> np.ndarray:
    coarse = np.random.default_rng(3).integers(0, 256, (3, 6, 9, 3), dtype=np.uint8)
    return np.stack([encoder.preprocess(Image.fromarray(one).resize((90, 60))) for one in coarse])


def features(network: torch.nn.Module, squares: np.ndarray) -> np.ndarray:
    """What a network makes of one view, computed without an encoder."""
    images = torch.from_numpy(squares[:, 0]).permute(0, 3, 1, 2) / 255
    with torch.no_grad():
        rows: np.ndarray = torch.nn.functional.normalize(network((images - 0.5) / 0.5)).numpy()
    return rows


@pytest.mark.parametrize("made", MADE.values(), ids=list(MADE))
def test_every_architecture_is_saved_loaded_and_run_fast(
    made: Architecture, tmp_path: Path
) -> None:
    encoder = load_encoder(saved(tmp_path / "net", made))
    squares = pixels(encoder)
    rows = encoder.encode_images(squares)
    np.testing.assert_allclose(rows, features(trained(made), squares), atol=1e-5)
    assert encoder.architecture == made
    assert encoder.has_text == (made.library == "open_clip" and not made.head)
    fast = accelerated(encoder)
    assert fast is not encoder
    assert (fast.encode_images(squares) * rows).sum(axis=1).min() >= 0.9999


@pytest.mark.parametrize("name", ["head", "clip", "clip of timm"])
def test_the_start_stands_beside_the_trained(name: str, tmp_path: Path) -> None:
    made = MADE[name]
    encoder = load_encoder(saved(tmp_path / "net", made, PLAIN))
    squares = pixels(encoder)
    rows = encoder.encode_images(squares)
    parts = features(trained(made), squares), features(trained(PLAIN, 2), squares)
    np.testing.assert_allclose(rows, np.concatenate(parts, axis=1) / np.sqrt(2), atol=1e-5)
    assert not encoder.has_text  # its start has no words
    fast = accelerated(encoder)
    assert fast is not encoder
    assert (fast.encode_images(squares) * rows).sum(axis=1).min() >= 0.9999


def test_a_network_beside_its_start_sees_pictures_at_a_side_of_its_own(tmp_path: Path) -> None:
    small = replace(PLAIN, side=24)
    encoder = load_encoder(saved(tmp_path / "small", small, PLAIN))
    squares = pixels(encoder)
    rows = encoder.encode_images(squares)
    scaled = np.stack([by_pillow(one[0], 24) for one in squares])
    seen = features(trained(PLAIN), scaled[:, None])
    np.testing.assert_allclose(rows[:, : seen.shape[1]] * np.sqrt(2), seen, atol=1e-4)
    other = load_encoder(saved(tmp_path / "plain", PLAIN, PLAIN))
    np.testing.assert_allclose(
        rows[:, seen.shape[1] :], other.encode_images(squares)[:, seen.shape[1] :], atol=1e-6
    )
    sides = {load_encoder(saved(tmp_path / str(n), replace(PLAIN, side=n), PLAIN)) for n in (8, 16)}
    assert len({one.fingerprint for one in (encoder, other, *sides)}) == 4
    fast = accelerated(encoder)
    assert fast is not encoder
    assert (fast.encode_images(squares) * rows).sum(axis=1).min() >= 0.9999


def by_pillow(square: np.ndarray, side: int) -> np.ndarray:
    """A square scaled as encoders scale pictures, without rounding to whole numbers."""
    channels = [Image.fromarray(one.astype(np.float32)) for one in np.moveaxis(square, 2, 0)]
    bicubic = Image.Resampling.BICUBIC
    return np.stack([np.asarray(one.resize((side, side), bicubic)) for one in channels], axis=2)


def test_an_encoder_with_a_side_is_trained_on_without_it_and_is_of_a_newer_format(
    tmp_path: Path,
) -> None:
    small = replace(PLAIN, side=24)
    alone, both = (
        load_encoder(saved(tmp_path / str(place), small, start))
        for place, start in enumerate((None, PLAIN))
    )
    for place, encoder in enumerate((alone, both)):
        assert encoder.architecture is not None
        assert "at 24 px" in str(encoder.architecture)
        (own, network), start = split(encoder.architecture, encoder.network.image)
        assert (own, start and start[0]) == (small, PLAIN if place else None)
        assert network.state_dict().keys() == trained(PLAIN).state_dict().keys()
        card = json.loads((tmp_path / str(place) / "card.json").read_text())
        assert (card["format"], card["architecture"]["side"]) == (2, 24)


def test_words_of_a_clip_beside_its_start_find_pictures_as_both_do(tmp_path: Path) -> None:
    made = MADE["clip"]
    encoder = load_encoder(saved(tmp_path / "net", made, made))
    assert encoder.has_text
    words, squares = ["a moth", "a fish"], pixels(encoder)
    tokens = tokenizer_of(CLIP)(words)
    cosines = []
    for seed in (1, 2):
        tower = trained(made, seed)
        with torch.no_grad():
            text = tower.clip.encode_text(tokens, normalize=True).numpy()  # type: ignore[union-attr, operator]
        cosines.append(features(tower, squares) @ text.T)
    found = encoder.encode_images(squares) @ encoder.encode_text(words).T
    np.testing.assert_allclose(found, np.mean(cosines, axis=0), atol=1e-5)


def test_a_clip_is_saved_without_being_wrapped_and_its_words_are_open_clips(tmp_path: Path) -> None:
    torch.manual_seed(4)
    clip = open_clip.CLIP(**CLIP).eval()
    architecture = Architecture("open_clip", config=CLIP)
    save_checkpoint(
        tmp_path / "net", clip, architecture=architecture, preprocessing=RECIPE, card={}
    )
    encoder = load_encoder(f"checkpoint:{tmp_path / 'net'}")
    tokens = open_clip.SimpleTokenizer(context_length=16)(["Xestia baja"])
    with torch.inference_mode():
        expected = clip.encode_text(tokens, normalize=True).numpy()
    np.testing.assert_allclose(encoder.encode_text(["Xestia baja"]), expected, atol=1e-6)


def test_a_network_of_torchvision_gives_the_features_before_its_last_layer() -> None:
    import torchvision

    torch.manual_seed(0)
    network = torchvision.models.alexnet(weights=None).eval()
    torch.manual_seed(0)
    own = build(Architecture("torchvision", "alexnet")).eval()
    images = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        rows = own(images)
        torch.testing.assert_close(network.classifier[6](rows), network(images))
    assert rows.shape == (1, 4096)


def test_training_goes_on_from_a_checkpoint_and_its_start_stays(tmp_path: Path) -> None:
    first = load_encoder(saved(tmp_path / "first", MADE["head"], PLAIN))
    assert first.architecture is not None
    (architecture, network), beside = split(first.architecture, deepcopy(first.network.image))
    assert (architecture, beside and beside[0]) == (MADE["head"], PLAIN)
    with torch.no_grad():
        next(network.parameters()).add_(0.1)
    save_checkpoint(
        tmp_path / "second",
        network,
        architecture=architecture,
        preprocessing=first.preprocessing,
        card={},
        beside=beside,
    )
    second = load_encoder(f"checkpoint:{tmp_path / 'second'}")
    squares = pixels(first)
    rows, before = second.encode_images(squares), first.encode_images(squares)
    assert not np.allclose(rows[:, :12], before[:, :12])
    np.testing.assert_allclose(rows[:, 12:], before[:, 12:], atol=1e-6)


def test_a_start_that_is_two_networks_is_refused(tmp_path: Path) -> None:
    two = Architecture("timm", "test_resnet", beside=PLAIN)
    with pytest.raises(EncoderError, match="side by side"):
        saved(tmp_path / "net", PLAIN, two)
    with pytest.raises(EncoderError, match="already"):
        save_checkpoint(
            tmp_path / "net",
            trained(two),
            architecture=two,
            preprocessing=RECIPE,
            card={},
            beside=(PLAIN, trained(PLAIN)),
        )
    assert not (tmp_path / "net").exists()


def test_tensors_that_two_share_are_written_for_both(tmp_path: Path) -> None:
    network = trained(PLAIN)
    save_checkpoint(
        tmp_path / "net",
        network,
        architecture=PLAIN,
        preprocessing=RECIPE,
        card={},
        beside=(PLAIN, network),
    )
    encoder = load_encoder(f"checkpoint:{tmp_path / 'net'}")
    rows = encoder.encode_images(pixels(encoder))
    np.testing.assert_allclose(rows[:, : rows.shape[1] // 2], rows[:, rows.shape[1] // 2 :])


# Loaders say what they load ---------------------------------------------------------------------


def test_training_can_start_from_what_other_loaders_give(tmp_path: Path) -> None:
    assert load_encoder().architecture == Architecture("timm", "tf_efficientnet_lite0")
    timm.models.save_for_hf(timm.create_model("test_resnet", num_classes=10), tmp_path / "timm")
    encoder = load_encoder(f"timm:local-dir:{tmp_path / 'timm'}")
    assert encoder.architecture is not None
    assert build(encoder.architecture).state_dict().keys() == (
        encoder.network.image.state_dict().keys()
    )
    folder = tmp_path / "clip"
    folder.mkdir()
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": WITH_TIMM}))
    tower: Any = trained(MADE["clip of timm"])
    torch.save(tower.clip.state_dict(), folder / "open_clip_pytorch_model.bin")
    clip = load_encoder(f"local-dir:{folder}")
    assert clip.architecture == MADE["clip of timm"]
    save_checkpoint(
        tmp_path / "again",
        clip.network.image,
        architecture=clip.architecture,
        preprocessing=clip.preprocessing,
        card={},
    )
    again = load_encoder(f"checkpoint:{tmp_path / 'again'}")
    np.testing.assert_allclose(again.encode_text(["a"]), clip.encode_text(["a"]), atol=1e-6)


def test_what_cannot_be_made_again_has_no_architecture(tmp_path: Path) -> None:
    network = timm.create_model("test_vit", num_classes=10, img_size=64)
    timm.models.save_for_hf(network, tmp_path, model_args={"img_size": 64})
    assert load_encoder(f"timm:local-dir:{tmp_path}").architecture is None


# Cards that others wrote ------------------------------------------------------------------------

HOSTILE: dict[str, dict[str, Any]] = {
    "another library": {"library": "transformers"},
    "a library that is no text": {"library": ["timm"]},
    "a network that torchvision has not": {"library": "torchvision", "name": "resnet9000"},
    "a detector of torchvision": {"library": "torchvision", "name": "fasterrcnn_resnet50_fpn"},
    "one that ends in no layer": {"library": "torchvision", "name": "squeezenet1_0"},
    "a name that is no text": {"library": "torchvision", "name": 3},
    "a head without end": {"name": "test_efficientnet", "head": [8] * 1000},
    "a head of no width": {"name": "test_efficientnet", "head": [0]},
    "a head that is true": {"name": "test_efficientnet", "head": [True]},
    "a head that is a number": {"name": "test_efficientnet", "head": 8},
    "a config beside a name": {"name": "test_efficientnet", "config": {}},
    "a config that is a list": {"library": "open_clip", "config": [1]},
    "an empty config": {"library": "open_clip", "config": {}},
    "towers that are none": {"library": "open_clip", "config": {**CLIP, "vision_cfg": 3}},
    "layers without end": {
        "library": "open_clip",
        "config": {**CLIP, "text_cfg": {**TEXT, "layers": 10**9}},
    },
    "much width": {"library": "open_clip", "config": {**CLIP, "embed_dim": 10**7}},
    "a tokenizer of a hub": {
        "library": "open_clip",
        "config": {**CLIP, "text_cfg": {**TEXT, "hf_tokenizer_name": "evil/model"}},
    },
    "words of a hub": {
        "library": "open_clip",
        "config": {**CLIP, "text_cfg": {**TEXT, "hf_model_name": "evil/model"}},
    },
    "a tower of a hub": {
        "library": "open_clip",
        "config": {**CLIP, "vision_cfg": {"timm_model_name": "hf-hub:evil/model"}},
    },
    "a file for the tokenizer": {
        "library": "open_clip",
        "config": {**CLIP, "text_cfg": {**TEXT, "tokenizer_kwargs": {"bpe_path": "/dev/zero"}}},
    },
    "a start of a start": {
        "name": "test_efficientnet",
        "beside": {"name": "test_resnet", "beside": {"name": "test_resnet"}},
    },
    "a side without end": {"name": "test_efficientnet", "side": 10**9},
    "a side that is text": {"name": "test_efficientnet", "side": "32"},
    "a start that is text": {"name": "test_efficientnet", "beside": "test_resnet"},
}


@pytest.mark.parametrize("said", HOSTILE.values(), ids=list(HOSTILE))
def test_a_hostile_architecture_is_refused_in_a_sentence(
    said: dict[str, Any], tmp_path: Path
) -> None:
    kind = "clip" if said.get("library") == "open_clip" else "plain"
    name = saved(tmp_path / "net", MADE[kind])
    card = json.loads((tmp_path / "net" / "card.json").read_text())
    (tmp_path / "net" / "card.json").write_text(json.dumps({**card, "architecture": said}))
    with pytest.raises(EncoderError, match="not a checkpoint that can be loaded") as caught:
        load_encoder(name)
    assert "\n" not in str(caught.value)


def test_a_card_of_an_earlier_version_loads_the_same_encoder(tmp_path: Path) -> None:
    network = trained(PLAIN)
    name = saved(tmp_path / "net", PLAIN)
    card = json.loads((tmp_path / "net" / "card.json").read_text())
    assert card["format"] == 1
    assert card["architecture"] == {"library": "timm", "name": "test_efficientnet"}
    weights = load_file(tmp_path / "net" / "model.safetensors")
    assert weights.keys() == network.state_dict().keys()
    before = load_encoder(name).fingerprint
    (tmp_path / "net" / "README.md").unlink()
    card["architecture"] = {"name": "test_efficientnet"}
    (tmp_path / "net" / "card.json").write_text(json.dumps(card))
    assert load_encoder(name).fingerprint == before


# Writing ----------------------------------------------------------------------------------------


def test_a_network_of_another_architecture_is_refused_before_anything_is_written(
    tmp_path: Path,
) -> None:
    with pytest.raises(EncoderError, match="not one of test_resnet"):
        save_checkpoint(
            tmp_path / "net",
            trained(PLAIN),
            architecture=Architecture("timm", "test_resnet"),
            preprocessing=RECIPE,
            card={},
        )
    assert not (tmp_path / "net").exists()


@pytest.mark.parametrize("there", ["card.json", "model.safetensors", "README.md"])
def test_a_file_that_is_there_is_not_written_over(there: str, tmp_path: Path) -> None:
    folder = tmp_path / "net"
    folder.mkdir()
    (folder / there).write_text("mine")
    (folder / "images.sha256").write_text("")  # what a card lists may be there before it
    with pytest.raises(UsageError, match=there):
        saved(folder, PLAIN)
    assert (folder / there).read_text() == "mine"
    assert len(os.listdir(folder)) == 2
    save_checkpoint(
        folder,
        trained(PLAIN),
        architecture=PLAIN,
        preprocessing=RECIPE,
        card={},
        replace_existing=True,
    )
    assert load_encoder(f"checkpoint:{folder}").architecture == PLAIN


@pytest.mark.parametrize("stops_at", [1, 2, 3])
def test_a_crash_leaves_a_whole_checkpoint_or_none(
    stops_at: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over an earlier checkpoint too: never a card beside weights that it does not tell of."""
    for folder in (tmp_path / "new", tmp_path / "old"):
        if folder.name == "old":
            saved(folder, PLAIN, taxa=1)
            shutil.copytree(folder, tmp_path / "before")
        calls = iter(range(1, 9))
        sync = durable.sync

        def failing(path: Path, calls: Any = calls, sync: Any = sync) -> None:
            if path.is_file() and next(calls) == stops_at:
                raise OSError("no power")
            sync(path)

        with monkeypatch.context() as patched:
            patched.setattr(durable, "sync", failing)
            with pytest.raises(OSError, match="no power"):
                save_checkpoint(
                    folder,
                    trained(PLAIN, 7),
                    architecture=PLAIN,
                    preprocessing=RECIPE,
                    card={"taxa": 2},
                    replace_existing=True,
                )
        assert not [name for name in os.listdir(folder) if name.endswith(".tmp")]
        if not (folder / "card.json").exists():
            with pytest.raises(HolotypeError, match=r"no file card\.json"):
                load_encoder(f"checkpoint:{folder}")
            continue
        for file in ("card.json", "model.safetensors"):
            assert (folder / file).read_bytes() == (tmp_path / "before" / file).read_bytes()


def test_the_readme_says_what_it_is_and_no_name_becomes_markup(tmp_path: Path) -> None:
    saved(
        tmp_path / "net",
        MADE["head"],
        PLAIN,
        name="Moths",
        licence="CC-BY-4.0",
        images={"sha256": []},
        taxa={"species": ["Xestia <script>x</script>", "[a](http://b) | `c`\n# d"], "genus": 3},
        metrics={"test": {"recall@1": {"estimate": 0.93, "low": 0.91, "high": 0.95}}, "n": 1100},
    )
    said = (tmp_path / "net" / "README.md").read_text()
    for part in ("# Moths", "32 x 32 px", "head 24-12", "0.93", "0.91 to 0.95", "| n | 1100 |"):
        assert part in said
    assert "test&#95;efficientnet of timm" in said
    assert "checkpoint:<folder>" in said
    for part in ("<script>", "[a](", "\n# d", "http://", "`c`"):
        assert part not in said
    assert str(tmp_path) not in said
