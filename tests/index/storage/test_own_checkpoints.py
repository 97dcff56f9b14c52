"""Encoders that lie in the collection are named so that it can be moved."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from holotype.index.collection import Collection


def added(collection: Collection, encoder: str) -> str:
    """What is written down of a space of an encoder."""
    collection.add_space("own", encoder=encoder, fingerprint="f" * 64, views=1, dim=4)
    found = collection.database.read("SELECT encoder FROM spaces WHERE name = 'own'")
    return str(found[0]["encoder"])


def test_a_checkpoint_of_its_own_is_found_where_it_was_moved(folder: Path, tmp_path: Path) -> None:
    (folder / "models" / "net").mkdir(parents=True)
    with Collection.open(folder) as collection:
        kept = added(collection, f"checkpoint:{folder / 'models' / 'net'}")
        assert kept == "checkpoint:models/net"
        assert collection.space("own").encoder == f"checkpoint:{folder / 'models' / 'net'}"
    moved = Path(shutil.move(folder, tmp_path / "moved"))
    with Collection.open(moved) as collection:
        assert collection.space("own").encoder == f"checkpoint:{moved / 'models' / 'net'}"


def test_through_a_link_or_from_here_it_is_the_same_folder(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "link").symlink_to(folder)
    monkeypatch.chdir(tmp_path)
    for place in (Path("link"), tmp_path / "link", Path(folder.name)):
        with Collection.open(place) as collection:
            kept = added(collection, f"checkpoint:{place / 'models' / 'net'}")
            assert kept == "checkpoint:models/net"
            assert collection.space("own").encoder == f"checkpoint:{folder / 'models' / 'net'}"
            collection.remove_space("own")


@pytest.mark.parametrize("place", ["elsewhere/models/net", "models/deep/net", "models"])
def test_others_keep_their_name(collection: Collection, tmp_path: Path, place: str) -> None:
    home = collection.folder if place.startswith("models") else tmp_path
    encoder = f"checkpoint:{home / place}"
    assert added(collection, encoder) == encoder
    assert collection.space("own").encoder == encoder


def test_a_name_cannot_lead_out_of_the_folder(collection: Collection) -> None:
    for name in ("checkpoint:models/..", "checkpoint:models/../../x"):
        assert added(collection, name) == name
        assert collection.space("own").encoder == name
        collection.remove_space("own")
