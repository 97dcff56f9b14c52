"""Values that no collection holds, with every checksum right: a sentence, or plain text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from holotype.index.collection import Collection
from holotype.index.errors import CorruptError
from tests.conftest import Cli
from tests.hostile.forging import ask_everything, forge

DATABASE = "collection.sqlite"

pytestmark = pytest.mark.usefixtures("stranger")


DEEP = "[" * 100_000
# Values ----------------------------------------------------------------------------------------

HUGE = 2**63 - 1
# Statement, and what the refusal names; an empty text where it is shown or does no harm.
VALUES = {
    "a space of a path": ("UPDATE spaces SET name = '../../x'", "name can be none"),
    "a space of a folder": ("UPDATE spaces SET name = 'a/b'", "name can be none"),
    "a space of two lines": ("UPDATE spaces SET name = 'a' || char(10) || 'b'", "can be none"),
    "a space of a zero byte": ("UPDATE spaces SET name = 'a' || char(0) || 'b'", "can be none"),
    "a hidden space": ("UPDATE spaces SET name = '.x'", "name can be none"),
    "a space of a long name": (
        "UPDATE spaces SET name = printf('%.*c', 99999, 'x')",
        "can be none",
    ),
    "a billion dimensions": ("UPDATE spaces SET dim = 1000000000", "HOLOTYPE_MAX_DIM"),
    "more dimensions than there are": ("UPDATE spaces SET dim = 65536", "damaged vector"),
    "no dimensions": ("UPDATE spaces SET dim = 0", "dimensions"),
    "fewer than no dimensions": ("UPDATE spaces SET dim = -4", "dimensions"),
    "other dimensions": ("UPDATE spaces SET dim = dim / 2", "damaged vector"),
    "another type": ("UPDATE spaces SET dtype = 'object'", "of type 'object'"),
    "no views": ("UPDATE spaces SET views = 0", "views"),
    "very many views": ("UPDATE spaces SET views = 1000000000", "views"),
    "a space of itself": ("UPDATE spaces SET base_space_id = space_id", "cannot be shown"),
    "a space of none": ("UPDATE spaces SET base_space_id = 77, projection_id = 5", "do not fit"),
    "vectors of zero": ("UPDATE embeddings SET vector = zeroblob(length(vector))", "of length 1"),
    "short vectors": ("UPDATE embeddings SET vector = x'00'", "damaged vector"),
    "no vectors": ("UPDATE embeddings SET vector = x''", "damaged vector"),
    "metadata that is no JSON": ("UPDATE images SET metadata = '{'", "do not fit"),
    "metadata that is a list": ("UPDATE images SET metadata = '[1]'", "do not fit"),
    "metadata that nests": (f"UPDATE images SET metadata = '{DEEP}'", "do not fit"),
    "metadata of numbers": ('UPDATE images SET metadata = \'{"sex":{"a":[1,null]}}\'', ""),
    "sizes of pictures": (f"UPDATE images SET width = -1, height = {HUGE}", ""),
    "a box": (f"UPDATE images SET box = '{DEEP}'", ""),
    "dates": ("UPDATE images SET date = char(27) || '[2J', added_at = ''", ""),
    "a long specimen": ("UPDATE images SET specimen_id = printf('%.*c', 200000, 'x')", ""),
    "the last row": (f"UPDATE images SET row = {HUGE} WHERE row = 40", "do not fit"),
    "the last image": (f"UPDATE sqlite_sequence SET seq = {HUGE} WHERE name = 'images'", "not fit"),
    "a number of letters": ("UPDATE sqlite_sequence SET seq = 'many'", "do not fit"),
    "a taxon far away": (f"UPDATE taxa SET taxon_id = {HUGE - 1} WHERE taxon_id = 1", "do not fit"),
    "a taxon below zero": ("UPDATE taxa SET taxon_id = -1 WHERE taxon_id = 1", "do not fit"),
    "an undo of itself": (
        "UPDATE determinations SET undoes = determination_id, root = determination_id "
        "WHERE determination_id = 3",
        "do not fit",
    ),
    "an undo of what comes later": (
        "UPDATE determinations SET undoes = 9, root = 1 WHERE determination_id = 3",
        "do not fit",
    ),
    "another count": ("UPDATE space_states SET count = 1000000000000", "do not fit"),
    "a count below zero": ("UPDATE space_states SET count = -1", "do not fit"),
    "calibrated ranks that are none": (
        f"INSERT INTO calibrations VALUES (1, x'00', '{DEEP}', 0, 0, 0, '', 0)",
        "",
    ),
    "canaries of another length": ("UPDATE canaries SET vector = x'00'", ""),
}


@pytest.mark.parametrize("case", VALUES)
def test_hostile_values_are_refused_by_name_or_shown_as_text(
    folder: Path, cli: Cli, tmp_path: Path, case: str
) -> None:
    statement, told = VALUES[case]
    forge(folder, "PRAGMA foreign_keys=OFF", statement)
    said = ask_everything(cli, folder, tmp_path, ("verify", "log", "search"))
    if told:
        assert any(code == 4 and told in text for code, text in said.values()), said
        assert said["search"][0] == 4, said["search"]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 3e38, 1e-30])
def test_vectors_that_are_none_are_refused_whatever_their_checksum(
    folder: Path, cli: Cli, tmp_path: Path, value: float
) -> None:
    with Collection.open(folder) as collection:
        blob = np.full(collection.space().dim, value, np.float32).tobytes()
    forge(folder, "UPDATE embeddings SET vector = ? WHERE row = 7", values=(blob,))
    said = ask_everything(cli, folder, tmp_path, ("verify", "log", "search"))
    assert said["search"][0] == 4
    assert "damaged vector" in said["search"][1]


@pytest.mark.parametrize("large", [False, True])
def test_a_database_that_is_not_checked_as_a_whole_does_no_harm_either(
    folder: Path, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, large: bool
) -> None:
    monkeypatch.setenv("HOLOTYPE_MAX_CHECKED_BYTES", "0")
    statements = [
        f"UPDATE taxa SET taxon_id = {HUGE - 1} WHERE taxon_id = 1",
        f"UPDATE images SET metadata = '{DEEP}' WHERE row = 1",
        "UPDATE determinations SET undoes = 9, root = 1 WHERE determination_id = 3",
    ]
    forge(folder, "PRAGMA foreign_keys=OFF", *(statements if large else statements[1:]))
    assert {code for code, _ in ask_everything(cli, folder, tmp_path).values()} & {4}


def test_no_memory_is_taken_for_more_than_the_database_can_hold(folder: Path) -> None:
    forge(folder, "UPDATE spaces SET dim = 65536")
    with Collection.open(folder) as collection, pytest.raises(CorruptError, match="no room"):
        collection.gallery()
