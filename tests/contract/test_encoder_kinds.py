"""Every kind of encoder keeps one contract; none goes on without its weights."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import open_clip
import pytest
import timm
import torch
from PIL import Image
from safetensors.torch import save_file

from holotype.index.collection import Collection
from holotype.index.encoders import LOADERS, Encoder, accelerated, load_encoder
from holotype.index.errors import EncoderError
from holotype.index.ingest.pictures import ingest
from holotype.index.manifests.manifest import Manifest
from holotype.index.search.search import search, text_vector
from tests.conftest import Ask

CLIP = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": 32, "layers": 2, "width": 32, "patch_size": 8, "head_width": 16},
    "text_cfg": {"context_length": 16, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2},
}
RECIPE = {"mean": [0.48, 0.46, 0.41], "std": [0.27, 0.26, 0.28], "interpolation": "bicubic"}


@pytest.fixture(scope="module")
def clip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny CLIP with random weights, both towers, as `local-dir:` reads it."""
    folder = tmp_path_factory.mktemp("clip")
    torch.manual_seed(1)
    save_file(open_clip.CLIP(**CLIP).state_dict(), folder / "open_clip_model.safetensors")
    config = {"model_cfg": CLIP, "preprocess_cfg": RECIPE}
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    return folder


@pytest.fixture(scope="module")
def timm_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny network as timm's own `local-dir:` reads it."""
    folder = tmp_path_factory.mktemp("timm")
    torch.manual_seed(2)
    timm.models.save_for_hf(timm.create_model("test_resnet", num_classes=10), folder)
    return folder


@pytest.fixture(scope="module")
def names(
    clip_folder: Path,
    timm_folder: Path,
    tiny_folder: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, str]:
    """For each kind a name that loads without a network."""
    config = tmp_path_factory.mktemp("config") / "holotype-tiny.json"
    config.write_text(json.dumps(CLIP))
    open_clip.add_model_config(config)
    return {
        "bundled": "bundled",
        "timm": f"timm:local-dir:{timm_folder}",
        "open_clip": f"open_clip:holotype-tiny/{clip_folder / 'open_clip_model.safetensors'}",
        "local-dir": f"local-dir:{clip_folder}",
        "checkpoint": f"checkpoint:{tiny_folder}",
    }


# A model of the hub cannot be had without a network; it shares its loader with local-dir.
OFFLINE = sorted(set(LOADERS) - {"hf-hub"})
UNREACHABLE = {
    "timm": "timm:resnet50.a1_in1k",
    "open_clip": "open_clip:ViT-B-32/openai",
    "hf-hub": "hf-hub:imageomics/bioclip-2",
    "local-dir": "local-dir:/no/such/folder",
    "checkpoint": "checkpoint:/no/such/folder",
}


def picture() -> Image.Image:
    values = np.random.default_rng(3).integers(0, 256, (6, 9, 3), dtype=np.uint8)
    return Image.fromarray(values).resize((90, 60))


@pytest.mark.parametrize("kind", OFFLINE)
@pytest.mark.parametrize("views", [1, 3])
def test_it_loads_and_gives_unit_rows(names: dict[str, str], kind: str, views: int) -> None:
    encoder = load_encoder(names[kind], views=views)
    pixels = np.stack([encoder.preprocess(picture())] * 2)
    rows = encoder.encode_images(pixels)
    assert rows.shape == (2, encoder.dim)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    assert len(encoder.fingerprint) == 64


@pytest.mark.parametrize("kind", OFFLINE)
@pytest.mark.parametrize("views", [1, 3])
def test_the_fast_way_gives_the_same_embeddings(
    names: dict[str, str], kind: str, views: int
) -> None:
    encoder = load_encoder(names[kind], views=views)
    fast = accelerated(encoder)
    assert fast is not encoder
    pixels = np.stack([encoder.preprocess(picture().rotate(turn)) for turn in (0, 90, 180)])
    rows = fast.encode_images(pixels)
    assert rows.dtype == np.float32
    assert (rows * encoder.encode_images(pixels)).sum(axis=1).min() >= 0.9999
    for what in ("name", "fingerprint", "views", "preprocessing", "batch_size", "dim", "has_text"):
        assert getattr(fast, what) == getattr(encoder, what)


