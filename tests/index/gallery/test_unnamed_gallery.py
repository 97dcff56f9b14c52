"""A filter that leaves nothing named leaves a calibrated collection without a name to give."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from holotype.index.identification.identify import identify_vector
from holotype.index.identification.kept_calibration import kept_calibration
from holotype.training.spaces import calibrate_space
from tests.index.identification.answers import check, planted


def test_only_unnamed_images_are_unknown_and_no_failure(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    centres = np.eye(12)[:6]
    rows = [
        (
            "" if n % 9 == 0 else f"Agrotis s{n % 6}",
            (centres[n % 6] + rng.normal(0, 0.1, 12)).tolist(),
        )
        for n in range(180)
    ]
    with planted(tmp_path / "c", rows) as collection:
        calibrate_space(collection)
        assert kept_calibration(collection, collection.gallery()) is not None
        unnamed = [image.image_id for image in collection.images() if not image.lineage[-1]]
        query = np.eye(12, dtype=np.float32)[1]
        for only in (unnamed, unnamed[:1]):
            filters = [f"image_id={'|'.join(only)}"]
            answer = identify_vector(collection, query, name="q", only=filters)
            check(answer)
            assert answer.unknown
            assert answer.why.startswith("None of the neighbours has a determination")
            assert len(answer.neighbours) == min(len(only), 10)
