"""The house: arrows point one way, rooms are small, and a wheel holds all and nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import holotype

ROOT = Path(holotype.__file__).resolve().parent.parent
FOLDERS = ("index", "training", "eval", "service", "scripts")


def test_folders_are_links_to_the_top_level() -> None:
    for folder in FOLDERS:
        link = ROOT / "holotype" / folder
        assert link.is_symlink()
        assert Path(os.readlink(link)) == Path("..") / folder


def test_arrows_point_one_way() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def modules(folder: Path) -> list[Path]:
    return [path for path in folder.glob("*.py") if path.name != "__init__.py"]


def test_the_top_of_the_index_is_short_and_no_room_is_crowded() -> None:
    assert len(modules(ROOT / "index")) <= 10
    for top in ("index", "training", "eval", "service", "holotype/notebook"):
        rooms = [ROOT / top, *(path for path in (ROOT / top).rglob("*") if path.is_dir())]
        assert {room: len(modules(room)) for room in rooms if len(modules(room)) > 16} == {}


def carried(folder: Path) -> set[str]:
    """Every file of a folder of the house that a wheel must hold."""
    return {
        f"holotype/{folder.name}/{path.relative_to(folder).as_posix()}"
        for path in folder.rglob("*")
        if path.is_file()
        and "__pycache__" not in path.parts
        and (path.suffix == ".py" or {"static", "templates"} & set(path.parts))
    }


@pytest.mark.slow
def test_a_wheel_holds_every_module_and_page_and_no_name_of_its_own_beside_holotype(
    tmp_path: Path,
) -> None:
    checkout = tmp_path / "checkout"
    unwanted = shutil.ignore_patterns("__pycache__", "node_modules")
    for folder in (*FOLDERS, "holotype"):
        shutil.copytree(ROOT / folder, checkout / folder, symlinks=True, ignore=unwanted)
    for file in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / file, checkout / file)
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path)]
    done = subprocess.run([*build, str(checkout)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as opened:
        names = set(opened.namelist())
        opened.extractall(tmp_path / "installed")
    folders = [*FOLDERS, "holotype/notebook"]
    expected = set().union(*(carried(checkout / folder) for folder in folders))
    assert expected <= names
    assert {"holotype/__init__.py", "holotype/py.typed", "holotype/version.py"} <= names
    top = {name.partition("/")[0] for name in names}
    assert {name for name in top if not name.endswith(".dist-info")} == {"holotype"}
    script = "import holotype, holotype.scripts.main as m; print(holotype.__file__, m.__file__)"
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path / "installed",
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.count(str(tmp_path / "installed")) == 2
