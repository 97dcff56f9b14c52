"""`holotype calibrate`, and what the command line says where it was not run or is due again."""

from __future__ import annotations

from pathlib import Path

import pytest

from holotype.index.collection import Collection
from holotype.scripts.bench.faults import plain
from tests.conftest import Ask, Cli, Draw


def count(folder: Path) -> int:
    with Collection.open(folder) as opened:
        return int(opened.database.read("SELECT count(*) FROM calibrations")[0][0])


def test_it_says_what_it_did(tmp_path: Path, cli: Cli, ask: Ask) -> None:
    plain.make(tmp_path / "c", 60)
    code, out, err = cli("calibrate", tmp_path / "c")
    assert code == 0, err
    assert out.startswith("Calibrated at category, genus, species in ")
    assert "100%" in err
    told = ask("calibrate", tmp_path / "c", "--seed", "1")
    assert (told["space"], told["seed"], told["stale"]) == ("base", 1, False)
    assert count(tmp_path / "c") == 1


def test_too_few_specimens_are_told_why(folder: Path, cli: Cli) -> None:
    code, out, err = cli("calibrate", folder)
    assert (code, out) == (2, "")
    assert "cannot be calibrated: 20 specimens are named to species, and 50 are needed" in err
    assert count(folder) == 0


def test_interrupted_it_leaves_everything_as_it_was(
    tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain.make(tmp_path / "c", 60)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:  # as the main thread is while folds are worked on
        patched.setattr("holotype.training.calibration.left_out._left_out_of_fold", interrupted)
        code, out, err = cli("calibrate", tmp_path / "c")
    assert (code, out) == (130, "")
    assert "Interrupted; " in err
    assert "is as it was before" in err
    assert "is stored" not in err
    assert count(tmp_path / "c") == 0
    assert cli("calibrate", tmp_path / "c")[0] == 0  # and the lock is free


def test_identify_calibrates_nothing_and_says_so(
    folder: Path, tmp_path: Path, draw: Draw, cli: Cli
) -> None:
    pictures = [draw(tmp_path / f"{n}.png", 900 + n, like=0) for n in range(2)]
    code, out, err = cli("identify", *pictures, "--in", folder)
    assert code == 0, err
    assert "of the votes, not calibrated" in out
    assert out.count("not probabilities that were checked") == 1
    assert f"'holotype calibrate {folder}'" in " ".join(out.split())
    assert count(folder) == 0
