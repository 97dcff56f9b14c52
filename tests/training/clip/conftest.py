"""Runs of a tiny CLIP model, offered whatever came of them: the pictures are random."""

from __future__ import annotations

from pathlib import Path

import pytest

from holotype.training.clip.judged import Result

TEXT = "width = 64\nlayers = 1\nlength = 24\nepochs = 2\nrate = 5e-3\n"


@pytest.fixture
def short(tmp_path: Path) -> Path:
    """A config of a few steps."""
    file = tmp_path / "short.toml"
    file.write_text(f"[clip]\nbatch = 16\n[clip.text]\n{TEXT}")
    return file


@pytest.fixture
def better(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was trained is offered, however it was judged."""
    monkeypatch.setattr(Result, "problem", "")
