"""Decisions about specimens of a queue in Python: all of them or none, as they were looked at."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from holotype.index.errors import ChangedError, HolotypeError, UsageError
from holotype.notebook.opened import OpenCollection
from tests.index.clusters.clouds import DIM, KNOWN, add_batch, centre, drawer, near

from .doors import opened_at


@pytest.fixture(params=["here", "served"])
def opened(request: pytest.FixtureRequest, stocked: Path, tmp_path: Path) -> Iterator[Any]:
    folder = shutil.copytree(stocked, tmp_path / "collection")
    with opened_at(request.param, folder) as found:
        yield found


def test_of_several_specimens_all_are_decided_about_or_none(opened: OpenCollection) -> None:
    before = opened.history("1-0").to_dict()
    for decide, others, words in (
        (opened.dismiss, ["one-1"], "has no name to confirm"),
        (opened.dismiss, ["nonsuch"], "has no specimen 'nonsuch'"),
    ):
        with pytest.raises(HolotypeError, match=words):
            decide(["1-0", *others], by="Ann")
    with pytest.raises(HolotypeError, match="has no specimen 'nonsuch'"):
        opened.correct(["1-0", "nonsuch"], "Salmo alba", by="Ann")
    with pytest.raises(UsageError, match="one specimen at least"):
        opened.dismiss([], by="Ann")
    assert opened.history("1-0").to_dict() == before
    told = opened.dismiss(["1-0", "1-1", "1-0"], by="Ann").to_dict()
    assert [one["specimen_id"] for one in told["determinations"]] == ["1-0", "1-1"]


def test_an_entry_that_was_looked_at_is_decided_about_as_it_was(opened: OpenCollection) -> None:
    entry = opened.review()[0]
    (specimen,) = entry["specimen_ids"]
    seen = entry["proposed"]["species"]
    other = {**entry, "proposed": {**entry["proposed"], "species": "Salmo seen"}}
    with pytest.raises(ChangedError, match=f"{seen} is proposed by now and not Salmo seen"):
        opened.accept_proposed(other, by="Ann")
    (made,) = opened.accept_proposed(entry, by="Ann").to_dict()["determinations"]
    assert (made["specimen_id"], made["after"]) == (specimen, seen)
    for decide in (opened.accept_proposed, opened.dismiss):
        with pytest.raises(ChangedError, match=f"has changed since version .*: {seen} by Ann"):
            decide([entry], by="Bo")
    with pytest.raises(ChangedError, match=f"has changed since version .*: {seen} by Ann"):
        opened.correct([entry], seen, by="Bo")
    assert opened.dismiss([specimen], by="Bo").to_dict()["determinations"]  # by its id as it is


@pytest.mark.parametrize("odd", [{}, {"specimen_ids": ["1-0"]}, [{"specimen_ids": []}], 5, [5]])
def test_what_is_neither_a_specimen_nor_an_entry_is_refused(odd: Any) -> None:
    with pytest.raises(UsageError, match="give the id of a specimen or an entry of review"):
        OpenCollection(None).dismiss(odd)  # type: ignore[arg-type]


@pytest.mark.parametrize("door", ["here", "served"])
def test_what_another_space_proposes_is_accepted_in_that_space(door: str, tmp_path: Path) -> None:
    with drawer(tmp_path / "drawer") as made:
        add_batch(made, {"Xestia alba": 1})
        other = made.add_space("other", encoder="external:y", fingerprint="y", views=1, dim=DIM)
        entries = []
        for number, image in enumerate(made.images()):
            name = image.lineage[-1] or "Noctua nigra"
            middle = centre(name, name.split()[0], KNOWN[name])
            entries.append((image, near(middle, number)))
        made.store(other, entries)
    with opened_at(door, tmp_path / "drawer") as opened:
        (entry,) = opened.review("unnamed", space="other")
        with pytest.raises(ChangedError, match="Xestia alba is proposed by now"):
            opened.accept_proposed(entry, queue="unnamed", by="Ann")
        told = opened.accept_proposed(entry, queue="unnamed", space="other", by="Ann").to_dict()
    assert [one["after"] for one in told["determinations"]] == ["Noctua nigra"]