@pytest.mark.parametrize("kind", OFFLINE)
def test_its_name_loads_the_same_encoder_again_from_any_folder(
    names: dict[str, str], kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = load_encoder(names[kind])
    monkeypatch.chdir(tmp_path)
    again = load_encoder(first.name)
    assert again.fingerprint == first.fingerprint
    pixels = first.preprocess(picture())[None]
    np.testing.assert_allclose(again.encode_images(pixels), first.encode_images(pixels), atol=1e-6)


@pytest.mark.parametrize("kind", ["local-dir", "checkpoint"])
def test_a_relative_folder_becomes_an_absolute_one(
    names: dict[str, str], kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(names[kind].partition(":")[2])
    monkeypatch.chdir(folder.parent)
    assert load_encoder(f"{kind}:{folder.name}").name == names[kind]


@pytest.mark.parametrize("kind", sorted(UNREACHABLE))
def test_what_cannot_be_reached_is_refused_in_one_sentence(kind: str) -> None:
    with pytest.raises(EncoderError) as caught:
        load_encoder(UNREACHABLE[kind])
    assert "\n" not in str(caught.value)
    assert UNREACHABLE[kind].partition(":")[2] in str(caught.value)


def test_every_kind_is_tested() -> None:
    assert set(LOADERS) == {"bundled", *UNREACHABLE}


def test_a_clip_without_weights_is_refused_and_not_made_at_random(
    clip_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "open_clip_config.json").write_bytes(
        (clip_folder / "open_clip_config.json").read_bytes()
    )
    with pytest.raises(EncoderError, match="cannot load"):
        load_encoder(f"local-dir:{tmp_path}")
    with pytest.raises(EncoderError, match="names no weights"):
        load_encoder("open_clip:ViT-B-32")
    with pytest.raises(EncoderError, match="cannot load"):
        load_encoder("open_clip:ViT-B-32/no_such_weights")


def test_a_clip_whose_weights_do_not_fit_is_refused(clip_folder: Path, tmp_path: Path) -> None:
    for name in ("open_clip_config.json", "open_clip_model.safetensors"):
        (tmp_path / name).write_bytes((clip_folder / name).read_bytes())
    config = json.loads((tmp_path / "open_clip_config.json").read_text())
    config["model_cfg"]["vision_cfg"]["layers"] = 3
    (tmp_path / "open_clip_config.json").write_text(json.dumps(config))
    with pytest.raises(EncoderError, match="cannot load"):
        load_encoder(f"local-dir:{tmp_path}")


def test_a_pickle_in_place_of_the_weights_is_not_run(clip_folder: Path, tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (Path.touch, (tmp_path / "ran",))  # type: ignore[return-value]

    (tmp_path / "open_clip_config.json").write_bytes(
        (clip_folder / "open_clip_config.json").read_bytes()
    )
    torch.save({"state_dict": Trap()}, tmp_path / "open_clip_pytorch_model.bin")
    with pytest.raises(EncoderError):
        load_encoder(f"local-dir:{tmp_path}")
    assert not (tmp_path / "ran").exists()


def test_a_timm_model_that_nobody_has_trained_is_refused() -> None:
    assert "test_mambaout" in timm.list_models()
    with pytest.raises(EncoderError, match="cannot load 'test_mambaout'"):
        load_encoder("timm:test_mambaout")
    with pytest.raises(EncoderError, match="cannot load 'no_such_model'"):
        load_encoder("timm:no_such_model")


# Words ----------------------------------------------------------------------------------------


@pytest.fixture
def clip(names: dict[str, str]) -> Encoder:
    return load_encoder(names["local-dir"])


def test_words_become_unit_rows_of_the_pictures_space(clip: Encoder) -> None:
    assert clip.has_text
    rows = clip.encode_text(["a moth", "a fish", "a moth"])
    assert rows.shape == (3, clip.dim)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(rows[0], rows[2], atol=1e-6)
    assert not np.allclose(rows[0], rows[1])


def test_words_are_those_of_open_clip_itself(clip: Encoder, clip_folder: Path) -> None:
    model = open_clip.create_model(f"local-dir:{clip_folder}").eval()
    tokens = open_clip.get_tokenizer(f"local-dir:{clip_folder}")(["Xestia baja"])
    with torch.inference_mode():
        expected = model.encode_text(tokens, normalize=True).numpy()
    np.testing.assert_allclose(clip.encode_text(["Xestia baja"]), expected, atol=1e-6)


def test_search_by_text_works_from_pictures_to_the_command_line(
    clip: Encoder, source: Path, tmp_path: Path, ask: Ask
) -> None:
    with Collection.create(tmp_path / "collection") as collection:
        ingest(Manifest.read(source), collection, clip)
        found = search(collection, text_vector(collection, clip, "a moth"), k=4)
        vectors = collection.gallery().index.vectors
        cosines = np.sort(vectors @ clip.encode_text(["a moth"])[0])[::-1]
    np.testing.assert_allclose([hit.score for hit in found], cosines[:4], atol=1e-6)
    told = ask("search", "--text", "a moth", "--in", tmp_path / "collection", "--k", 4)
    assert told == {"space": "base", "hits": [hit.to_dict() for hit in found]}
