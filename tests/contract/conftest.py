"""The labelled images in one collection, each set embedded once a session."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from holotype.index.collection import Collection
from holotype.index.encoders import Encoder, load_encoder
from holotype.index.ingest.pictures import ingest
from holotype.index.manifests.manifest import Manifest


def take(data: Path, name: str, atlas: Collection, encoder: Encoder, space: str) -> None:
    report = ingest(Manifest.read(data / name), atlas, encoder, space=space)
    assert [problem for problem in report.problems if problem.severity == "error"] == []


@pytest.fixture(scope="session")
def atlas(
    data: Path, encoder: Encoder, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Collection]:
    """Moths, leaves and fish in one collection, bundled encoder, one view."""
    with Collection.create(tmp_path_factory.mktemp("atlas") / "collection") as collection:
        for name in ("moths", "leaves", "fish"):
            take(data, name, collection, encoder, "base")
        yield collection


@pytest.fixture(scope="session")
def three_views(data: Path, atlas: Collection) -> Collection:
    """The same with moths and fish in three views too, as space `three`."""
    encoder = load_encoder("bundled", views=3)
    for name in ("moths", "fish"):
        take(data, name, atlas, encoder, "three")
    return atlas
