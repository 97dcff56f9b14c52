"""Several specimens in one pass get the answers that each would get alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from holotype.index.collection import Collection
from holotype.index.encoders import Encoder
from holotype.index.errors import UsageError
from holotype.index.identification.answers import Answer
from holotype.index.identification.identify import (
    Options,
    identify,
    identify_all,
    identify_stored,
    identify_vector,
    identify_vectors,
)
from holotype.scripts.bench.faults import plain
from holotype.training.spaces import calibrate_space
from tests.conftest import Cli
from tests.index.identification.answers import check


def assert_alike(one: Answer, other: Answer) -> None:
    """Float32 products differ in their last bits from batch to batch."""
    check(one)
    assert one.image == other.image
    assert [hit.image for hit in one.neighbours] == [hit.image for hit in other.neighbours]
    assert one.ranks.keys() == other.ranks.keys()
    for rank in one.ranks:
        assert one.ranks[rank][0][0] == other.ranks[rank][0][0]
        np.testing.assert_allclose(one.ranks[rank][0][1], other.ranks[rank][0][1], atol=1e-5)
    assert (one.determination is None) == (other.determination is None)


@pytest.mark.parametrize("calibrated", [False, True])
def test_vectors_in_one_pass(tmp_path: Path, calibrated: bool) -> None:
    plain.make(tmp_path / "c", 120)
    with Collection.open(tmp_path / "c") as collection:
        if calibrated:
            calibrate_space(collection)
        vectors = np.stack([plain.vector_of(f"{number:064}") for number in range(150)])
        own = [{f"specimen image {number}"} if number % 3 else set() for number in range(150)]
        names = [f"query {number}" for number in range(150)]
        answers = identify_vectors(
            collection, vectors, names=names, exclude_specimens=own, k=4, only=["split=train"]
        )
        for number in range(0, 150, 7):
            alone = identify_vector(
                collection,
                vectors[number],
                name=names[number],
                exclude_specimens=own[number],
                k=4,
                only=["split=train"],
            )
            assert_alike(answers[number], alone)
            assert not own[number] & {hit.image.specimen_id for hit in alone.neighbours}


def test_pictures_in_one_pass(collection: Collection, source: Path, tiny: Encoder) -> None:
    pictures = sorted(source.parent.glob("*.png"))
    specimens: list[list[Path | bytes]] = [[one] for one in pictures[:11]]
    specimens += [[*pictures[20:22]], [pictures[5].read_bytes()]]
    answers = identify_all(collection, tiny, specimens, names=["first", *[""] * 12])
    assert [answer.image for answer in answers[:2]] == ["first", str(pictures[1])]
    assert answers[-1].image == "picture"
    for answer, specimen in zip(answers[1:], specimens[1:], strict=True):
        assert_alike(answer, identify(collection, tiny, specimen))
    assert identify_all(collection, tiny, []) == []
    with pytest.raises(UsageError, match="0 pictures of one specimen"):
        identify_all(collection, tiny, [[pictures[0]], []])


def test_the_command_line_answers_many_as_it_answers_each(
    collection: Collection, source: Path, cli: Cli
) -> None:
    pictures = sorted(source.parent.glob("*.png"))[:3]
    code, said, _ = cli("identify", *pictures, "--in", collection.folder)
    assert code == 0
    for picture in pictures:
        assert str(picture) in said


def test_options_are_checked_wherever_they_are_given(collection: Collection) -> None:
    vector = np.ones(3, np.float32)
    refused: list[tuple[Options, str]] = [
        ({"risk": 0.0}, "risk is 0.0; it must lie between 0 and 1"),
        ({"prior": 1.0}, "prior is 1.0; it must be at least 0 and below 1"),
        ({"k": 0}, "k is 0; it must be 1 to"),
    ]
    for options, message in refused:
        with pytest.raises(UsageError, match=message):
            identify_stored(collection, "0-0.png", **options)
        with pytest.raises(UsageError, match=message):
            identify_vector(collection, vector, name="q", **options)
    with pytest.raises(TypeError, match="unexpected keyword argument 'risks'"):
        identify_stored(collection, "0-0.png", risks=0.1)  # type: ignore[call-arg]
