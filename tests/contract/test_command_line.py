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
from holotype.scripts.main import app
from holotype.version import __version__
from tests.conftest import Ask, Cli, Draw, Shell

HEAVY = {"torch", "numpy", "pandas", "PIL", "faiss", "scipy", "sklearn", "timm", "open_clip"}


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
        assert isinstance(found["determination"]["confidence"], float)
    for taxa in found["ranks"].values():
        for taxon in taxa:
            assert taxon.keys() == {"taxon", "p"}
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


def test_an_unknown_has_no_determination(folder: Path, picture: Path, ask: Ask) -> None:
    found = ask("identify", picture, "--in", folder, "--risk", "0.0000001")
    check_answer(found)
    assert found["unknown"]


@pytest.mark.parametrize("how", [["--id", "0-0.png"], ["picture"]])
def test_search(folder: Path, picture: Path, ask: Ask, how: list[str]) -> None:
    query = [picture if word == "picture" else word for word in how]
    found = ask("search", *query, "--in", folder, "--k", 5, "--where", "category=Moth")
    assert list(found) == ["hits"]
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


# Exit codes -----------------------------------------------------------------------------------


def refused(result: tuple[int, str, str], code: int, *said: str) -> None:
    """Refused with this code and one sentence on stderr, and nothing on stdout."""
    found, out, err = result
    assert (found, out) == (code, ""), err
    assert "Traceback" not in err
    lines = [line for line in err.splitlines() if line.startswith("Error: ")]
    assert len(lines) == 1
    for words in said:
        assert words in lines[0]


def test_1_for_what_failed(folder: Path, tmp_path: Path, source: Path, cli: Cli) -> None:
    text, empty = tmp_path / "text.jpg", tmp_path / "empty"
    text.write_text("no picture")
    empty.mkdir()
    (tmp_path / "columns.csv").write_text("file\na.png\n")
    (tmp_path / "missing.csv").write_text("path\nnone.png\n")
    refused(cli("identify", text, "--in", folder, "--json"), 1, "not a JPEG, PNG, WebP or TIFF")
    refused(cli("identify", tmp_path / "no.jpg", "--in", folder, "--json"), 1, "does not exist")
    refused(cli("ingest", empty, "--to", folder), 1, "holds no pictures")
    refused(cli("ingest", tmp_path / "columns.csv", "--to", folder), 1, "no column 'path'")
    encoder = Collection.open(folder).space().encoder
    refused(
        cli("ingest", tmp_path / "missing.csv", "--to", folder, "--encoder", encoder),
        1,
        "row 2",
        "none.png does not exist",
    )
    refused(cli("ingest", source, "--to", folder, "--encoder", "x"), 1, "'x' is not known")


def test_2_for_what_was_not_understood(folder: Path, picture: Path, cli: Cli) -> None:
    refused(cli("identify", picture, "--in", folder / "none"), 2, "is not a collection")
    refused(cli("search", picture, "--in", folder, "--space", "x"), 2, "no space 'x'")
    refused(cli("search", picture, "--in", folder, "--where", "x=1"), 2, "no column 'x'")
    refused(cli("search", picture, "--id", "x", "--in", folder), 2, "exactly one")
    refused(cli("search", "--in", folder), 2, "exactly one")
    refused(cli("search", "--id", "none", "--in", folder), 2, "no image 'none'")
    refused(cli("search", picture, "--in", folder, "--k", 1001), 2, "k is 1001", "HOLOTYPE_MAX_K")
    refused(cli("search", "--text", "moth", "--in", folder), 2, "no text tower")
    refused(cli("identify", picture, "--in", folder, "--only", "genus=X"), 2, "genus 'X'")
    refused(cli("identify", picture, "--in", folder, "--risk", 2), 2, "risk is 2.0")
    refused(cli("eval", folder, "--query", "split=test"), 2, "both --query and --gallery")
    refused(cli("export", folder, "--out", "x.csv"), 2, "ends in .parquet")


def test_2_for_an_option_that_does_not_exist(folder: Path, cli: Cli) -> None:
    for arguments in (["nonsense"], ["eval", folder, "--nonsense"], ["search", "--k", "0"]):
        code, out, err = cli(*arguments)
        assert (code, out) == (2, "")
        assert "Traceback" not in err


def test_4_for_another_encoder(folder: Path, source: Path, tiny: Encoder, cli: Cli) -> None:
    arguments = ("ingest", source, "--to", folder, "--encoder", tiny.name, "--views", 3)
    refused(cli(*arguments), 4, "use that encoder, or another space")


def test_4_for_weights_that_changed_under_a_collection(
    source: Path, tmp_path: Path, tiny_folder: Path, cli: Cli, draw: Draw
) -> None:
    """A query with another encoder is refused, never answered."""
    import timm
    import torch

    from holotype.index.encoders.base import Preprocessing
    from holotype.index.encoders.checkpoint import save_checkpoint

    def write(seed: int) -> None:
        torch.manual_seed(seed)
        network = timm.create_model("test_efficientnet", num_classes=0)
        recipe = Preprocessing(32, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
        save_checkpoint(
            tmp_path / "net",
            network,
            architecture="test_efficientnet",
            preprocessing=recipe,
            card={},
        )

    to, picture = tmp_path / "c", source.parent / "0-0.png"
    write(1)
    assert cli("ingest", source, "--to", to, "--encoder", f"checkpoint:{tmp_path / 'net'}")[0] == 0
    write(2)
    refused(cli("identify", picture, "--in", to, "--json"), 4, "fingerprint")
    refused(cli("search", picture, "--in", to, "--json"), 4, "fingerprint")
    assert cli("search", "--id", "0-0.png", "--in", to, "--json")[0] == 0


def test_a_setting_that_cannot_be_is_2(
    folder: Path, picture: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOLOTYPE_MAX_PIXELS", "many")
    refused(cli("identify", picture, "--in", folder), 2, "HOLOTYPE_MAX_PIXELS is 'many'")
