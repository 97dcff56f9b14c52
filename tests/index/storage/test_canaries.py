"""An encoder that is not the one of a space, or no longer sees as it did, is refused by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from PIL import Image
from torch import nn

from holotype.index.collection import Collection
from holotype.index.encoders import Encoder, Model, Preprocessing
from holotype.index.errors import CorruptError, MismatchError
from holotype.index.identification.identify import identify
from holotype.index.ingest.pictures import ingest
from holotype.index.manifests.manifest import Manifest
from holotype.index.pictures.canaries import canary_pictures
from holotype.index.search.search import picture_vector
from tests.conftest import Draw

pytestmark = pytest.mark.both_stores

HALF = (0.5, 0.5, 0.5)
SUMS = [2127120, 2281686, 37489079]
CORNERS = [(60, 33, 35), (90, 28, 70), (120, 25, 105)]
RECIPE = Preprocessing(32, HALF, HALF)


def network(seed: int = 1, name: str = "test_efficientnet") -> nn.Module:
    torch.manual_seed(seed)
    made: nn.Module = timm.create_model(name, num_classes=0)
    return made


def encoder(made: nn.Module, recipe: Preprocessing = RECIPE, views: int = 1) -> Encoder:
    return Encoder("mine", Model(made, recipe, weights=made), views=views)


def changed_weight(change: Callable[[torch.Tensor], torch.Tensor]) -> nn.Module:
    """Return the network with the middle one of its weights changed."""
    made = network()
    weights = [weight for weight in made.parameters() if weight.ndim == 4]
    with torch.no_grad():
        weights[len(weights) // 2].copy_(change(weights[len(weights) // 2]))
    return made


def one_bit(weight: torch.Tensor) -> torch.Tensor:
    flipped = weight.clone()
    flipped.view(-1)[0] = torch.nextafter(flipped.view(-1)[0], torch.tensor(9.0))
    return flipped


class Drifted(nn.Module):
    """The same weights, whose results come out otherwise: another library, a broken device."""

    def __init__(self, inner: nn.Module, drift: Callable[[nn.Module, torch.Tensor], torch.Tensor]):
        super().__init__()
        self.inner, self.drift = inner, drift

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return self.drift(self.inner, pixels)


def drifted(drift: Callable[[nn.Module, torch.Tensor], torch.Tensor]) -> Encoder:
    made = network()
    return Encoder("mine", Model(Drifted(made, drift), RECIPE, weights=made))


def one_dead_channel(inner: nn.Module, pixels: torch.Tensor) -> torch.Tensor:
    features: torch.Tensor = inner(pixels)
    largest = features.abs().sum(0).argmax()
    return features.index_fill(1, largest, 0.0)


def half_a_pixel(inner: nn.Module, pixels: torch.Tensor) -> torch.Tensor:
    moved: torch.Tensor = inner((pixels + pixels.roll(1, 3)) / 2)
    return moved


OTHERS: dict[str, Callable[[], Encoder]] = {
    "other weights": lambda: encoder(network(seed=2)),
    "one bit of one weight": lambda: encoder(changed_weight(one_bit)),
    "a weight of zero": lambda: encoder(changed_weight(torch.zeros_like)),
    "another architecture": lambda: encoder(network(name="test_resnet")),
    "another size": lambda: encoder(network(), Preprocessing(40, HALF, HALF)),
    "another mean": lambda: encoder(network(), Preprocessing(32, (0.5, 0.5, 0.4), HALF)),
    "another std": lambda: encoder(network(), Preprocessing(32, HALF, (0.5, 0.5, 0.4))),
    "another interpolation": lambda: encoder(
        network(), Preprocessing(32, HALF, HALF, interpolation="bilinear")
    ),
    "more views": lambda: encoder(network(), views=2),
}

DRIFTS: dict[str, Callable[[], Encoder]] = {
    "red and blue swapped": lambda: drifted(lambda inner, x: inner(x.flip(1))),
    "upside down": lambda: drifted(lambda inner, x: inner(x.flip(2))),
    "half a pixel aside": lambda: drifted(half_a_pixel),
    "brighter": lambda: drifted(lambda inner, x: inner(x + 0.3)),
    "one dead channel": lambda: drifted(one_dead_channel),
}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory, draw: Draw) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    for number in range(4):
        draw(folder / "Xestia baja" / f"{number}.png", number, like=number)
    return folder


@pytest.fixture
def mine(pictures: Path, tmp_path: Path, store: str) -> Collection:
    """A collection of the encoder that all others are compared with."""
    collection = Collection.create(tmp_path / "c", store=store)
    ingest(Manifest.read(pictures), collection, encoder(network()))
    return collection


def test_there_are_14_encoders_to_refuse() -> None:
    assert len(OTHERS) + len(DRIFTS) == 14


@pytest.mark.parametrize("name", [*OTHERS, *DRIFTS])
def test_another_encoder_is_refused_at_every_door(
    mine: Collection, pictures: Path, name: str
) -> None:
    other = {**OTHERS, **DRIFTS}[name]()
    picture = pictures / "Xestia baja" / "1.png"
    if name in DRIFTS:
        assert other.fingerprint == mine.space().fingerprint
    said = "sees otherwise: canary picture 1" if name in DRIFTS else "use that encoder"
    with pytest.raises(MismatchError, match=said):
        picture_vector(mine, other, [picture])
    with pytest.raises(MismatchError, match=said):
        identify(mine, other, [picture])
    with pytest.raises(MismatchError, match=said):
        ingest(Manifest.read(pictures), mine, other)
    assert len(mine.gallery()) == 4


def test_the_same_encoder_loaded_again_is_welcome(mine: Collection, pictures: Path) -> None:
    again = encoder(network())
    vector, _ = picture_vector(mine, again, [pictures / "Xestia baja" / "1.png"])
    assert vector.shape == (again.dim,)
    assert ingest(Manifest.read(pictures), mine, again).unchanged == 4


def test_canaries_are_three_of_every_space_and_no_image_of_the_collection(
    mine: Collection, pictures: Path
) -> None:
    ingest(Manifest.read(pictures), mine, encoder(network(), views=2), space="two")
    kept = mine.database.read("SELECT space_id, number, libraries FROM canaries ORDER BY 1, 2")
    assert [(row[0], row[1]) for row in kept] == [(s, n) for s in (1, 2) for n in (1, 2, 3)]
    assert all(f"torch {torch.__version__.split('+')[0]}" in row["libraries"] for row in kept)
    assert len(mine.gallery()) == 4


def test_the_message_names_the_libraries_of_then_and_now(mine: Collection, pictures: Path) -> None:
    with pytest.raises(MismatchError) as caught:
        mine.check_encoder(None, DRIFTS["upside down"]())
    assert "the space was made with torch " in str(caught.value)
    assert "install those, or ingest into another space" in str(caught.value)


def test_a_space_without_canaries_gets_them_at_the_next_ingest(
    mine: Collection, pictures: Path
) -> None:
    mine.database.read("DELETE FROM canaries")
    mine.check_encoder(None, DRIFTS["upside down"]())  # an old collection has nothing to compare
    ingest(Manifest.read(pictures), mine, encoder(network()))
    with pytest.raises(MismatchError):
        mine.check_encoder(None, DRIFTS["upside down"]())


def test_a_damaged_canary_is_damage_and_no_mismatch(mine: Collection) -> None:
    mine.database.read("UPDATE canaries SET vector = zeroblob(4) WHERE number = 2")
    with pytest.raises(CorruptError, match="damaged canary of space 'base'"):
        mine.check_encoder(None, encoder(network()))


def test_the_pictures_are_the_same_on_every_machine() -> None:
    """Pinned: another picture would refuse every collection there is."""
    sums = [int(np.asarray(picture, np.int64).sum()) for picture in canary_pictures()]
    corners = [picture.getpixel((10, 20)) for picture in canary_pictures()]
    assert (sums, corners) == (SUMS, CORNERS)
    assert all(isinstance(picture, Image.Image) for picture in canary_pictures())
