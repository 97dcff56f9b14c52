from __future__ import annotations

import numpy as np
import pytest

from holotype.index.errors import CorruptError, MismatchError
from holotype.index.vectors.projection import Projection


@pytest.fixture
def projection() -> Projection:
    generator = np.random.default_rng(3)
    return Projection(
        generator.standard_normal(6).astype(np.float32),
        generator.standard_normal((6, 4)).astype(np.float32),
        "lda",
        {"shrinkage": 0.3},
        0.5,
        {"rows": 12},
    )


def test_it_survives_a_round_trip(projection: Projection) -> None:
    again = Projection.from_bytes(projection.to_bytes())
    assert again.fingerprint == projection.fingerprint
    assert (again.kind, again.arguments, again.card) == ("lda", {"shrinkage": 0.3}, {"rows": 12})


def test_rows_come_out_with_length_one(
    projection: Projection, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = np.random.default_rng(0).standard_normal((50, 6)).astype(np.float32)
    whole = projection.apply(rows)
    np.testing.assert_allclose(np.linalg.norm(whole, axis=1), 1, atol=1e-6)
    monkeypatch.setattr("holotype.index.vectors.projection._BLOCK_ROWS", 7)
    np.testing.assert_allclose(projection.apply(rows), whole, atol=1e-6)


def test_it_refuses_what_it_cannot_project(projection: Projection) -> None:
    with pytest.raises(MismatchError, match="dimension 6"):
        projection.apply(np.zeros((2, 5), np.float32))
    with pytest.raises(ValueError, match="do not fit"):
        Projection(np.zeros(3, np.float32), np.zeros((2, 2), np.float32), "x")
    with pytest.raises(ValueError, match="NaN"):
        Projection(np.zeros(2, np.float32), np.full((2, 2), np.nan, np.float32), "x")


@pytest.mark.parametrize("damage", [b"", b"\x00" * 40, b"not a projection at all"])
def test_damaged_bytes_are_refused(damage: bytes) -> None:
    with pytest.raises(CorruptError, match="tune the space again"):
        Projection.from_bytes(damage)


def test_a_cut_file_is_refused(projection: Projection) -> None:
    with pytest.raises(CorruptError):
        Projection.from_bytes(projection.to_bytes()[:-9])
