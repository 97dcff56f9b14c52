"""The tutorial runs as it is written, and its results show themselves."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

from holotype.notebook.local import records
from tests.conftest import ROOT

TUTORIAL = ROOT / "docs" / "tutorial.ipynb"


def cells() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(TUTORIAL.read_text())["cells"]
    return [cell for cell in found if cell["cell_type"] == "code"]


def test_it_is_kept_without_what_it_showed() -> None:
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in cells())


def shown_by(source: str, names: dict[str, Any]) -> Any:
    """Run a cell, and return the value of its last line, as a notebook shows it."""
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, str(TUTORIAL), "exec"), names)
    if not isinstance(last, ast.Expr):
        return None
    return eval(compile(ast.Expression(last.value), str(TUTORIAL), "eval"), names)


@pytest.mark.slow
def test_every_cell_runs_and_what_it_gives_shows_itself(
    tmp_path: Path, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(records, "DEFAULT_ENCODER", f"checkpoint:{tiny_folder}")  # in seconds
    names: dict[str, Any] = {"__name__": "tutorial"}
    pages = []
    for cell in cells():
        shown = shown_by("".join(cell["source"]), names)
        if hasattr(shown, "_repr_html_"):
            pages.append(shown._repr_html_())
        assert repr(shown)
    assert len(pages) >= 10
    assert sum("data:image/" in page for page in pages) >= 6
    assert (tmp_path / "shells.parquet").is_file()
