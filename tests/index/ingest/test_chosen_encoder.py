"""A collection goes on with the encoder that it was begun with; a new one gets the default."""

from __future__ import annotations

from pathlib import Path

import pytest

from holotype.index.collection import Collection
from holotype.index.encoders import DEFAULT_ENCODER, load_encoder
from holotype.index.ingest.chosen_encoder import encoder_for
from holotype.index.settings import settings


def test_an_older_space_goes_on_and_a_new_one_gets_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOLOTYPE_ENGINE", "torch")  # an export takes seconds
    settings.cache_clear()
    older = load_encoder("bundled", views=3)
    # What collections of earlier versions hold.
    assert older.fingerprint == "03fa6b060fb5469bc0de63abd4cfe00bafb6a16e4de9366e506767c8f720a5e0"
    assert encoder_for(tmp_path / "c", "base", None, None).name == DEFAULT_ENCODER
    with Collection.create(tmp_path / "c") as collection:
        collection.add_space(
            "base", encoder="bundled", fingerprint=older.fingerprint, views=3, dim=older.dim
        )
    again = encoder_for(tmp_path / "c", "base", None, None)
    assert (again.name, again.views, again.fingerprint) == ("bundled", 3, older.fingerprint)
    new = encoder_for(tmp_path / "c", "sharp", None, None)
    assert (new.name, new.views) == (DEFAULT_ENCODER, 2)
    named = encoder_for(tmp_path / "c", "base", "bundled", None)
    assert (named.name, named.views) == ("bundled", 1)
