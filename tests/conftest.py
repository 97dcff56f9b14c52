"""What the tests share: the labelled images, encoders that are loaded once, small collections."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

# Before torch starts: threads that wait for each other are slow on a busy machine. And no network.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from holotype.index.collection import Collection
from holotype.index.encoders import Encoder, accelerated, load_encoder
from holotype.index.ingest.pictures import ingest
from holotype.index.manifests.manifest import Manifest
from holotype.index.settings import settings
from holotype.index.storage.milvus.client import Client
from holotype.index.storage.milvus.store import MilvusStore
from holotype.index.upkeep.snapshots import restore, snapshot
from holotype.scripts.main import main

# Who starts the tests in a shell's background has told them to ignore Ctrl-C, which they send.
signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).resolve().parent.parent
_SECONDS = 0.06  # that the loop of `pace` takes of a processor at some 3 GHz
_MUCH_SLOWER = 2.5  # times; there the slow tests alone would take an hour

Draw = Callable[..., Path]
Cli = Callable[..., tuple[int, str, str]]
Ask = Callable[..., Any]
Shell = Callable[..., subprocess.CompletedProcess[str]]
NoThreads = Callable[[str], AbstractContextManager[None]]


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What is kept between runs must not decide how a test ends."""
    os.environ["HOLOTYPE_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    os.environ["HOLOTYPE_CONFIG"] = str(tmp_path_factory.mktemp("config"))
    settings.cache_clear()  # they may have been read while tests were collected


def pace() -> float:
    """How many times longer this machine computes now than the one that bounds in seconds are for.

    One or more. A hang, or work that grows with what is sent, passes a bound on any machine; a slow
    processor that others want too does on none.
    """
    begin = time.perf_counter()
    sum(number % 7 for number in range(1_000_000))
    return max(1.0, (time.perf_counter() - begin) / _SECONDS)


@pytest.fixture(autouse=True)
def _fresh_settings() -> Iterator[None]:
    """Settings are read once a process; a test that changes the environment wants its own."""
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.fixture
def no_threads(monkeypatch: pytest.MonkeyPatch) -> NoThreads:
    """Lets no thread start whose name begins so: `with no_threads("query"):`."""
    start = threading.Thread.start

    @contextmanager
    def refused(name: str) -> Iterator[None]:
        def refuse(thread: threading.Thread) -> None:
            if thread.name.startswith(name):
                raise RuntimeError("can't start new thread")
            start(thread)

        with monkeypatch.context() as now:
            now.setattr(threading.Thread, "start", refuse)
            yield

    return refused


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of the shared labelled images."""
    folder = Path(os.environ.get("HOLOTYPE_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "moths" / "manifest.csv").is_file():
        pytest.skip(f"no labelled images in {folder}; set HOLOTYPE_DATA to their folder")
    return folder


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    """The bundled encoder, one view."""
    return load_encoder("bundled")


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of a tiny network with random weights, hundreds of times faster."""
    import timm
    import torch

    from holotype.index.encoders.checkpoint import save_checkpoint
    from holotype.index.encoders.model import Preprocessing

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("tiny") / "checkpoint"
    network = timm.create_model("test_efficientnet", num_classes=0)
    half = (0.5, 0.5, 0.5)
    recipe = Preprocessing(size=32, mean=half, std=half)
    save_checkpoint(
        folder, network, architecture="test_efficientnet", preprocessing=recipe, card={}
    )
    return folder


@pytest.fixture(scope="session")
def tiny(tiny_folder: Path) -> Encoder:
    """The tiny network as an encoder, one view, run as the command line and the service run it."""
    return accelerated(load_encoder(f"checkpoint:{tiny_folder}"))


@pytest.fixture(scope="session")
def draw() -> Draw:
    """Draws a picture: `draw(path, seed, size=(48, 36), like=None)`.

    Pictures of one number `like` have one colour, so that even a random network tells them apart.
    """

    def paint(
        path: Path, seed: int, size: tuple[int, int] = (48, 36), like: int | None = None
    ) -> Path:
        rng = np.random.default_rng(seed)
        ground = np.random.default_rng(0 if like is None else like).integers(0, 256, 3)
        noise = rng.normal(0, 12, (size[1], size[0], 3))
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray((ground + noise).clip(0, 255).astype(np.uint8)).save(path)
        return path

    return paint


SPECIES = (
    ("Moth", "Noctuidae", "Xestia", "Xestia baja"),
    ("Moth", "Noctuidae", "Xestia", "Xestia c-nigrum"),
    ("Moth", "Erebidae", "Catocala", "Catocala nupta"),
    ("Fish", "Salmonidae", "Salmo", "Salmo trutta"),
)


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory, draw: Draw) -> Path:
    """A manifest of 4 species in 3 genera, 5 specimens each, 2 pictures a specimen."""
    folder = tmp_path_factory.mktemp("source")
    lines = ["path,specimen_id,category,family,genus,species,split,sex"]
    for kind, names in enumerate(SPECIES):
        for number in range(10):
            specimen = f"{names[-1]} {number // 2}".replace(" ", "_")
            path = draw(folder / f"{kind}-{number}.png", 100 * kind + number, like=kind)
            split, sex = ("test" if number < 2 else "train"), "fm"[number // 2 % 2]
            lines.append(",".join((path.name, specimen, *names, split, sex)))
    table = folder / "manifest.csv"
    table.write_text("\n".join(lines) + "\n")
    return table


_SERVE = """
import sys
from milvus_lite.adapter.grpc.server import start_server_in_thread

server, database, port = start_server_in_thread(sys.argv[1])
print(port, flush=True)
sys.stdin.read()
server.stop(grace=1).wait()
database.close()
"""


@pytest.fixture(scope="session")
def milvus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Milvus Lite in a process of its own, as a server is.

    In this one `faiss.contrib.torch_utils`, which pytorch-metric-learning imports, would replace
    the search that it calls.
    """
    pytest.importorskip("milvus_lite", reason="no Milvus Lite; see docs/milvus.md")
    command = [sys.executable, "-c", _SERVE, str(tmp_path_factory.mktemp("milvus"))]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        server.communicate()  # it ends with its input


def table_of(collection: Collection) -> tuple[Client, str]:
    """The Milvus of a collection, and the table of its first space."""
    kept = collection.database.store
    assert isinstance(kept, MilvusStore)
    return kept.client, kept.table(1)


@pytest.fixture
def store(request: pytest.FixtureRequest) -> str:
    """Where a collection keeps its vectors: in its own database, with `both_stores` elsewhere too.

    Tests of modules that are marked `both_stores` and use it, or a collection, run twice.
    """
    elsewhere = getattr(request, "param", "local") == "milvus"
    return str(request.getfixturevalue("milvus")) if elsewhere else ""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave slow tests out where the machine is so slow that they would take the hours of all."""
    slower = min(pace() for _ in range(3))
    if slower > _MUCH_SLOWER and not os.environ.get("HOLOTYPE_SLOW_TESTS"):
        why = f"this machine computes {slower:.0f} times slower; HOLOTYPE_SLOW_TESTS=1 runs it here"
        for item in items:
            if item.get_closest_marker("slow"):
                item.add_marker(pytest.mark.skip(reason=why))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what is marked `both_stores` once for each store."""
    if "store" in metafunc.fixturenames and metafunc.definition.get_closest_marker("both_stores"):
        metafunc.parametrize("store", ["local", "milvus"], indirect=True)


@pytest.fixture(scope="session")
def _ready(tmp_path_factory: pytest.TempPathFactory, source: Path, tiny: Encoder) -> Path:
    folder = tmp_path_factory.mktemp("ready") / "collection"
    with Collection.create(folder) as made:
        ingest(Manifest.read(source), made, tiny)
        made.gallery()
    return folder


@pytest.fixture(scope="session")
def ready_snapshot(tmp_path_factory: pytest.TempPathFactory, _ready: Path) -> Path:
    """A snapshot of the collection that `folder` is a copy of."""
    folder = tmp_path_factory.mktemp("ready") / "snapshot"
    with Collection.open(_ready) as made:
        snapshot(made, folder)
    return folder


@pytest.fixture
def folder(request: pytest.FixtureRequest, _ready: Path, tmp_path: Path, store: str) -> Path:
    """A collection's folder, a copy of its own for every test."""
    if not store:
        return Path(shutil.copytree(_ready, tmp_path / "collection"))
    restore(request.getfixturevalue("ready_snapshot"), tmp_path / "collection", store=store)
    return tmp_path / "collection"


@pytest.fixture
def collection(folder: Path) -> Iterator[Collection]:
    """The collection of `folder`, open."""
    with Collection.open(folder) as opened:
        yield opened


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Runs the command line in this process: `cli("search", …)` gives exit code, stdout, stderr."""

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["holotype", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main()
        said = capsys.readouterr()
        return int(end.value.code or 0), said.out, said.err

    return run


@pytest.fixture
def ask(cli: Cli) -> Ask:
    """Runs a command with `--json`, which must succeed, and returns what it prints."""

    def run(*arguments: object) -> Any:
        code, out, err = cli(*arguments, "--json")
        assert code == 0, err
        return json.loads(out)

    return run


@pytest.fixture(scope="session")
def program() -> Path:
    """The installed command."""
    return Path(sys.executable).with_name("holotype")


@pytest.fixture(scope="session")
def shell(program: Path) -> Shell:
    """Runs the installed command in a process of its own."""

    def run(*arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
        command = [str(program), *map(str, arguments)]
        return subprocess.run(
            command, capture_output=True, text=True, timeout=300, check=False, **options
        )

    return run


@pytest.fixture
def units() -> Callable[[np.random.Generator, int, int], NDArray[np.float32]]:
    """Draws random unit rows, float32 [n, dim]."""

    def draw(rng: np.random.Generator, n: int, dim: int) -> NDArray[np.float32]:
        values = rng.standard_normal((n, dim))
        values /= np.linalg.norm(values, axis=1, keepdims=True)
        return values.astype(np.float32)

    return draw
