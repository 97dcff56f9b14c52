"""What docs/losses.md says of losses, miners and samplers is what they are."""

from __future__ import annotations

import re
from inspect import Parameter, signature
from pathlib import Path
from typing import Any

import pytest

import holotype
from holotype.training.losses.registry import LOSSES
from holotype.training.miners.registry import MINERS
from holotype.training.samplers import SAMPLERS

PAGE = Path(holotype.__file__).resolve().parent.parent / "docs" / "losses.md"
MAKERS = {name: loss.make for name, loss in LOSSES.items()}


def rows(title: str) -> dict[str, list[str]]:
    """The cells of every row of a chapter's table, by the name in the first."""
    chapter = PAGE.read_text(encoding="utf-8").split(f"\n## {title}\n")[1].split("\n## ")[0]
    cells = [line.strip("| ").split(" | ") for line in chapter.splitlines() if "| " in line]
    return {row[0].strip("`"): row[1:] for row in cells[1:]}


def options(make: Any) -> dict[str, float]:
    return {
        one.name: one.default
        for one in signature(make).parameters.values()
        if one.kind is Parameter.KEYWORD_ONLY
    }


@pytest.mark.parametrize(("title", "makers"), [("Losses", MAKERS), ("Miners", MINERS)])
def test_every_name_has_its_row_with_its_options(title: str, makers: dict[str, Any]) -> None:
    told = rows(title)
    assert list(told) == list(makers)
    for name, make in makers.items():
        listed = re.findall(r"`(\w+)` ([\w.]+)", told[name][0])
        given = {
            option: value == "true" if value in ("true", "false") else float(value)
            for option, value in listed
        }
        assert given == options(make), name


def test_the_miner_of_a_loss_and_every_sampler_are_told() -> None:
    for name, row in rows("Losses").items():
        first = row[1].split(",")[0].strip("`")
        assert first == (LOSSES[name].miner or ("none" if LOSSES[name].compares else "–"))
    assert list(rows("Samplers")) == list(SAMPLERS)
