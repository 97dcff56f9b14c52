"""What an answer says of itself is true: figures, unnamed kin, pictures that disagree."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holotype.index.identification.answers import (
    Answer,
    Determination,
    Judgement,
    PictureTaxon,
    explain,
    in_words,
    percent,
)
from holotype.index.identification.identify import (
    Pictures,
    identify_pictures,
    identify_stored,
    identify_vector,
)
from holotype.index.search.search import Hit
from holotype.index.storage.records import Image
from holotype.index.taxonomy import parse_lineage
from holotype.training.spaces import calibrate_space, tune_space
from tests.index.identification.answers import check, planted

DIM = 12


def number(text: str) -> float:
    return float(re.sub(r"[^\d.]", "", text))


@given(p=st.floats(0, 1), limit=st.sampled_from([0.5, 0.9, 0.95, 0.99, 0.999, 0.9999]))
def test_a_figure_is_told_from_what_it_is_compared_with(p: float, limit: float) -> None:
    own, other = percent(p, limit), percent(limit, p)
    if abs(p - limit) > 1e-10:
        assert own != other
        assert (number(own) < number(other)) == (p < limit)
    assert "100" not in own
    assert number(own) > 0


def hit() -> Hit:
    lineage = parse_lineage({"species": "Heliconius erato"})[0]
    return Hit(Image("i", "i", "", "i", 0, 1, 1, "", lineage, {}, {}), 0.9)


@pytest.mark.parametrize("calibration", ["fitted", "none"])
@pytest.mark.parametrize("sure", [0.9502, 0.96, 0.9961, 1.0])
@pytest.mark.parametrize("doubtful", [0.9498, 0.9499999, 0.94, 0.0])
def test_two_equal_percentages_are_never_a_contrast(
    calibration: str, sure: float, doubtful: float
) -> None:
    ranks = {"genus": [("Heliconius", sure)], "species": [("Heliconius erato", doubtful)]}
    judged = Judgement(ranks, 0.4, far=False, calibration=calibration)
    why = explain(judged.back_off(0.05), judged, [hit()], 0.05)
    first, second = re.findall(r"[\d.]+ %", why)
    assert first != second
    assert "but species Heliconius erato" in why
    none = Judgement({"species": ranks["species"]}, 0.4, far=False, calibration=calibration)
    wanted, has = re.findall(r"[\d.]+ %", explain(None, none, [hit()], 0.05))
    assert (wanted, number(has) < 95) == ("95 %", True)


def test_what_was_asked_for_is_said_as_it_is() -> None:
    judged = Judgement({"species": [("Xestia baja", 0.998)]}, 0.4, far=False, calibration="fitted")
    why = explain(None, judged, [hit()], 0.001)
    assert why.startswith("No rank reaches 99.9 %: species Xestia baja has 99.8 %")


def test_heading_and_reason_show_one_figure() -> None:
    judged = Judgement({"genus": [("Xestia", 0.9923)]}, 0.4, far=False, calibration="fitted")
    found = Determination("genus", "Xestia", 0.9923, "sp.")
    why = explain(found, judged, [hit()], 0.01)
    told = Answer("q", found, [hit()], judged, why, risk=0.01).to_dict()
    assert told["ranks"]["genus"][0]["percent"] == "99.2 %"
    assert "(99.2 %)" in why


def test_novelty_reads_the_right_way() -> None:
    usual, strange = (
        Answer("q", None, [], Judgement({}, p, far=p < 0.005, calibration="fitted"), "")
        for p in (0.7, 0.001)
    )
    assert usual.novelty == pytest.approx(0.3)
    assert strange.novelty == pytest.approx(0.999)
    assert usual.to_dict()["novelty_in_words"] == "no more than usual"
    assert strange.to_dict()["novelty_in_words"] == "entirely"
    assert usual.to_dict()["novelty_p"] == 0.7
    assert "no more than usual (30 % of known specimens lie nearer" in in_words(usual).novelty


def axis(place: int, noise: float = 0.0, seed: int = 0) -> list[float]:
    """A vector along an axis, off it by some noise."""
    row = np.eye(DIM)[place] + np.random.default_rng(seed).normal(0, noise, DIM)
    return [float(value) for value in row]


def rows_of(species: int, *, genera: int, each: int = 16) -> list[tuple[str, list[float]]]:
    return [
        (f"Genus{place % genera} s{place}", axis(place, 0.08, 100 * place + n))
        for place in range(species)
        for n in range(each)
    ]


def vector(place: int) -> np.ndarray:
    return np.array(axis(place), np.float32)


@pytest.mark.parametrize("calibrated", [False, True])
def test_unnamed_specimens_that_it_is_like_are_pointed_at(tmp_path: Path, calibrated: bool) -> None:
    kin = [("", axis(11, 0.01, 900 + n)) for n in range(7)]
    with planted(tmp_path / "c", rows_of(5, genera=2, each=48) + kin) as collection:
        if calibrated:
            calibrate_space(collection)
        answer = identify_vector(collection, vector(11), name="q")
        check(answer)
        assert answer.unknown
        told = answer.to_dict()["unnamed"]
        assert sorted(told["specimens"]) == [f"image {n}" for n in range(240, 247)]
        assert (told["images"], told["at_least"]) == (told["specimens"], False)
        assert answer.why.startswith("Like 7 specimens that nobody has named yet")
        assert (
            "unlike anything in the gallery that has a name" in answer.why.lower()
        ) == calibrated
        few = identify_vector(collection, vector(11), name="q", k=3)
        assert few.why.startswith("Like at least 3 specimens that nobody has named yet")
        assert identify_vector(collection, vector(0), name="q").unnamed is None


def test_an_unnamed_specimen_that_is_far_off_is_no_kin(tmp_path: Path) -> None:
    rows = [*rows_of(5, genera=2, each=48), ("", [1.0] * 5 + [0.0, 0.0, 3.0] + [0.0] * 4)]
    with planted(tmp_path / "c", rows) as collection:
        calibrate_space(collection)
        answer = identify_vector(collection, vector(10) + vector(7), name="q")
        assert answer.neighbours[0].image.lineage[-1] == ""
        assert answer.unnamed is None
        assert answer.why.startswith("Unlike anything in the gallery:")


def test_a_name_that_all_the_gallery_has_is_no_answer(tmp_path: Path) -> None:
    with planted(tmp_path / "c", rows_of(6, genera=2)) as collection:
        calibrate_space(collection)
        sure = identify_vector(collection, vector(0), name="q")
        assert sure.determination is not None
        between = vector(0) + vector(2)  # two species of one genus
        within = identify_vector(collection, between, name="q", only=["genus=Genus0"])
        check(within)
        assert "while the calibration is of all" in within.notes[-1]
        assert sure.notes == ()
        apart = ["genus=Genus0", "species=Genus1 s1"]
        nothing = identify_vector(collection, between, name="q", only=apart)
        assert nothing.unknown
        assert nothing.notes[-1].startswith("No image satisfies all of the filters together")
        found = within.determination
        assert found is None or found.rank == "species"
        alone = identify_vector(collection, vector(1), name="q", only=["species=Genus0 s0"])
        check(alone)
        assert alone.unknown
        assert re.match(r"The gallery names nothing but Genus0 s0|Unlike anything", alone.why)


def test_pictures_of_one_specimen_that_disagree_are_told(tmp_path: Path) -> None:
    with planted(tmp_path / "c", rows_of(5, genera=2)) as collection:
        calibrate_space(collection)
        at_odds = Pictures(["above.jpg", ""], np.stack([vector(0), vector(1)]))
        agreed = Pictures(["a.jpg", "b.jpg"], np.stack([vector(3), vector(3)]))
        one = Pictures(["c.jpg"], vector(4)[None])
        answers = identify_pictures(collection, [at_odds, agreed, one], names=["x", "y", "z"])
        told = [answer.to_dict() for answer in answers]
        assert [(row["picture"], row["taxon"]) for row in told[0]["pictures"]] == [
            ("above.jpg", "Genus0 s0"),
            ("picture 2", "Genus1 s1"),
        ]
        (note,) = told[0]["notes"]
        assert note.startswith("The pictures disagree on the genus.")
        assert "above.jpg: Genus0 s0 (" in note
        assert {row["taxon"] for row in told[1]["pictures"]} == {"Genus1 s3"}
        assert (told[1]["notes"], told[2]["pictures"], told[2]["notes"]) == ([], [], [])
        for place, name in ((3, "y"), (4, "z")):
            alone = identify_vector(collection, vector(place), name=name)
            together = answers[place - 2].determination
            assert alone.determination is not None
            assert together is not None
            assert (alone.determination.taxon, alone.determination.rank) == (
                together.taxon,
                together.rank,
            )


def test_a_picture_looks_like_what_is_likelier_than_all_else() -> None:
    ranks = {"genus": [("Xestia", 0.7), ("Noctua", 0.3)], "species": [("Xestia baja", 0.3)]}
    seen = PictureTaxon.of("a.jpg", Judgement(ranks, 0.4, far=False))
    assert (seen.rank, seen.taxon, seen.lineage) == ("genus", "Xestia", {"genus": "Xestia"})
    doubtful = PictureTaxon.of("b.jpg", Judgement({"genus": [("Noctua", 0.4)]}, 0.4, far=False))
    assert (doubtful.rank, doubtful.lineage) == ("", {})


def test_a_picture_unlike_anything_beside_one_of_a_known_species_is_told(tmp_path: Path) -> None:
    with planted(tmp_path / "c", rows_of(5, genera=2, each=48)) as collection:
        calibrate_space(collection)
        one = Pictures(["moth.jpg", "thumb.jpg"], np.stack([vector(2), vector(10)]))
        (answer,) = identify_pictures(collection, [one], names=["x"])
        known, strange = answer.to_dict()["pictures"]
        assert (known["taxon"], known["far"]) == ("Genus0 s2", False)
        assert (strange["taxon"], strange["percent"], strange["far"]) == (None, None, True)
        (note,) = answer.notes
        assert note.startswith("The pictures disagree. By themselves they look like: moth.jpg: ")
        assert note.endswith("thumb.jpg: nothing that is known.")


def test_the_space_of_the_neighbours_is_told_from_that_of_the_calibration(tmp_path: Path) -> None:
    with planted(tmp_path / "c", rows_of(6, genera=2)) as collection:
        tune_space(collection)
        votes = identify_stored(collection, "image 3", space="tuned").to_dict()
        assert votes["spaces"] == {"neighbours": "tuned", "determination": "tuned"}
        calibrate_space(collection)
        base, tuned = (identify_stored(collection, "image 3", space=s) for s in ("base", "tuned"))
        assert base.ranks == tuned.ranks
        assert tuned.to_dict()["spaces"] == {"neighbours": "tuned", "determination": "base"}
        assert "changes no probability" in tuned.basis
        assert in_words(tuned).about_figures == (tuned.basis,)
        assert in_words(base).about_figures == ()


def test_usual_is_measured_once_of_a_gallery(tmp_path: Path) -> None:
    kin = [("", axis(11, 0.01, 900 + n)) for n in range(3)]
    with planted(tmp_path / "c", rows_of(5, genera=2) + kin) as collection:
        gallery = collection.gallery()
        identify_vector(collection, vector(0), name="q")
        assert "usual cosine" not in gallery._made
        identify_vector(collection, vector(11), name="q")
        before = gallery._made["usual cosine"]
        identify_vector(collection, vector(11), name="q")
        assert gallery._made["usual cosine"] is before


def test_a_specimen_that_lies_far_is_told_of_other_conditions(tmp_path: Path) -> None:
    with planted(tmp_path / "c", rows_of(6, genera=2)) as collection:
        calibrate_space(collection)
        usual = identify_vector(collection, vector(0), name="q")
        assert usual.notes == ()
        # Beyond nearly all, and yet not unlike everything.
        between = (vector(0) + 0.42 * vector(2)).astype(np.float32)
        answer = identify_vector(collection, between, name="q")
        assert answer.novelty is not None
        assert answer.novelty >= 0.95
        (note,) = answer.notes
        assert note.startswith("It lies further from the gallery than 95 % of the specimens")
