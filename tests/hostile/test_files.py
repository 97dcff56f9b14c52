"""What lies where a picture or a table should is looked at first: nothing waits, nothing fills."""

from __future__ import annotations

import os
import socket
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from holotype.index.collection import Collection
from holotype.index.encoders import Encoder
from holotype.index.errors import HolotypeError, PictureError
from holotype.index.files.regular import Limit, read_regular
from holotype.index.ingest.pictures import ingest
from holotype.index.manifests.manifest import Manifest
from holotype.index.manifests.vector_file import VectorFile
from holotype.index.pictures.reading import read_bytes
from tests.conftest import Cli, Draw

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="pipes, devices and sockets")


def pipe(path: Path) -> None:
    os.mkfifo(path)


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def kernel_memory(path: Path) -> None:
    path.symlink_to("/proc/self/mem")


def listener(path: Path) -> None:
    folder = tempfile.mkdtemp(dir="/tmp")  # the names of sockets are short
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(f"{folder}/s")
    os.rename(f"{folder}/s", path)
    os.rmdir(folder)


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(30 << 30)


def folder(path: Path) -> None:
    path.mkdir()


def gone(path: Path) -> None:
    path.symlink_to(path.with_name("nowhere"))


MAKERS = [pipe, endless, kernel_memory, listener, sparse, folder, gone]
Maker = Callable[[Path], None]


@pytest.fixture(params=MAKERS, ids=lambda make: make.__name__)
def make(request: pytest.FixtureRequest) -> Maker:
    made: Maker = request.param
    return made


def test_none_is_read_as_a_picture(tmp_path: Path, make: Maker) -> None:
    make(tmp_path / "x.jpg")
    with pytest.raises(PictureError) as caught:
        read_bytes(tmp_path / "x.jpg")
    assert str(tmp_path / "x.jpg") in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", ["csv", "tsv", "parquet"])
def test_none_is_read_as_a_table(tmp_path: Path, make: Maker, suffix: str) -> None:
    path = tmp_path / f"x.{suffix}"
    make(path)
    with pytest.raises(HolotypeError) as caught:
        Manifest.read(path)
    assert "\n" not in str(caught.value)


def test_none_is_read_as_a_vector_file(tmp_path: Path, make: Maker) -> None:
    (tmp_path / "parts").mkdir()
    make(tmp_path / "parts" / "x.parquet")
    with pytest.raises(HolotypeError):
        VectorFile(tmp_path / "parts")


def test_all_in_one_folder_are_problems_and_the_pictures_go_in(
    tmp_path: Path, draw: Draw, tiny: Encoder
) -> None:
    source = tmp_path / "Xestia baja"
    draw(source / "a.png", 1)
    for made in MAKERS:
        made(source / f"{made.__name__}.jpg")
    (source / "bytes.jpg").write_bytes(b"x")
    with Collection.create(tmp_path / "c") as collection:
        report = ingest(Manifest.read(source), collection, tiny)
    assert report.embedded == 1
    named = {Path(one.path).stem for one in report.problems if one.severity == "error"}
    assert named == {made.__name__ for made in MAKERS} - {"folder"} | {"bytes"}


def test_the_command_line_says_so_in_one_sentence(tmp_path: Path, cli: Cli, folder: Path) -> None:
    for made, words in ((pipe, "a pipe"), (endless, "a device"), (sparse, "HOLOTYPE_MAX_FILE")):
        path = tmp_path / f"{made.__name__}.jpg"
        made(path)
        for command in ("identify", "search"):
            code, _, err = cli(command, path, "--in", folder)
            assert code == 1
            assert words in " ".join(err.split())
            assert "Traceback" not in err


def test_no_more_is_read_than_allowed_of_a_file_that_grows(tmp_path: Path) -> None:
    """What the system makes up has no size, and may have no end."""
    limit = Limit(1000, "HOLOTYPE_MAX_FILE_BYTES")
    (tmp_path / "x").write_bytes(b"x" * 1000)
    assert len(read_regular(tmp_path / "x", limit)) == 1000
    with pytest.raises(OSError, match="HOLOTYPE_MAX_FILE_BYTES"):
        read_regular(Path("/proc/self/maps"), limit)
    (tmp_path / "y").write_bytes(b"x" * 1001)
    with pytest.raises(OSError, match="1001 bytes"):
        read_regular(tmp_path / "y", limit)


def test_a_file_that_shrinks_meanwhile_is_damaged_and_no_more(
    tmp_path: Path, draw: Draw, tiny: Encoder
) -> None:
    path = draw(tmp_path / "m" / "a.png", 1, size=(400, 300))
    draw(tmp_path / "m" / "b.png", 2)
    whole = path.read_bytes()
    stop = threading.Event()

    def tear() -> None:
        while not stop.is_set():
            path.write_bytes(whole[: len(whole) // 2])
            path.write_bytes(whole)

    thread = threading.Thread(target=tear)
    thread.start()
    try:
        for _ in range(20):
            try:
                assert len(read_bytes(path)) <= len(whole)
            except PictureError:
                continue
    finally:
        stop.set()
        thread.join()


def test_an_open_descriptor_is_left_by_none(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for made in MAKERS:
        made(tmp_path / made.__name__)
        with pytest.raises(PictureError):
            read_bytes(tmp_path / made.__name__)
    assert len(os.listdir("/proc/self/fd")) == before
