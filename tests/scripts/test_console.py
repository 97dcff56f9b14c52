"""What is printed into a pipe or a file is whole lines; only a terminal is wrapped for."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from holotype.scripts.console import PlainConsole
from tests.conftest import Cli, Draw

LONG = "Acronicta_megacephala_0008.jpg " * 10


def test_what_is_no_terminal_is_not_wrapped(monkeypatch: pytest.MonkeyPatch) -> None:
    for setting in ("COLUMNS", "FORCE_COLOR"):
        monkeypatch.setenv(setting, "40")
        console = PlainConsole()
        console.file = io.StringIO()
        console.print(LONG)
        assert console.file.getvalue().count("\n") == 1


def test_paths_stay_whole_in_tables(
    tmp_path: Path, draw: Draw, tiny_folder: Path, cli: Cli
) -> None:
    name = f"{'a long name of a picture ' * 6}.png"
    draw(tmp_path / "s" / "Xestia baja" / name, 1)
    asked = draw(tmp_path / "2.png", 2)
    cli("ingest", tmp_path / "s", "--to", tmp_path / "c", "--encoder", f"checkpoint:{tiny_folder}")
    for command in ("identify", "search"):
        code, out, err = cli(command, asked, "--in", tmp_path / "c")
        assert code == 0, err
        assert name in out


def test_which_column_may_hold_the_names_is_said_before_the_work(
    tmp_path: Path, draw: Draw, tiny_folder: Path, cli: Cli
) -> None:
    draw(tmp_path / "1.png", 1)
    table = tmp_path / "t.csv"
    table.write_text("Datei;Art\n1.png;Xestia baja\n")
    command = ("ingest", table, "--to", tmp_path / "c", "--encoder", f"checkpoint:{tiny_folder}")
    code, _, err = cli(*command)
    assert code == 1
    assert "--column path=datei" in err
    code, _, err = cli(*command, "--column", "path=Datei")
    assert code == 0
    assert err.count("--column species=art") == 1
    assert err.index("--column species=art") < err.index("Embedding")
    assert "names no taxon" not in err  # once is enough
    code, out, _ = cli(*command, "--column", "path=Datei", "--json")
    assert "--column species=art" in out
