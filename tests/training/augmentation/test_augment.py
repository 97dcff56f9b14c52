"""What is done to pictures before they are shown."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from holotype.training.augmentation.augment import Augmentation, augment, draw

STILL = Augmentation(
    rotation=0, scale=(1, 1), shift=0, aspect=0, mirror=False, brightness=0, contrast=0,
    saturation=(1, 1), colour=0, blur=0, erase=0,
)  # fmt: skip


def changed(**settings: object) -> Augmentation:
    return Augmentation(**{**vars(STILL), **settings})


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def pictures(count: int = 6, side: int = 40) -> Tensor:
    """Smooth pictures, bright on the right and red at the bottom."""
    ramp = torch.linspace(0, 255, side)
    one = torch.stack([ramp[:, None].expand(side, side), ramp.expand(side, side)], -1)
    one = torch.cat([one, torch.full((side, side, 1), 128.0)], -1)
    return one.round().to(torch.uint8).expand(count, side, side, 3).clone()


def plain(squares: Tensor) -> Tensor:
    return squares.permute(0, 3, 1, 2).float() / 255


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 5), st.integers(8, 48), st.integers(8, 48), st.integers(0, 99))
def test_shapes_and_bounds(count: int, side: int, size: int, seed: int) -> None:
    squares = torch.randint(0, 256, (count, side, side, 3), dtype=torch.uint8)
    wild = Augmentation(brightness=1, contrast=1, saturation=(0, 9), colour=0.9, blur=1, erase=1)
    before = squares.clone()
    shown = augment(squares, draw(count, wild, generator(seed)), size)
    assert shown.shape == (count, 3, size, size)
    assert shown.dtype == torch.float32
    assert -1e-5 <= float(shown.min()) <= float(shown.max()) <= 1 + 1e-5  # rounding of the blur
    assert torch.equal(squares, before)


def test_nothing_to_change_is_the_picture() -> None:
    squares = pictures()
    shown = augment(squares, draw(6, STILL, generator()), 40)
    assert torch.allclose(shown, plain(squares), atol=1e-5)
    small = augment(squares, draw(6, STILL, generator()), 20)
    mean = torch.nn.functional.avg_pool2d(plain(squares), 2)
    assert torch.allclose(small, mean, atol=0.01)


def is_mirrored(shown: Tensor) -> Tensor:
    """Which of the pictures are bright on the left."""
    half = shown.shape[-1] // 2
    return shown[:, 1, :, :half].mean((1, 2)) > shown[:, 1, :, half:].mean((1, 2))


def test_pictures_are_mirrored_only_where_they_may() -> None:
    squares = pictures(200)
    kept = augment(squares, draw(200, changed(rotation=20), generator()), 16)
    assert not is_mirrored(kept).any()
    some = augment(squares, draw(200, changed(mirror=True), generator()), 16)
    assert 70 < int(is_mirrored(some).sum()) < 130
    # What is mirrored is not turned: red stays at the bottom.
    assert (some[:, 0, 8:].mean((1, 2)) > some[:, 0, :8].mean((1, 2))).all()


@pytest.mark.parametrize("number", range(20))
def test_handedness_is_kept_whatever_the_rotation(number: int) -> None:
    affine = draw(1, Augmentation(mirror=False), generator(number)).affine[0, :, :2]
    assert float(torch.linalg.det(affine)) > 0


def test_a_part_gets_what_it_gets_in_the_whole() -> None:
    config, squares = Augmentation(blur=0.5), pictures(8)
    draws = draw(8, config, generator(3))
    whole = augment(squares, draws, 24)
    parts = [augment(squares[rows], draws.part(rows), 24) for rows in (slice(0, 3), slice(3, 8))]
    assert torch.allclose(torch.cat(parts), whole, atol=1e-6)
    again = augment(squares, draw(8, config, generator(3)), 24)
    assert torch.equal(again, whole)
    assert not torch.allclose(augment(squares, draw(8, config, generator(4)), 24), whole)


def test_blur_smooths_and_keeps_the_brightness() -> None:
    squares = torch.randint(0, 256, (6, 40, 40, 3), dtype=torch.uint8, generator=generator())
    draws = draw(6, changed(blur=1.0, blur_width=0.1), generator())
    shown = augment(squares, draws, 40)
    strong = draws.blur * 40 > 1
    assert strong.any()
    assert (shown[strong].std((1, 2, 3)) < 0.6 * plain(squares)[strong].std((1, 2, 3))).all()
    assert torch.allclose(shown.mean((1, 2, 3)), plain(squares).mean((1, 2, 3)), atol=0.03)
    none = augment(squares, draw(6, changed(blur=0.0, blur_width=0.1), generator()), 40)
    assert torch.allclose(none, plain(squares), atol=1e-5)


def test_a_square_of_the_mean_colour_is_erased() -> None:
    squares = torch.randint(0, 256, (30, 40, 40, 3), dtype=torch.uint8, generator=generator())
    before = plain(squares)
    shown = augment(squares, draw(30, changed(erase=1.0, erased=(0.25, 0.25)), generator()), 40)
    gone = ((shown - before).abs() > 1e-4).any(1)
    assert (gone.sum((1, 2)) <= 121).all()  # a square of a quarter of the side, cut by the edge
    assert (gone.sum((1, 2)) >= 20).all()
    for picture, mask, mean in zip(shown, gone, before.mean((2, 3)), strict=True):
        assert torch.allclose(
            picture[:, mask], mean[:, None].expand(-1, int(mask.sum())), atol=1e-4
        )
    some = augment(squares, draw(30, changed(erase=0.3), generator()), 40)
    touched = ((some - before).abs() > 1e-4).flatten(1).any(1)
    assert 2 < int(touched.sum()) < 20


def test_colours_change_as_said() -> None:
    squares = pictures(1)
    grey = augment(squares, draw(1, changed(saturation=(0, 0)), generator()), 40)
    assert torch.allclose(grey[:, 0], grey[:, 1], atol=1e-5)
    dark = augment(squares, draw(1, changed(brightness=0.5), generator(1)), 40)
    ratio = dark.mean() / plain(squares).mean()
    assert 0.5 <= float(ratio) <= 1.5
    assert abs(float(ratio) - 1) > 0.01
