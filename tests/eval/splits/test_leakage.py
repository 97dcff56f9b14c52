"""The leakage guard finds what crosses a split, and only that."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from holotype.eval.splits.duplicates import (
    confirmed,
    cosine_pairs,
    duplicate_groups,
    equal_pairs,
    hash_pairs,
)
from holotype.eval.splits.leakage import find_leaks
from holotype.eval.splits.splits import Split, leave_one_out
from holotype.index.pictures.copies import are_copies, grey_thumbnail

Units = Callable[[np.random.Generator, int, int], NDArray[np.float32]]
Hashes = NDArray[np.uint64]


def hashes(rng: np.random.Generator, n: int) -> Hashes:
    return rng.integers(0, 2**64, n, dtype=np.uint64)


def flip(value: np.uint64, bits: int) -> np.uint64:
    return value ^ np.uint64((1 << bits) - 1)


def contents(n: int) -> list[str]:
    return [f"{i:064x}" for i in range(n)]


@pytest.mark.parametrize("seed", range(3))
def test_pairs_equal_comparing_all_with_all_in_any_block(
    seed: int, units: Units, monkeypatch: pytest.MonkeyPatch
) -> None:
    print(f"seed {seed}")
    rng = np.random.default_rng(seed)
    left, right = hashes(rng, 30), hashes(rng, 20)
    right[:9] = [flip(value, bits) for value, bits in zip(left[5:14], range(9), strict=True)]
    vectors = np.repeat(units(rng, 10, 6), 3, axis=0)
    codes = rng.integers(0, 5, 30)
    monkeypatch.setattr("holotype.eval.splits.duplicates._BLOCK_CELLS", 1 + 70 * seed)
    found = [pair for block in hash_pairs(left, right) for pair in zip(*block, strict=True)]
    bits = [[bin(int(a ^ b)).count("1") for b in right] for a in left]
    assert found == list(zip(*np.nonzero(np.array(bits) <= 4), strict=True))
    assert len(found) == 5
    near = [p for block in cosine_pairs(vectors, vectors) for p in zip(*block, strict=True)]
    assert len(near) == 90
    same = [p for block in equal_pairs(codes, codes) for p in zip(*block, strict=True)]
    assert same == list(zip(*np.nonzero(codes[:, None] == codes), strict=True))


def test_exact_and_near_copies_and_shared_specimens_are_told_apart(units: Units) -> None:
    rng = np.random.default_rng(0)
    split = Split("given split", np.arange(5), np.arange(5, 9), np.array([9]))
    specimens, phash, content = np.arange(10), hashes(rng, 10), contents(10)
    vectors = units(rng, 10, 64)
    content[0] = content[6]  # the same file
    phash[0] = phash[6]
    phash[1] = flip(phash[7], 4)  # saved again
    vectors[2] = vectors[9]  # slightly cropped, and in the calibration rows
    specimens[3] = specimens[8]
    leaks = find_leaks(split, specimens, content, phash=phash, embeddings=vectors)
    assert leaks.exact.tolist() == [[0, 6]]
    assert leaks.near.tolist() == [[1, 7], [2, 9]]
    assert leaks.specimens.tolist() == [[3, 8]]
    assert leaks.queries.tolist() == [0, 1, 2, 3]
    assert leaks.to_dict() == {
        "clean": False,
        "n_queries": 5,
        "n_leaking": 4,
        "n_exact": 1,
        "n_near": 2,
        "n_specimens": 1,
    }


def test_a_clean_split_is_clean_and_five_bits_are_another_picture(units: Units) -> None:
    rng = np.random.default_rng(1)
    phash = hashes(rng, 6)
    phash[0] = flip(phash[5], 5)
    leaks = find_leaks(
        Split("given split", np.arange(3), np.arange(3, 6)),
        np.arange(6),
        contents(6),
        phash=phash,
        embeddings=units(rng, 6, 64),
    )
    assert leaks.clean
    assert leaks.queries.tolist() == []


def test_leave_one_out_leaves_the_specimen_out_but_not_its_copy_under_another_number() -> None:
    specimens, content = np.array([0, 0, 1, 2]), contents(4)
    phash = hashes(np.random.default_rng(0), 4)
    phash[1] = phash[0]
    content[3] = content[2]
    phash[3] = phash[2]
    leaks = find_leaks(leave_one_out(4), specimens, content, phash=phash)
    assert leaks.exact.tolist() == [[2, 3], [3, 2]]
    assert leaks.near.tolist() == []
    assert leaks.specimens.tolist() == []


def test_many_copies_of_one_picture_list_each_query_once() -> None:
    n = 3000
    split = Split("given split", np.arange(n // 2), np.arange(n // 2, n))
    leaks = find_leaks(split, np.arange(n), ["0" * 64] * n, phash=np.zeros(n, np.uint64))
    assert len(leaks.exact) == n // 2
    assert (leaks.exact[:, 1] == n // 2).all()


def test_copies_of_copies_become_one_group_together_with_their_specimens() -> None:
    phash = np.array([0, 0b1111, 0b11111111, 0xFF00FF00FF00FF00, 0xF0F0F0F0F0F0F0F0], np.uint64)
    specimens = np.array([0, 1, 2, 3, 2])
    groups = duplicate_groups(5, hash_pairs(phash, phash), groups=specimens)
    assert groups[0] == groups[1] == groups[2] == groups[4], "0-1 and 1-2 are near, 2-4 one fish"
    assert groups[3] != groups[0]
    assert len(np.unique(duplicate_groups(5))) == 5
    assert len(duplicate_groups(0)) == 0


def test_groups_of_several_sources_are_united(units: Units) -> None:
    rng = np.random.default_rng(3)
    vectors, phash = units(rng, 6, 32), hashes(rng, 6)
    vectors[1] = vectors[0]
    phash[2] = phash[1]
    groups = duplicate_groups(6, cosine_pairs(vectors, vectors), hash_pairs(phash, phash))
    assert groups[0] == groups[1] == groups[2]
    assert len(np.unique(groups)) == 4


def test_embeddings_that_are_not_unit_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="embedding row 0 is zero"):
        find_leaks(
            leave_one_out(2), np.arange(2), contents(2), embeddings=np.zeros((2, 3), np.float32)
        )


def scene(seed: int) -> Image.Image:
    """Return a picture, 300 x 240 px, whose contrast falls with fineness as in nature."""
    rng = np.random.default_rng(seed)
    values = np.zeros((240, 300))
    for cells in (4, 8, 16, 32):
        noise = Image.fromarray(rng.standard_normal((cells, cells)).astype(np.float32))
        values += np.asarray(noise.resize((300, 240), Image.Resampling.BICUBIC)) / cells
    return Image.fromarray((128 + 200 * values).clip(0, 255).astype(np.uint8))


def cropped(image: Image.Image, left: float, top: float, right: float, low: float) -> Image.Image:
    width, height = image.size
    return image.crop(
        (int(left * width), int(top * height), int((1 - right) * width), int((1 - low) * height))
    )


def thumbnails(images: list[Image.Image]) -> NDArray[np.uint8]:
    return np.stack([grey_thumbnail(image) for image in images])


@pytest.mark.parametrize("seed", range(3))
def test_a_crop_and_a_smaller_copy_are_the_same_picture_either_way(seed: int) -> None:
    print(f"seed {seed}")
    original = scene(seed)
    copies = [
        original.copy(),
        original.resize((90, 72)),
        cropped(original, 0.05, 0.05, 0.05, 0.05),
        cropped(original, 0.0, 0.08, 0.03, 0.0),
    ]
    whole, parts = thumbnails([original] * 4), thumbnails(copies)
    assert are_copies(whole, parts).all()
    assert are_copies(parts, whole).all()


def test_other_pictures_and_flat_ones_are_no_copies() -> None:
    scenes = thumbnails([scene(seed) for seed in range(1, 40)])
    assert not are_copies(scenes[:-1], scenes[1:]).any()
    flat = np.full((1, 64, 64), 7, np.uint8)
    assert not are_copies(flat, scenes[:1]).any()
    assert not are_copies(flat, flat).any()
    assert len(are_copies(scenes[:0], scenes[:0])) == 0


def test_two_animals_before_one_bright_background_are_not_one_picture() -> None:
    frame = np.zeros((64, 64), np.uint8)
    frame[8:56, 4:60] = 120
    first, second = frame.copy(), frame.copy()
    first[24:40, 12:52] = 100
    second[24:40, 12:52] = 160
    pair = first[None], second[None]
    assert np.corrcoef(first.ravel(), second.ravel())[0, 1] > 0.9
    assert not are_copies(*pair).any()


def test_pictures_decide_where_hashes_and_embeddings_only_propose(units: Units) -> None:
    pictures = thumbnails(
        [scene(0), scene(1), scene(2), cropped(scene(0), 0.04, 0.02, 0.06, 0.04), scene(4)]
    )
    specimens, phash = np.arange(5), hashes(np.random.default_rng(0), 5)
    phash[4] = phash[1]  # as silhouettes do
    split = Split("given split", np.arange(3), np.arange(3, 5))
    vectors = units(np.random.default_rng(1), 5, 16)
    without = find_leaks(split, specimens, contents(5), phash=phash, embeddings=vectors)
    assert without.near.tolist() == [[1, 4]]
    leaks = find_leaks(
        split,
        specimens,
        contents(5),
        phash=phash,
        embeddings=vectors,
        thumbnails=lambda rows: pictures[rows],
    )
    assert leaks.near.tolist() == [[0, 3]]
    every = (np.array([0, 1]), np.array([3, 4]))
    groups = duplicate_groups(5, confirmed(iter([every]), lambda rows: pictures[rows]))
    assert groups[0] == groups[3]
    assert groups[1] != groups[4]
