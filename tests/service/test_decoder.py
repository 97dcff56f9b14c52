"""What is uploaded is decoded by another process, within a time and a memory."""

from __future__ import annotations

import errno
import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import numpy as np
import pytest
from PIL import Image

from holotype.index.collection import Collection
from holotype.index.errors import PictureError
from holotype.index.pictures.reading import read_picture
from holotype.service.app import create_app
from holotype.service.decoding import decoders as module
from holotype.service.decoding.decoders import Budget, Decoders
from holotype.service.settings import ServiceSettings
from tests.conftest import ROOT, NoThreads, pace
from tests.hostile import drawing

from .conftest import Refused
from .running import running

posix = pytest.mark.skipif(os.name != "posix", reason="limits that the system enforces")


@pytest.fixture(scope="module")
def decoders() -> Iterator[Decoders]:
    seconds = pace() * ServiceSettings().decoder_seconds
    made = Decoders(ServiceSettings(decoders=2, decoder_seconds=seconds))
    made.start()
    yield made
    made.close()


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service whose decoders have the time here that they need elsewhere."""
    monkeypatch.setenv("HOLOTYPE_DECODER_SECONDS", str(pace() * ServiceSettings().decoder_seconds))


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> bytes:
    """A JPEG that takes about a minute, where the limit of scans is lifted."""
    monkeypatch.setenv("HOLOTYPE_MAX_SCANS", "1000000")
    return drawing.of_scans(1000, 6400, 6200, progressive=True)


@pytest.fixture
def impatient(slow: bytes) -> Iterator[Decoders]:
    """Decoders that let such pictures through, but not for long."""
    made = Decoders(ServiceSettings(decoders=1, decoder_seconds=0.3))
    made.read_picture(drawing.png(8, 8))
    yield made
    made.close()


def pid_of(decoders: Decoders) -> int:
    decoder = decoders._idle.queue[-1]
    assert decoder is not None
    return decoder._process.pid


def test_the_same_pixels_come_back(decoders: Decoders) -> None:
    noise = drawing.noise(700, 500)
    for form, options in (("JPEG", {"quality": 90}), ("PNG", {}), ("WEBP", {}), ("TIFF", {})):
        data = drawing.encoded(noise, form, **options)
        for target in (0, 32, 100):
            here, there = (
                read(data, target=target) for read in (read_picture, decoders.read_picture)
            )
            assert here.size == there.size
            np.testing.assert_array_equal(np.asarray(here), np.asarray(there))


@pytest.mark.parametrize("form", ["GIF", "BMP", "AVIF", "JPEG2000"])
def test_other_formats_are_read_of_what_is_stored_and_not_of_uploads(
    decoders: Decoders, form: str
) -> None:
    data = drawing.encoded(drawing.noise(70, 50), form)
    there = decoders.read_stored(data)
    np.testing.assert_array_equal(np.asarray(there), np.asarray(read_picture(data)))
    with pytest.raises(PictureError, match="not a JPEG, PNG, WebP or TIFF"):
        decoders.read_picture(data)


def test_refusals_are_said_in_the_same_words(decoders: Decoders) -> None:
    for data in (b"", b"text", drawing.tile(7000), drawing.jpeg()[:300], drawing.png(7000, 7000)):
        with pytest.raises(PictureError) as here:
            read_picture(data, name="x.jpg")
        with pytest.raises(PictureError) as there:
            decoders.read_picture(data, name="x.jpg")
        assert str(there.value) == str(here.value)


def test_it_starts_without_what_it_does_not_need() -> None:
    code = "import sys, holotype.service.decoding.decoder; print([*sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "scipy", "pandas", "fastapi", "faiss"} & set(eval(done.stdout))


@posix
def test_one_that_takes_too_long_is_ended_and_replaced(impatient: Decoders, slow: bytes) -> None:
    before, start = pid_of(impatient), time.monotonic()
    with pytest.raises(PictureError, match=r"longer than 0\.3 s .*HOLOTYPE_DECODER_SECONDS"):
        impatient.read_picture(slow, name="x.jpg")
    assert time.monotonic() - start < 2 * pace()
    assert impatient.read_picture(drawing.png(9, 7)).size == (9, 7)
    assert pid_of(impatient) != before


@posix
def test_one_that_hangs_is_ended_by_the_clock(impatient: Decoders) -> None:
    os.kill(pid_of(impatient), signal.SIGSTOP)  # it uses no processor, so only the clock tells
    with pytest.raises(PictureError, match="HOLOTYPE_DECODER_SECONDS"):
        impatient.read_picture(drawing.png(9, 7))
    assert impatient.read_picture(drawing.png(9, 7)).size == (9, 7)


@posix
def test_one_that_crashes_takes_only_its_picture_with_it(slow: bytes) -> None:
    decoders = Decoders(ServiceSettings(decoders=1, decoder_seconds=30))
    decoders.read_picture(drawing.png(8, 8))
    crash = threading.Timer(0.3, os.kill, (pid_of(decoders), signal.SIGSEGV))
    crash.start()
    with pytest.raises(PictureError, match=r"x\.jpg crashes what decodes it \(exit code -11\)"):
        decoders.read_picture(slow, name="x.jpg")
    assert decoders.read_picture(drawing.png(9, 7)).size == (9, 7)
    os.kill(pid_of(decoders), signal.SIGKILL)  # one that is ended while it waits is replaced, too
    time.sleep(0.1)
    assert decoders.read_picture(drawing.png(9, 7)).size == (9, 7)
    decoders.close()


def test_a_process_that_cannot_be_started_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where memory ran out for a moment, a service with one decoder decodes again after it."""

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))

    made = Decoders(ServiceSettings(decoders=1))
    with monkeypatch.context() as now:
        now.setattr(subprocess, "Popen", full)
        for ask in (made.start, lambda: made.read_picture(drawing.png(8, 8)), made.start):
            with pytest.raises(module.DecoderError, match="Cannot allocate memory"):
                ask()
    assert made.read_picture(drawing.png(8, 8)).size == (8, 8)
    made.close()


