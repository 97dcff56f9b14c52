from __future__ import annotations

import numpy as np
import pytest

from holotype.index.errors import UsageError
from holotype.training.clip.captions import TEMPLATES, Captions, Taxa, common_names

RANKS = ("category", "family", "genus", "species")
SPECIES = ["Xestia baja", "Xestia rhaetica"]
NAMES = [["Moth"], ["Erebidae", "Noctuidae"], ["Eilema", "Xestia"], SPECIES]
LABELS = np.array([[0, 1, 1, 0], [0, 1, 1, 1], [0, 1, 1, -1], [0, 0, 0, -1], [0, -1, -1, -1]])
SHARES = {"species": 0.5, "genus": 0.25, "family": 0.25}
ROWS = np.arange(4)


def taxa(common: list[str] | None = None) -> Taxa:
    return Taxa(RANKS, LABELS, NAMES, common)


def drawn(captions: Captions, epochs: int = 200) -> list[set[str]]:
    found: list[set[str]] = [set() for _ in ROWS]
    for epoch in range(epochs):
        for texts, caption in zip(found, captions.drawn(ROWS, epoch), strict=True):
            texts.add(caption.text)
    return found


def test_captions_say_only_what_is_known() -> None:
    found = drawn(Captions(taxa(), shares=SHARES))
    assert "a photo of Xestia baja, a moth of the family Noctuidae" in found[0]
    assert "a photo of a moth of the genus Xestia" in found[0]
    assert not any("rhaetica" in text for text in found[0] | found[2])
    assert {"Xestia", "Noctuidae"} <= found[2]
    assert not any("{" in text or "  " in text for texts in found for text in texts)


def test_common_names_are_used_where_they_are_given() -> None:
    own = [{"vernacular_name": "dotted clay"}, {}, {"common_name": "a clay"}, {}, {}]
    found = drawn(Captions(taxa(common_names(own)), shares=SHARES))
    assert "a photo of dotted clay, a moth" in found[0]
    assert "a photo of dotted clay (Xestia baja)" in found[0]
    assert "a photo of a clay, a moth" in found[2]
    assert not any("clay" in text for text in found[1] | found[3])
    assert common_names([{}, {"sex": "f"}]) is None


def test_a_picture_named_at_no_telling_rank_gets_none() -> None:
    captions = Captions(taxa(), shares=SHARES)
    assert captions.usable.tolist() == [True, True, True, True, False]


def test_the_same_seed_epoch_and_picture_get_the_same_caption() -> None:
    first, second = (Captions(taxa(), shares=SHARES, seed=3) for _ in range(2))
    assert first.drawn(ROWS, 5) == second.drawn(ROWS, 5)
    assert first.drawn(ROWS[::-1], 5) == second.drawn(ROWS, 5)[::-1]
    fewer = Captions(taxa().at(ROWS), shares=SHARES, seed=3)
    assert fewer.drawn(ROWS, 5) == first.drawn(ROWS, 5)
    other = Captions(taxa(), shares=SHARES, seed=4)
    assert any(first.drawn(ROWS, e) != other.drawn(ROWS, e) for e in range(5))


def test_shares_hold_among_the_ranks_that_are_known() -> None:
    captions = Captions(taxa(), shares=SHARES)
    ranks = [[RANKS[c.rank] for c in captions.drawn(ROWS, epoch)] for epoch in range(2000)]
    assert np.mean([row[0] == "species" for row in ranks]) == pytest.approx(0.5, abs=0.04)
    assert np.mean([row[2] == "genus" for row in ranks]) == pytest.approx(0.5, abs=0.04)


def test_a_sentence_is_true_of_all_that_it_is_true_of() -> None:
    captions = Captions(
        taxa(), templates=("{species}", "{genus}"), shares={"genus": 1, "species": 1}
    )
    wanted = {"Xestia", "Xestia baja"}
    batches = (captions.batch(ROWS, epoch) for epoch in range(100))
    batch = next(batch for batch in batches if wanted <= set(batch.texts))
    genus, species = (batch.texts.index(text) for text in ("Xestia", "Xestia baja"))
    assert batch.truth[:, genus].tolist() == [True, True, True, False]
    assert batch.truth[:, species].tolist() == [True, False, False, False]
    assert batch.known[:, species].tolist() == [True, True, False, False]  # 2 may be one
    assert len(set(batch.texts)) == len(batch.texts)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"templates": ("a photo of {sex}",)}, "names 'sex'"),
        ({"templates": ("a photo",)}, "names nothing"),
        ({"templates": ("{species",)}, "cannot be read"),
        ({"shares": {"tribe": 1.0}}, "'tribe' is no rank"),
        ({"shares": {"species": -1.0}}, "at least 0"),
        ({"shares": {"species": float("nan")}}, "at least 0"),
        ({"shares": {"category": 1.0}}, "No picture gets a caption"),
    ],
)
def test_what_makes_no_captions_is_said(options: dict, said: str) -> None:  # type: ignore[type-arg]
    with pytest.raises(UsageError, match=said):
        Captions(taxa(), **{"templates": TEMPLATES, "shares": SHARES, **options})


def test_an_unknown_category_is_a_specimen() -> None:
    plain = Taxa(("species",), np.array([[0], [1]]), [["Salmo trutta", "Salmo salar"]])
    texts = Captions(plain, shares={"species": 1.0}).about(0)
    assert "a photo of Salmo trutta, a specimen" in texts[0]
