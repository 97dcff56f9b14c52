"""What rows tell of each other: higher names, spellings, contradictions."""

from __future__ import annotations

import pytest

from holotype.index.taxonomy import RANKS, Lineage, Siblings, joined, read_lineage, same_taxon


def lineage(**names: str) -> Lineage:
    return read_lineage(names).lineage


def test_a_blank_rank_is_filled_from_rows_of_the_species_and_of_the_genus() -> None:
    full = lineage(kingdom="Animalia", order="Odonata", family="Aeshnidae", species="Aeshna mixta")
    bare, other = lineage(species="Aeshna mixta"), lineage(species="Aeshna cyanea")
    siblings = Siblings([full, bare, other])
    assert siblings.completed(bare) == full
    assert siblings.completed(other)[:-1] == full[:-1]
    assert siblings.contradictions() == []


def test_what_rows_contradict_each_other_in_is_not_filled_and_told_once_with_both_names() -> None:
    rows = [
        lineage(family="Lymantriidae", species="Lymantria dispar"),
        lineage(family="Erebidae", species="Lymantria dispar"),
        lineage(species="Lymantria dispar"),
    ]
    siblings = Siblings(rows)
    assert siblings.completed(rows[2]) == rows[2]
    (told,) = siblings.contradictions()
    assert (told.rank, told.name, told.above) == ("species", "Lymantria dispar", "family")
    assert "'Lymantriidae' and 'Erebidae'" in str(told)
    assert "as it is written" in str(told)


def test_species_of_one_genus_in_two_families_are_told_as_the_genus() -> None:
    rows = [lineage(family=f"F{n}idae", species=f"Arge n{n}") for n in range(2)]
    (told,) = Siblings(rows).contradictions()
    assert (told.rank, told.name) == ("genus", "Arge")


@pytest.mark.parametrize("rank", ["kingdom", "category"])
def test_homonyms_stay_apart_and_each_is_filled_from_its_own(rank: str) -> None:
    rows = [
        lineage(**{rank: "Animalia"}, family="Pieridae", species="Pieris rapae"),
        lineage(**{rank: "Plantae"}, family="Ericaceae", species="Pieris japonica"),
        lineage(**{rank: "Plantae"}, species="Pieris formosa"),
        lineage(species="Pieris napi"),
    ]
    siblings = Siblings(rows)
    assert siblings.completed(rows[2])[5] == "Ericaceae"
    assert siblings.completed(rows[3]) == rows[3]  # nobody can know which of the two
    (told,) = siblings.contradictions()
    assert told.is_homonym
    assert "different taxa" in str(told)


def test_one_spelling_is_the_most_frequent() -> None:
    rows = [lineage(category=name, species="Morus alba") for name in ("plant", "Plant", "Plant")]
    assert {Siblings(rows).completed(row)[0] for row in rows} == {"Plant"}
    hyphens = [lineage(species="Aus novaezelandiae"), lineage(species="Aus novae-zelandiae")]
    assert len({Siblings(hyphens).completed(row) for row in hyphens}) == 1


def test_specimens_may_be_named_more_or_less_closely_but_not_as_two_taxa() -> None:
    species = lineage(family="Noctuidae", species="Xestia baja")
    for other in (
        lineage(species="Xestia baja"),
        lineage(genus="Xestia"),
        lineage(family="Noctuidae"),
        lineage(family="Erebidae", species="Xestia baja"),
        lineage(),
        lineage(species="Xestia sp."),
    ):
        assert same_taxon(species, other)
        assert joined(species, other)[-1] == joined(other, species)[-1] == "Xestia baja"
    for other in (
        lineage(species="Xestia triangulum"),
        lineage(genus="Noctua"),
        lineage(family="Erebidae"),
    ):
        assert not same_taxon(species, other)
    plant = lineage(kingdom="Plantae", species="Ficus variegata")
    assert not same_taxon(plant, lineage(kingdom="Animalia", species="Ficus variegata"))
    assert same_taxon(plant, lineage(species="Ficus variegata"))


def test_many_rows_above_one_taxon_are_read_in_reasonable_time() -> None:
    rows = [
        lineage(category=f"c{n}", family="Noctuidae", species="Xestia baja") for n in range(3000)
    ]
    siblings = Siblings(rows)
    assert len({siblings.completed(row) for row in rows}) == 3000
    assert len(siblings.contradictions()) <= len(RANKS)
