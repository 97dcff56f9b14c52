"""The command line as other tools call it: JSON keys, stdout, exit codes, instant help."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer.main
from typer.core import TyperGroup

from holotype.index.collection import Collection
from holotype.index.encoders import Encoder
from holotype.index.ingest.pictures import ingest
from holotype.index.manifests.manifest import Manifest
from holotype.scripts.main import app
from holotype.training.spaces import calibrate_space
from holotype.version import __version__
from tests.conftest import Ask, Cli, Draw, Shell

HEAVY = set("torch numpy pandas PIL faiss scipy sklearn timm open_clip umap".split())


def commands() -> list[tuple[str, ...]]:
    """Every command and sub-command there is."""
    found: list[tuple[str, ...]] = [()]
    root = typer.main.get_command(app)
    assert isinstance(root, TyperGroup)
    for name, command in root.commands.items():
        found.append((name,))
        if isinstance(command, TyperGroup):
            found += [(name, below) for below in command.commands]
    return found


# Help -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_every_command_has_help(cli: Cli, command: tuple[str, ...]) -> None:
    code, out, err = cli(*command, "--help")
    assert code == 0
    assert "Usage:" in out
    assert err == ""


def test_help_of_every_command_loads_nothing_heavy() -> None:
    """What makes --help slow; measured by what is imported, because time is another machine's."""
    script = (
        "import contextlib, io, sys\n"
        "from holotype.scripts.main import main\n"
        f"for command in {commands()!r}:\n"
        "    sys.argv = ['holotype', *command, '--help']\n"
        "    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):\n"
        "        main()\n"
        f"print(sorted({HEAVY!r} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_the_package_itself_loads_nothing_heavy() -> None:
    script = (
        f"import sys, holotype; print(sorted({HEAVY | {'pydantic', 'rich'}!r} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


SLOW = {"torch", "torchvision", "timm", "open_clip", "pandas", "sklearn", "matplotlib", "scipy"}


@pytest.fixture(scope="module")
def calibrated(tmp_path_factory: pytest.TempPathFactory, draw: Draw, tiny: Encoder) -> Path:
    """A collection of 5 species of 12 specimens, in a folder of the pictures."""
    folder = tmp_path_factory.mktemp("calibrated")
    lines = ["path,species"]
    for number in range(60):
        species = "baja cnigrum ditrapezium sexstrigata xanthographa".split()[number % 5]
        path = draw(folder / f"{number}.png", number, like=number % 5)
        lines.append(f"{path.name},Xestia {species}")
    (folder / "manifest.csv").write_text("\n".join(lines))
    with Collection.create(folder / "c") as collection:
        ingest(Manifest.read(folder / "manifest.csv"), collection, tiny)
        calibrate_space(collection)
    return folder


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["for people", "json"])
def test_identifying_by_a_kept_graph_loads_no_library_that_takes_seconds(
    calibrated: Path, form: list[str]
) -> None:
    """`tiny` was exported in this process, so that its graph is kept."""
    asked = ["identify", str(calibrated / "0.png"), "--in", str(calibrated / "c"), *form]
    script = (
        "import sys\n"
        "from holotype.scripts.main import main\n"
        f"sys.argv = ['holotype', *{asked!r}]\n"
        "try:\n"
        "    main()\n"
        "finally:\n"
        f"    print(sorted({SLOW!r} & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert "Xestia" in done.stdout, done.stderr
    assert done.stderr.splitlines()[-1] == "[]"


def test_who_asks_a_service_loads_nothing_that_only_it_needs() -> None:
    script = f"import sys, holotype; holotype.Client; print(sorted({SLOW!r} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "['pandas']"


def test_importing_the_package_loads_nothing_heavy_and_every_name_is_there() -> None:
    script = (
        "import sys, holotype\n"
        f"assert not {HEAVY!r} & set(sys.modules)\n"
        "assert holotype.__all__ == sorted(holotype.__all__)\n"
        "assert all(getattr(holotype, name) for name in holotype.__all__)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_the_version_is_printed(cli: Cli) -> None:
    assert cli("--version")[:2] == (0, f"{__version__}\n")


# The contract for machines --------------------------------------------------------------------


@pytest.fixture
def picture(source: Path) -> Path:
    return source.parent / "0-0.png"


def test_ingest(source: Path, tmp_path: Path, tiny: Encoder, ask: Ask) -> None:
    found = ask("ingest", source, "--to", tmp_path / "c", "--encoder", tiny.name, "--views", 3)
    assert (found["embedded"], found["unchanged"], found["left_out"]) == (40, 0, 0)
    assert (found["space"], found["problems"]) == ("base", [])


def test_eval_leave_one_out(folder: Path, ask: Ask) -> None:
    found = ask("eval", folder)
    assert found["n"] == 40
    assert list(found["ranks"]) == ["category", "family", "genus", "species"]
    for rank in found["ranks"].values():
        assert rank["n_answerable"] == 40
        assert list(rank["recall"]) == list(rank["as_misses"]) == ["1", "5", "10"]
        for at in rank["recall"].values():
            assert 0 <= at["micro"] <= 1
            assert 0 <= at["macro"] <= 1
        micro = [at["micro"] for at in rank["recall"].values()]
        assert micro == sorted(micro)
        assert list(rank["as_misses"].values()) == micro


def test_eval_of_a_split(folder: Path, ask: Ask) -> None:
    found = ask("eval", folder, "--query", "split=test", "--gallery", "split=train")
    assert found["n"] == 8
    assert found["ranks"]["species"]["n_answerable"] == 8
    assert found["protocol"]["n_gallery"] == 32


IDENTIFIED = {"image", "determination", "unknown", "ranks", "neighbours"}


def check_answer(found: Any) -> None:
    assert found.keys() >= IDENTIFIED
    assert isinstance(found["unknown"], bool)
    if found["unknown"]:
        assert found["determination"] is None
    else:
        assert found["determination"].keys() >= {"rank", "taxon", "confidence"}
        votes = found["calibration"] == "none"  # of which no confidence is known
        assert votes == (found["determination"]["confidence"] is None)
    for taxa in found["ranks"].values():
        for taxon in taxa:
            assert taxon.keys() >= {"taxon", "p"}
    for neighbour in found["neighbours"]:
        assert neighbour.keys() >= {"image_id", "specimen_id", "species", "score"}


def test_identify_one_image(folder: Path, picture: Path, ask: Ask) -> None:
    found = ask("identify", picture, "--in", folder)
    check_answer(found)
    assert found["image"] == str(picture)
    assert len(found["neighbours"]) == 10
    assert list(found["ranks"]) == ["category", "family", "genus", "species"]


def test_identify_several_images_gives_a_list_in_their_order(
    folder: Path, source: Path, ask: Ask
) -> None:
    pictures = [str(source.parent / name) for name in ("3-0.png", "0-0.png", "1-0.png")]
    found = ask("identify", *pictures, "--in", folder, "--k", 3)
    assert [answer["image"] for answer in found] == pictures
    for answer in found:
        check_answer(answer)
        assert len(answer["neighbours"]) == 3


def test_identify_several_images_of_one_specimen_gives_one_answer(
    folder: Path, source: Path, ask: Ask
) -> None:
    pictures = [source.parent / "0-0.png", source.parent / "0-1.png"]
    found = ask("identify", *pictures, "--in", folder, "--same-specimen")
    check_answer(found)
    assert "Xestia_baja_0" not in {near["specimen_id"] for near in found["neighbours"]}


def test_an_unknown_has_no_determination(
    folder: Path, tmp_path: Path, draw: Draw, ask: Ask
) -> None:
    between = draw(tmp_path / "between.png", 4711, like=53)  # 92 % of the votes are for one
    found = ask("identify", between, "--in", folder)
    check_answer(found)
    assert found["unknown"]


@pytest.mark.parametrize("how", [["--id", "0-0.png"], ["picture"]])
def test_search(folder: Path, picture: Path, ask: Ask, how: list[str]) -> None:
    query = [picture if word == "picture" else word for word in how]
    found = ask("search", *query, "--in", folder, "--k", 5, "--where", "category=Moth")
    assert list(found) == ["space", "hits"]
    assert len(found["hits"]) == 5
    for hit in found["hits"]:
        assert hit.keys() >= {"image_id", "score", "specimen_id", "species"}
        assert hit["category"] == "Moth"
        assert hit["specimen_id"] != "Xestia_baja_0"
    scores = [hit["score"] for hit in found["hits"]]
    assert scores == sorted(scores, reverse=True)


def test_export(folder: Path, tmp_path: Path, ask: Ask) -> None:
    found = ask("export", folder, "--out", tmp_path / "x.parquet")
    assert found == {"rows": 40, "file": str(tmp_path / "x.parquet")}


def test_collection_info_and_verify(folder: Path, ask: Ask) -> None:
    found = ask("collection", "info", folder)
    assert (found["images"], found["specimens"]) == (40, 20)
    (space,) = found["spaces"]
    assert space.keys() >= {"name", "encoder", "dim", "views", "embeddings", "index"}
    assert (space["name"], space["dim"], space["index"]) == ("base", 256, "flat")
    assert ask("collection", "verify", folder, "--pictures") == {
        "ok": True,
        "errors": [],
        "warnings": [],
        "notes": [],
    }


def test_the_installed_command_prints_json_and_nothing_else_on_stdout(
    source: Path, tmp_path: Path, tiny: Encoder, shell: Shell
) -> None:
    to = tmp_path / "c"
    done = shell("ingest", source, "--to", to, "--encoder", tiny.name, "--json")
    assert json.loads(done.stdout)["embedded"] == 40
    assert "Embedding" in done.stderr
    done = shell("identify", source.parent / "0-0.png", "--in", to, "--json")
    assert json.loads(done.stdout)["neighbours"]
