"""docs/training.md tells every setting of a training run, with its default."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

import holotype
from holotype.training.metric.config import TrainConfig
from holotype.training.metric.presets import PRESETS

PAGE = Path(holotype.__file__).resolve().parent.parent / "docs" / "training.md"
SETTINGS = PAGE.read_text(encoding="utf-8").split("\n## Settings\n")[1].split("\n## ")[0]
TABLES = [
    field.name
    for field in dataclasses.fields(TrainConfig)
    if dataclasses.is_dataclass(getattr(TrainConfig(), field.name))
]


def told(chapter: str) -> dict[str, Any]:
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| .+ \|$", chapter, re.MULTILINE)
    return {name: tomllib.loads(f"value = {default}")["value"] for name, default in rows}


def defaults(config: Any) -> dict[str, Any]:
    values = dataclasses.asdict(config)
    return {k: list(v) if isinstance(v, tuple) else v for k, v in values.items()}


def chapters() -> dict[str, str]:
    parts = (part.partition("\n") for part in ("\n" + SETTINGS.lstrip()).split("\n### "))
    return {name: text for name, _, text in parts}


def test_every_table_has_its_chapter() -> None:
    assert list(chapters())[1:] == TABLES
    assert told(chapters()[""]) == {
        name: value for name, value in defaults(TrainConfig()).items() if name not in TABLES
    }


@pytest.mark.parametrize("name", [name for name in TABLES if name != "clip"])
def test_every_setting_has_its_row_with_its_default(name: str) -> None:
    assert told(chapters()[name]) == defaults(getattr(TrainConfig(), name))


def test_every_preset_is_named() -> None:
    chapter = PAGE.read_text(encoding="utf-8").split("\n## Presets\n")[1].split("\n## ")[0]
    assert re.findall(r"`(\w+)`", chapter) == list(PRESETS)