def no_process(*_: object) -> None:
    """Stand in for a machine that starts nothing more."""
    raise module.NoProcessError("No process can be started to decode the picture; try later")


def test_a_picture_that_no_thread_can_watch_over_is_refused(no_threads: NoThreads) -> None:
    made = Decoders(ServiceSettings(decoders=1))
    with no_threads("Thread-"), pytest.raises(module.DecoderError, match="No thread can be"):
        made.read_picture(drawing.png(8, 8))
    assert made.read_picture(drawing.png(8, 8)).size == (8, 8)
    made.close()


def test_who_asks_while_none_can_be_started_is_told_when_to_come_again(
    served_folder: Path, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {"images": ("x.png", drawing.png(30, 20))}
    with running(create_app(served_folder)) as address:
        assert httpx2.post(f"{address}/v1/identify", files=files, timeout=60).status_code == 200
        with monkeypatch.context() as now:
            now.setattr(module._Decoder, "_killed_after", no_process)
            found = httpx2.post(f"{address}/v1/identify", files=files, timeout=60)
        assert "try later" in refused(found, 503)
        assert int(found.headers["retry-after"]) > 0
        assert httpx2.post(f"{address}/v1/identify", files=files, timeout=60).status_code == 200


@pytest.mark.skipif(sys.platform != "linux", reason="pipes whose size can be asked for")
def test_a_user_whose_pipes_are_many_decodes_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    import fcntl

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    made = Decoders(ServiceSettings(decoders=1))
    with monkeypatch.context() as now:
        now.setattr(fcntl, "fcntl", refuse)
        assert made.read_picture(drawing.png(900, 800)).size == (900, 800)
    made.close()


def test_who_would_ask_in_vain_is_not_asked_to_come_again(
    served_folder: Path, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_environment", lambda: {"PYTHONHOME": "/nowhere"})
    files = {"images": ("x.png", drawing.png(30, 20))}
    with running(create_app(served_folder)) as address:
        found = httpx2.post(f"{address}/v1/identify", files=files, timeout=60)
        assert "see the log" in refused(found, 503)
        assert "retry-after" not in found.headers


def test_memory_is_refused_in_words() -> None:
    decoders = Decoders(ServiceSettings(decoders=1, decoder_bytes=3_000_000))
    try:
        assert decoders.read_picture(drawing.png(500, 500)).size == (500, 500)
        with pytest.raises(PictureError, match=r"takes 4 MB .* is 3 MB \(HOLOTYPE_DECODER_BYTES"):
            decoders.read_picture(drawing.png(1000, 1000))
        with pytest.raises(PictureError, match="a file of 2 MB"):
            decoders.read_picture(bytes(2_000_000))
    finally:
        decoders.close()


@pytest.mark.skipif(sys.platform != "linux", reason="address space")
def test_memory_is_a_limit_of_the_system() -> None:
    code = (
        "from holotype.service.decoding.decoder import _limit_memory; _limit_memory(50 << 20); "
        "bytearray(20 << 20); bytearray(100 << 20)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip().endswith("MemoryError")


def test_the_pictures_of_a_request_have_a_budget_together(decoders: Decoders) -> None:
    data = drawing.png(4000, 3000, 16, 0)
    decoders.read_picture(data)
    decoder = decoders._idle.queue[-1]
    assert decoder is not None
    seconds = decoder.read_picture(data, 0, None, stored=False)[2]
    assert seconds > 0.01
    budget = Budget(seconds * 0.6)
    decoders.read_picture(data, budget=budget)

    def more() -> None:
        for _ in range(4):
            decoders.read_picture(data, budget=budget)

    with pytest.raises(PictureError, match=r"decode together \(2 x HOLOTYPE_DECODER_SECONDS\)"):
        more()


def test_who_sends_several_slow_pictures_is_told(
    served_folder: Path, refused: Refused, monkeypatch: pytest.MonkeyPatch, patient: None
) -> None:
    monkeypatch.setattr(module, "_TOGETHER", 0.001)
    data = drawing.png(4000, 3000, 16, 0)
    with running(create_app(served_folder)) as address:
        for count, status in ((1, 200), (2, 422)):
            files = [("images", ("x.png", data))] * count
            found = httpx2.post(f"{address}/v1/identify", files=files, timeout=30)
            assert found.status_code == status
        assert "send fewer" in refused(found, 422)


def test_several_at_once_get_their_own(decoders: Decoders) -> None:
    sizes = [(10 + number, 7) for number in range(40)]
    with ThreadPoolExecutor(8) as threads:
        read = threads.map(lambda size: decoders.read_picture(drawing.png(*size)).size, sizes)
        assert list(read) == sizes


def test_none_is_left_behind() -> None:
    decoders = Decoders(ServiceSettings(decoders=1))
    decoders.read_picture(drawing.png(8, 8))
    decoder = decoders._idle.queue[-1]
    assert decoder is not None
    decoders.close()
    assert decoder._process.returncode == 0


@posix
def test_one_whose_service_was_killed_ends_by_itself() -> None:
    code = (
        "from holotype.service.decoding.decoders import Decoders; import os; "
        "d = Decoders(); d.start(); "
        "print(d._idle.queue[-1]._process.pid, flush=True); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    deadline = time.monotonic() + 20
    while Path(f"/proc/{done.stdout.strip()}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{done.stdout.strip()}").exists()


def test_a_stored_original_can_go_through_the_same_door(
    decoders: Decoders, collection: Collection
) -> None:
    image = next(collection.images())
    shown = collection.thumbnail(image, read=decoders.read_picture, most=decoders.most)
    assert shown == collection.kept_thumbnail(image)
    one = Image.open(io.BytesIO(shown))
    assert one.size == Image.open(collection.picture_path(image)).size


# Over HTTP ------------------------------------------------------------------------------------


def memory_of(pid: str) -> int:
    """Bytes at most, in memory, of a process."""
    status = Path(f"/proc/{pid}/status").read_text()
    return 1024 * int(status.partition("VmHWM:")[2].split()[0])


@pytest.fixture(scope="module")
def uploads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Hostile pictures, drawn by another process: what that takes is none of the service's."""
    folder = tmp_path_factory.mktemp("uploads")
    draw = [sys.executable, "-m", "tests.hostile.uploads", str(folder)]
    subprocess.run(draw, cwd=ROOT, check=True)
    return folder


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_hostile_uploads_are_answered_soon_and_take_little(
    served_folder: Path, refused: Refused, uploads: Path
) -> None:
    """The numbers are the issue's: 2 seconds and 300 MB, of the service and of every decoder."""
    app = create_app(served_folder)
    good = drawing.encoded(drawing.noise(60, 40), "PNG")
    with running(app) as address, httpx2.Client(base_url=address, timeout=30) as client:
        first = client.post("/v1/identify", files={"images": ("x.png", good)}).json()
        before = memory_of("self")
        decoders = app.state.engine.decoders
        lean = memory_of(str(pid_of(decoders)))
        for upload in sorted(uploads.iterdir()):
            data, name = upload.read_bytes(), upload.name
            start = time.monotonic()
            answer = client.post("/v1/identify", files={"images": ("x.jpg", data)})
            assert time.monotonic() - start < 2 * pace(), name
            if answer.status_code != 200:
                refused(answer, 422)
            if "HOLOTYPE_DECODER_SECONDS" not in answer.text:  # or it was ended, as it is to be
                assert memory_of(str(pid_of(decoders))) - lean < 300_000_000, name
        assert memory_of("self") - before < 300_000_000
        assert client.post("/v1/identify", files={"images": ("x.png", good)}).json() == first
