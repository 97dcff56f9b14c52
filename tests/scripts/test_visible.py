"""Names from elsewhere are shown on a terminal, never obeyed by it."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from holotype.index.visible import visible, visible_json
from holotype.service.logs import VisibleFormatter
from tests.conftest import Cli, Draw

ESCAPE = "\x1b]0;owned\x07\x1b[2J"
ODD = ["\x1b[31m", "\x9b2J", "\r", "\u202e", "\u200b", "\x07", "\u2066", "\ufeff"]


@pytest.mark.parametrize("odd", ODD)
def test_what_a_terminal_would_obey_is_escaped(odd: str) -> None:
    shown = visible(f"a{odd}b")
    assert shown.isprintable()
    assert json.loads(visible_json(json.dumps(f"a{odd}b", ensure_ascii=False))) == f"a{odd}b"


def test_letters_of_any_language_stay() -> None:
    for text in ("Nötigt", "日本 一", "Ñandú", "Οὖτις", "a\u00a0b"):
        assert visible(text) == text


def test_no_command_prints_it_raw(tmp_path: Path, draw: Draw, tiny_folder: Path, cli: Cli) -> None:
    source, to = tmp_path / "s", tmp_path / f"c{ESCAPE}"
    for number in range(6):
        draw(
            source / f"Xestia {'ab'[number % 2]}aja" / f"{number}{ESCAPE}.png", number, like=number
        )
    (source / "Xestia baja" / f"bad{ESCAPE}.png").write_text("no picture")
    commands = [
        ("ingest", source, "--to", to, "--encoder", f"checkpoint:{tiny_folder}"),
        ("identify", next(source.rglob("0*.png")), "--in", to),
        ("identify", tmp_path / f"none{ESCAPE}.png", "--in", to),
        ("search", next(source.rglob("1*.png")), "--in", to),
        ("search", "--id", f"none{ESCAPE}", "--in", to),
        ("search", next(source.rglob("1*.png")), "--in", to, "--where", f"x{ESCAPE}=1"),
        ("eval", to),
        ("collection", "info", to),
        ("collection", "verify", to),
        ("collection", "log", to, "--imports"),
        ("collection", "info", tmp_path / f"nowhere{ESCAPE}"),
    ]
    for command in commands:
        for options in ((), ("--json",)):
            _, out, err = cli(*command, *options)
            assert "\x1b]" not in out + err, command
            assert "\x1b[2J" not in out + err, command
            assert "\x07" not in out + err, command


def test_lines_of_the_log_are_escaped() -> None:
    record = logging.LogRecord("x", logging.ERROR, "x", 1, "path %s", (ESCAPE,), None)
    assert "\x1b" not in VisibleFormatter("%(message)s").format(record)
