"""The user's own folder, files that the system makes up, and half characters: one sentence."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from holotype.index.collection import Collection
from holotype.index.errors import HolotypeError, ReplacedError, UsageError
from holotype.index.files.durable import TEMPORARY
from holotype.index.files.plain_json import read_json
from holotype.index.files.regular import Limit, read_regular
from holotype.scripts.bench.faults import plain
from tests.conftest import Cli
from tests.hostile.forging import forge

_ASK = """
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from holotype.index.collection import Collection
with Collection.open(Path(sys.argv[1])) as collection:
    print(len(collection.gallery()))
"""


@pytest.mark.parametrize("name", ["signing.key", "trust.json"])
@pytest.mark.parametrize("what", ["pipe", "/dev/zero", "sparse"])
def test_what_lies_in_the_users_folder_is_looked_at(
    folder: Path, tmp_path: Path, name: str, what: str
) -> None:
    config = tmp_path / "config"
    config.mkdir()
    if what == "pipe":
        os.mkfifo(config / name)
    elif what == "sparse":
        with (config / name).open("wb") as file:
            file.truncate(30_000_000_000)
    else:
        (config / name).symlink_to(what)
    done = subprocess.run(
        [sys.executable, "-c", _ASK, str(folder)],
        env={**os.environ, "HOLOTYPE_CONFIG": str(config)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout == "40\n", done.stderr[-500:]


@pytest.mark.skipif(not Path("/proc/kmsg").exists(), reason="needs /proc")
def test_a_file_that_has_nothing_to_say_is_an_error_and_no_wait() -> None:
    file = os.open("/proc/kmsg", os.O_RDONLY | os.O_NONBLOCK)
    with suppress(BlockingIOError):  # until the kernel has told everything
        while os.read(file, 1 << 16):
            pass
    os.close(file)
    with pytest.raises(OSError, match="kmsg"):
        read_regular(Path("/proc/kmsg"), Limit(1 << 20, "of a test"))


def test_half_a_character_is_no_text(folder: Path, tmp_path: Path, cli: Cli) -> None:
    assert read_json('"\\ud83d\\ude00"', str) == "😀"
    for text in ('"\\ud800"', '{"a": "\\uDfff"}', '["\\ud83d"]'):
        with pytest.raises(ValueError, match="half of a character"):
            read_json(text, object)
    forge(folder, "UPDATE images SET metadata = ?", values=('{"sex": "\\ud800"}',))
    code, _, err = cli("export", folder, "--out", tmp_path / "x.parquet")
    assert code == 4
    assert "Traceback" not in err


def test_leftovers_are_refused_by_whatever_name(folder: Path, tmp_path: Path) -> None:
    left = folder.rename(tmp_path / f"snap.{'0' * 16}.tmp")
    assert TEMPORARY.search(left.name)
    (tmp_path / "link").symlink_to(left)
    for name in (left, tmp_path / "link"):
        with pytest.raises(UsageError, match="did not end"):
            Collection.open(name)
        with pytest.raises(UsageError, match="did not end"):
            Collection.create(name)


def test_a_file_that_was_written_over_is_told_as_such_everywhere(tmp_path: Path) -> None:
    plain.make(tmp_path / "x", 30)
    plain.make(tmp_path / "y", 60)
    for ask in ("gallery", "vectors", "images", "delete"):
        with Collection.open(tmp_path / "x") as collection:
            space = collection.space()
            collection.gallery()
            kept = (tmp_path / "x" / "collection.sqlite").read_bytes()
            (tmp_path / "x" / "collection.sqlite").write_bytes(
                (tmp_path / "y" / "collection.sqlite").read_bytes()
            )
            asked: dict[str, Callable[[], object]] = {
                "gallery": collection.gallery,
                "vectors": partial(collection.vectors, space),
                "images": partial(collection.image, "image 1"),
                "delete": partial(collection.delete, ["image 1"]),
            }
            with pytest.raises(ReplacedError):
                asked[ask]()
        (tmp_path / "x" / "collection.sqlite").write_bytes(kept)


def test_an_emptied_file_is_one_sentence(tmp_path: Path) -> None:
    plain.make(tmp_path / "x", 30)
    for ask in ("gallery", "delete", "add_space"):
        with Collection.open(tmp_path / "x") as collection:
            kept = (tmp_path / "x" / "collection.sqlite").read_bytes()
            os.truncate(tmp_path / "x" / "collection.sqlite", 0)
            add = partial(collection.add_space, encoder="external:a", fingerprint="a", views=1)
            asked: dict[str, Callable[[], object]] = {
                "gallery": collection.gallery,
                "delete": partial(collection.delete, ["image 1"]),
                "add_space": partial(add, "new", dim=3),
            }
            with pytest.raises(HolotypeError):
                asked[ask]()
        (tmp_path / "x" / "collection.sqlite").write_bytes(kept)
