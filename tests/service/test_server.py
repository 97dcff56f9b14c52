"""Interfaces, keys, start-up and failure."""

from __future__ import annotations

import hashlib
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest

from holotype.index.collection import Collection
from holotype.index.database.checksums import write_checksum
from holotype.index.encoders import Encoder
from holotype.index.errors import HolotypeError, MismatchError, NotFoundError, UsageError
from holotype.index.search.search import encoder_of
from holotype.index.storage.records import Space
from holotype.service.app import create_app
from holotype.service.engine import Engine
from holotype.service.guards.keys import Keys
from holotype.service.resources.records import images
from holotype.service.schemas import answers
from holotype.service.server import serve
from holotype.service.settings import ServiceSettings
from tests.conftest import Shell

from .conftest import Refused
from .running import running

KEY = "a long random key"
ENTRY = f"read:{hashlib.sha256(KEY.encode()).hexdigest()}"


def test_another_interface_needs_keys(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOLOTYPE_API_KEYS", raising=False)
    for host in ("0.0.0.0", "::", "192.0.2.1", "example.org"):
        with pytest.raises(UsageError, match="HOLOTYPE_API_KEYS"):
            serve(folder, host=host)


@pytest.mark.parametrize("entry", ["secret", "owner:" + "0" * 64, "read:abc", f"{ENTRY} {ENTRY}"])
def test_malformed_keys(entry: str) -> None:
    with pytest.raises(UsageError, match="HOLOTYPE_API_KEYS") as caught:
        Keys.parse(entry)
    assert entry not in str(caught.value)


def test_keys(folder: Path, refused: Refused) -> None:
    keys = Keys.parse(f" {ENTRY}, read:{'0' * 64} ")
    with running(create_app(folder, keys=keys, loopback=False)) as address:
        taxa = f"{address}/v1/taxa"
        response = httpx2.get(taxa, headers={"Host": "museum.example"})
        assert "API key" in refused(response, 401)
        assert response.headers["www-authenticate"].startswith("Basic")
        for wrong in ("Bearer no", "Bearer", "Basic !", "Digest x", f"Bearer {ENTRY}"):
            refused(httpx2.get(taxa, headers={"Authorization": wrong}), 401)
        assert httpx2.get(taxa, headers={"Authorization": f"Bearer {KEY}"}).status_code == 200
        assert httpx2.get(address, auth=("anyone", KEY)).status_code == 200
        assert httpx2.get(f"{address}/healthz").status_code == 200
        refused(httpx2.get(f"{address}/static/identify.js"), 401)


def test_no_key_is_no_key() -> None:
    keys = Keys((hashlib.sha256(b"").digest(),))
    assert not keys.accept("")
    assert not keys.accept("Bearer ")
    assert Keys.parse(" , ") is None


def test_settings_have_sentences() -> None:
    for name, field in ServiceSettings.model_fields.items():
        assert field.description, name


def test_what_cannot_be_served_is_refused_before_it_listens(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(NotFoundError, match="not a collection"):
        serve(tmp_path / "none", port=0)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(HolotypeError, match=f"port {port} cannot be served"):
            serve(folder, port=port)


def test_another_encoder_is_refused_at_start(folder: Path) -> None:
    app = create_app(folder)
    with app.state.engine.collection.database.transaction() as connection:
        connection.execute("UPDATE spaces SET fingerprint = 'another'")
        write_checksum(connection, "spaces", 1)
    with pytest.raises(MismatchError, match="fingerprint"):
        app.state.engine.load()
    app.state.engine.close()


def test_pages_come_and_questions_wait_while_the_encoder_is_loaded(
    folder: Path, source: Path, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, go, load = create_app(folder), threading.Event(), encoder_of

    def slow(space: Space) -> Encoder:
        assert go.wait(60)
        return load(space)

    monkeypatch.setattr("holotype.service.engine.encoder_of", slow)
    with running(app, loaded=False) as address, ThreadPoolExecutor(1) as pool:
        assert "Xestia" in httpx2.get(address).text
        assert "still being loaded" in refused(httpx2.get(f"{address}/readyz"), 503)
        files = {"images": ("x.png", (source.parent / "0-0.png").read_bytes())}
        asked = pool.submit(httpx2.post, f"{address}/v1/identify", files=files, timeout=60)
        assert httpx2.get(f"{address}/v1/taxa").status_code == 200
        assert not asked.done()
        go.set()
        answers.Answer.model_validate(asked.result().json())
        deadline = time.monotonic() + 60
        while httpx2.get(f"{address}/readyz").status_code != 200:
            assert time.monotonic() < deadline


@pytest.mark.parametrize("first", ["the service", "a question"])
def test_who_asks_before_the_encoder_is_ready_is_told_to_ask_again(
    folder: Path, source: Path, refused: Refused, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    app, go, load, begins = create_app(folder), threading.Event(), encoder_of, threading.Event()
    read_space = Engine._load

    def slow(space: Space) -> Encoder:
        begins.set()
        assert go.wait(60)
        return load(space)

    def late(engine: Engine, space: Space) -> int:
        assert first == "the service" or begins.wait(60)
        return read_space(engine, space)

    monkeypatch.setattr(Engine, "_load", late)
    monkeypatch.setattr("holotype.service.engine.encoder_of", slow)
    monkeypatch.setattr("holotype.service.engine._PATIENCE", 0.1)
    files = {"images": ("x.png", (source.parent / "0-0.png").read_bytes())}
    with running(app, loaded=False) as address:
        assert first == "a question" or begins.wait(60)
        for _ in range(2):
            asked = httpx2.post(f"{address}/v1/identify", files=files, timeout=60)
            assert "'base' is still being made ready" in refused(asked, 503)
            assert asked.headers["retry-after"] == "1"
        assert "still being loaded" in refused(httpx2.get(f"{address}/readyz"), 503)
        go.set()
        deadline = time.monotonic() + 60
        while httpx2.get(f"{address}/readyz").status_code == 503:
            assert time.monotonic() < deadline
        asked = httpx2.post(f"{address}/v1/identify", files=files, timeout=60)
        answers.Answer.model_validate(asked.json())


def test_a_server_that_can_load_nothing_says_its_address_and_then_why_it_ends(
    folder: Path, collection: Collection, shell: Shell
) -> None:
    with collection.database.transaction() as connection:
        connection.execute("UPDATE spaces SET fingerprint = 'another'")
        write_checksum(connection, "spaces", 1)
    done = shell("serve", folder, "--port", "0")
    assert "is served at http://127.0.0.1:" in done.stdout
    assert done.returncode == MismatchError.exit_code, done.stderr
    assert "fingerprint" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_who_starts_a_server_is_told_in_the_words_of_the_command_line(
    tmp_path: Path, shell: Shell
) -> None:
    Collection.create(tmp_path / "empty").close()
    done = shell("serve", tmp_path / "empty", "--port", "0")
    assert done.returncode == NotFoundError.exit_code, done.stderr
    assert "add pictures with 'holotype ingest'" in done.stderr


def test_the_address_is_said_before_the_large_libraries_are_imported() -> None:
    script = (
        "import sys, holotype.service.server\n"
        "print({'torch', 'numpy', 'faiss', 'fastapi', 'uvicorn', 'scipy'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.strip() == "set()", done.stderr


def test_the_page_needs_neither_search_nor_encoder(folder: Path) -> None:
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from holotype.service.app import create_app\n"
        "from holotype.service.pages.identify import shown\n"
        "engine = create_app(Path(sys.argv[1])).state.engine\n"
        "assert shown(engine, False)['examples']\n"
        "print({'torch', 'onnxruntime', 'faiss', 'scipy', 'sklearn'} & sys.modules.keys())\n"
        "engine.close()\n"
    )
    call = [sys.executable, "-c", script, str(folder)]
    done = subprocess.run(call, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_an_unexpected_failure_says_nothing_of_the_inside(
    folder: Path, collection: Collection, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("/secret/path")

    monkeypatch.setattr(images, "tagged", fail)
    image_id = next(collection.images()).image_id
    with running(create_app(folder)) as address:
        response = httpx2.get(f"{address}/v1/images/{image_id}")
    assert "log" in refused(response, 500)
    assert "secret" not in response.text
    assert response.headers["content-security-policy"]


def test_a_collection_that_is_the_working_folder(
    folder: Path, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    with running(create_app(Path())) as address:
        sentence = refused(httpx2.get(f"{address}/v1/images/a.b"), 404)
    assert sentence == "Collection 'collection' has no image 'a.b'"


def test_the_command_serves_until_it_is_interrupted(
    folder: Path, collection: Collection, program: Path
) -> None:
    image_id = next(collection.images()).image_id
    command = [str(program), "serve", str(folder), "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        found = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        assert found
        answer = httpx2.post(f"{found[0]}/v1/identify", json={"image_id": image_id}, timeout=60)
        answers.Answer.model_validate(answer.json())
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
        assert (process.returncode, said) == (0, "")
    finally:
        process.kill()
        process.wait()
