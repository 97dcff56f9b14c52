"""Copies under several specimens' names stand on one side of every fold of a fit."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from holotype.index.errors import UsageError
from holotype.training import spaces
from holotype.training.calibration.calibrate import calibrate
from holotype.training.tuning.tune import tune
from tests.eval.planting import SPECIES, Planted, encoded, noisy, plant


def saved_again(row: Planted) -> Planted:
    """The same picture as a JPEG, under another specimen's name."""
    picture = Pillow.open(io.BytesIO(row.picture)).convert("RGB")
    again = encoded(picture.resize((96, 72)), "JPEG", quality=90)
    return replace(row, specimen=f"again {row.specimen}", picture=again)


def with_copies() -> Sequence[Planted]:
    rows = noisy(SPECIES, each=12)
    rows = [replace(row, picture=_large(row.picture)) for row in rows]
    same = [replace(row, specimen=f"copy of {row.specimen}") for row in rows[::8]]
    return [*rows, *same, *(saved_again(row) for row in rows[::6])]


def _large(picture: bytes) -> bytes:
    return encoded(Pillow.open(io.BytesIO(picture)).resize((96, 72), Pillow.Resampling.BICUBIC))


@pytest.mark.parametrize("fit", [tune, calibrate])
def test_copies_of_a_picture_are_one_specimen_to_a_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fit: object
) -> None:
    seen: list[np.ndarray] = []

    def told(vectors: object, labels: object, groups: np.ndarray, **_: object) -> None:
        seen.append(groups)
        raise ValueError("that is all")

    name = "tune" if fit is tune else "calibrate"
    monkeypatch.setattr(spaces, name, told)
    with plant(tmp_path / "c", with_copies()) as collection, pytest.raises(UsageError, match="all"):
        getattr(spaces, f"{name}_space")(collection)
    (groups,) = seen
    first, copies = np.arange(96), np.arange(96, len(groups))
    assert groups[copies].tolist() == groups[np.r_[first[::8], first[::6]]].tolist()
    assert len(np.unique(groups)) == 96
