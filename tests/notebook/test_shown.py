"""What a notebook and a terminal show, whatever names, paths and people are called."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import holotype
from holotype.index.collection import Collection
from holotype.index.errors import NotFoundError, PictureError, UsageError
from holotype.index.pictures.inputs import Picture
from holotype.notebook.opened import OpenCollection
from holotype.notebook.shown.answers import ShownAnswer, ShownAnswers
from tests.conftest import Draw

HOSTILE = "<script>alert(1)</script>\u202e\x1b[2J"


@pytest.fixture
def opened(folder: Path) -> Iterator[OpenCollection]:
    with holotype.open(folder) as found:
        yield found


@pytest.fixture
def picture(source: Path) -> Path:
    return source.parent / "1-0.png"


def test_opening_what_is_not_there_makes_nothing_unless_it_is_asked_to(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"not a collection yet; holotype.open\(.*create=True"):
        holotype.open(tmp_path / "moths")
    assert list(tmp_path.iterdir()) == []
    with holotype.open(tmp_path / "moths", create=True) as made:
        assert made.info()["images"] == 0
    with holotype.open(tmp_path / "moths", create=True) as again:
        assert again.info()["images"] == 0


def test_help_and_completion_show_the_public_methods_and_nothing_else(
    opened: OpenCollection,
) -> None:
    assert "open" in dir(holotype)
    assert not [name for name in dir(opened) if name.startswith("_")]
    for name in dir(opened):
        assert getattr(type(opened), name).__doc__, name


def test_however_a_picture_is_given_the_answer_is_the_same(
    opened: OpenCollection, draw: Draw, tmp_path: Path
) -> None:
    path = draw(tmp_path / "new.png", 999, like=1)
    with Image.open(path) as image:
        image.load()
    ways: list[Picture] = [
        str(path),
        path,
        path.read_bytes(),
        image,
        np.asarray(image.convert("RGB")),
    ]
    told = [opened.identify(way).to_dict() for way in ways]
    for one in told:
        assert one["neighbours"] == told[0]["neighbours"]
        assert one["determination"] == told[0]["determination"]
    answers = opened.identify(ways)
    assert isinstance(answers, ShownAnswers)
    assert [one.taxon for one in answers] == [told[0]["determination"]["taxon"]] * len(ways)


def test_several_pictures_of_one_specimen_give_one_answer(
    opened: OpenCollection, picture: Path
) -> None:
    answer = opened.identify([picture, picture.with_name("1-1.png")], same_specimen=True)
    assert isinstance(answer, ShownAnswer)
    assert len(answer.to_dict()["pictures"]) == 2


def test_in_a_list_a_bad_picture_costs_no_other_its_answer_and_keeps_its_place(
    opened: OpenCollection, picture: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no picture")
    answers = opened.identify([picture, bad, picture])
    assert [bool(one.error) for one in answers] == [False, True, False]
    assert answers[1].image == str(bad)
    assert list(answers.to_pandas()["error"] == "") == [True, False, True]
    with pytest.raises(PictureError):
        opened.identify(bad)


def test_a_folder_is_identified_by_a_method_of_its_own(
    opened: OpenCollection, picture: Path
) -> None:
    with pytest.raises(UsageError, match="identify_all"):
        opened.identify(picture.parent)
    found = opened.identify_all(picture.parent / "1-*.png")
    assert len(found) == 10
    assert "10 answers" in repr(found)


def test_all_that_is_shown_fits_a_terminal_and_escapes_what_others_wrote(
    collection: Collection, opened: OpenCollection, picture: Path, tmp_path: Path
) -> None:
    specimen = opened.images().first(1)[0].specimen_id
    collection.determine(specimen, ("Moth", "", "", "", "", "Evilidae", "", ""), by=HOSTILE)
    name = HOSTILE.replace("/", "")
    bad = tmp_path / f"{name}.png"
    bad.write_bytes(picture.read_bytes())
    shown: list[Any] = [
        opened.identify(bad),
        opened.identify([bad, tmp_path / f"{name}.gone"]),
        opened.search(bad),
        opened.images(),
        opened.image(picture.name),
        opened.history(specimen),
        opened.info(),
        opened.review("singletons"),
    ]
    for one in shown:
        page, text = one._repr_html_(), repr(one)
        assert "<script" not in page
        assert not re.search("[\x00-\x08\x1b\u202e]", page + text), type(one)
        assert 1 <= len(text.splitlines()) <= 3, text
    assert "data:image/jpeg;base64," in shown[0]._repr_html_()


def test_what_was_left_out_is_told_first_and_with_its_reason(
    opened: OpenCollection, picture: Path, tmp_path: Path
) -> None:
    table = pd.DataFrame({"path": [str(picture), str(tmp_path / "<b>gone.jpg")]})
    report = opened.add(table)
    assert [one["row"] for one in report.problems] == [3]
    assert "left_out: 1" in repr(report)
    assert "gone.jpg" in repr(report)
    page = report._repr_html_()
    assert "&lt;b&gt;gone.jpg does not exist" in page
    assert 1 <= len(repr(report).splitlines()) <= 3


def test_a_terminal_is_told_too_that_a_calibration_is_stale(
    opened: OpenCollection, picture: Path
) -> None:
    told = opened.identify(picture).to_dict()
    stale = "The calibration is stale: 8 images were added since it was fitted."
    assert stale in repr(ShownAnswer({**told, "calibration_note": stale}, lambda _: b""))
    assert "stale" not in repr(ShownAnswer({**told, "calibration_note": ""}, lambda _: b""))


def test_numbers_are_taken_where_a_record_holds_numbers(
    opened: OpenCollection, picture: Path
) -> None:
    opened.describe(picture.name, latitude=51.75, metadata={"wing": 12})
    told = opened.image(picture.name).to_dict()
    assert (told["details"]["latitude"], told["metadata"]["wing"]) == ("51.75", "12")
    opened.describe(picture.name, latitude=None)
    assert "latitude" not in opened.image(picture.name).to_dict()["details"]


def test_what_is_of_another_kind_is_refused_in_a_sentence(
    opened: OpenCollection, picture: Path
) -> None:
    wrong: Any = [str(picture)]
    with pytest.raises(UsageError, match="A list cannot be added; give a folder"):
        opened.add(wrong)
    swapped: Any = "Xestia viridis"
    with pytest.raises(UsageError, match="'Xestia viridis' is no cluster"):
        opened.name(swapped, "13")


def test_what_is_closed_says_so(opened: OpenCollection) -> None:
    opened.close()
    with pytest.raises(UsageError, match="closed here; open it again"):
        opened.info()
    assert "OpenCollection" in repr(opened)
    opened.close()


def test_a_map_is_drawn_and_is_a_table(opened: OpenCollection, tmp_path: Path) -> None:
    shown = opened.map(method="pca", colour="sex", where={"category": "Moth"})
    assert "data:image/png;base64," in shown._repr_html_()
    assert 1 <= len(repr(shown).splitlines()) <= 3
    frame = shown.to_pandas()
    assert len(frame) == 30
    assert set(frame["sex"]) == {"f", "m"}
    assert shown.draw(tmp_path / "map.svg").read_text().lstrip().startswith("<?xml")


def test_pictures_that_are_gone_are_shown_as_frames(
    opened: OpenCollection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opened._backend, "thumbnail", _gone)
    page = opened.search(image_id="1-0.png")._repr_html_()
    assert "data:image" not in page
    assert 'role="img"' in page


def test_what_was_measured_is_a_table_of_ranks_and_leads_to_its_report(
    opened: OpenCollection, tmp_path: Path
) -> None:
    report = opened.evaluate(out=tmp_path / "report")
    page = report._repr_html_()
    frame = report.to_pandas()
    assert list(frame["rank"]) == list(report["ranks"])
    assert "recall@1" in page
    for rank, first in zip(frame["rank"], frame["recall@1"], strict=True):
        assert f">{rank}</td>" in page
        assert f">{first:.3f}</td>" in page
    for k in (1, 5, 10):
        low, share, high = (frame[f"recall@{k}{end}"] for end in ("_low", "", "_high"))
        assert ((low <= share) & (share <= high)).all()
    assert report.page == str(tmp_path / "report" / "report.html")
    assert Path(report.page).as_uri() in page
    assert Path(report.page).is_file()
    assert opened.evaluate().page == ""
    assert 1 <= len(repr(report).splitlines()) <= 3


def test_lists_show_themselves_and_stay_lists(opened: OpenCollection) -> None:
    nothing, first = opened.decisions(), opened.images().first(3)
    assert (nothing, repr(nothing)) == ([], "0 decisions")
    assert isinstance(first, list)
    assert repr(first[:1]).splitlines()[0] == "1 image"
    assert len(repr(first).splitlines()) == 3
    assert first._repr_html_().count("data:image/jpeg;base64,") == 3
    assert list(first.to_pandas()["image_id"]) == [one.image_id for one in first]
    assert opened.search(image_id="1-0.png", k=4)[:2]._repr_html_().count("<img") == 2


def test_a_report_shows_what_it_lists(opened: OpenCollection) -> None:
    specimen = opened.images().first(1)[0].specimen_id
    assert "data:image/jpeg" in opened.specimen(specimen)._repr_html_()
    assert "data:image/jpeg" in opened.delete(where={"sex": "f"})._repr_html_()
    assert "Catocala nupta" in opened.tree("genus:Catocala")._repr_html_()
    assert "manifest" in opened.history(specimen)._repr_html_()


def _gone(image_id: str) -> bytes:
    raise PictureError(f"{image_id} is gone")
