"""Names survive as they were written; names that cannot be are refused."""

from __future__ import annotations

import pytest

from holotype.index.taxonomy import (
    RANKS,
    TaxonNameError,
    clean_name,
    genus_of,
    lowest_rank,
    name_at,
    parse_lineage,
)


def names(**row: str) -> tuple[str, str]:
    """Return the genus and the species that a row parses to."""
    lineage, _ = parse_lineage({**row, "class": row.get("class", "")})
    return name_at(lineage, "genus"), name_at(lineage, "species")


@pytest.mark.parametrize(
    ("species", "genus"),
    [
        ("Xestia c-nigrum", "Xestia"),
        ("Noctua janthina/janthe", "Noctua"),
        ("Quercus × turneri", "Quercus"),
        ("Xestia sp. 1", "Xestia"),
        ("Eupithecia sp.", "Eupithecia"),
        ("Xestia cf. baja", "Xestia"),
        ("Xestia aff. baja", "Xestia"),
        ("Pseudo-genus alpha", "Pseudo-genus"),
    ],
)
def test_a_binomial_of_any_make_stays_whole_and_gives_its_genus(species: str, genus: str) -> None:
    assert names(species=species) == (genus, species)
    assert names(species=species, genus=genus) == (genus, species)
    assert genus_of(species) == genus


@pytest.mark.parametrize(
    ("written", "genus", "species"),
    [
        ("Quercus x turneri", "Quercus", "Quercus × turneri"),
        ("Acer rubrum var. drummondii", "Acer", "Acer rubrum"),
        ("Célèbes élégans", "Celebes", "Celebes elegans"),
    ],
)
def test_what_is_no_part_of_the_name_goes(written: str, genus: str, species: str) -> None:
    assert names(species=written) == (genus, species)
    assert names(species=written, genus=genus) == (genus, species)


def test_underscores_and_spaces_are_cleaned() -> None:
    assert names(species="Xestia_c-nigrum") == ("Xestia", "Xestia c-nigrum")
    assert clean_name("  Xestia   sp._1 ") == "Xestia sp. 1"


def test_an_epithet_is_joined_with_its_genus() -> None:
    assert names(species="baja", genus="Xestia") == ("Xestia", "Xestia baja")


@pytest.mark.parametrize("word", ["gambusia", "Gambusia"])
def test_one_word_is_a_genus_and_no_species(word: str) -> None:
    lineage, note = parse_lineage({"species": word})
    assert name_at(lineage, "genus") == "Gambusia"
    assert name_at(lineage, "species") == ""
    assert note is not None
    assert word in note


def test_a_species_that_repeats_its_genus_is_a_genus() -> None:
    assert names(species="gambusia", genus="Gambusia") == ("Gambusia", "")


@pytest.mark.parametrize(
    "row",
    [
        {"species": "Xestia baja", "genus": "Noctua"},
        {"species": "12 34"},
        {"species": "30"},
        {"species": "? baja"},
        {"species": "it's odd"},
    ],
)
def test_names_that_contradict_or_are_none_are_refused(row: dict[str, str]) -> None:
    with pytest.raises(TaxonNameError, match=row["species"].replace("?", r"\?")):
        parse_lineage(row)


def test_a_genus_in_another_case_is_no_contradiction() -> None:
    assert names(species="Xestia baja", genus="xestia")[1] == "Xestia baja"


def test_higher_ranks_are_kept_and_missing_ones_are_empty() -> None:
    lineage, note = parse_lineage(
        {"category": "Moth", "class": "Insecta", "species": "Xestia baja"}
    )
    assert note is None
    assert dict(zip(RANKS, lineage, strict=True)) == {
        "category": "Moth",
        "kingdom": "",
        "phylum": "",
        "class": "Insecta",
        "order": "",
        "family": "",
        "genus": "Xestia",
        "species": "Xestia baja",
    }


def test_the_lowest_rank_is_the_finest_that_is_named() -> None:
    assert lowest_rank(parse_lineage({"species": "Xestia baja"})[0]) == "species"
    assert lowest_rank(parse_lineage({"family": "Noctuidae"})[0]) == "family"
    assert lowest_rank(parse_lineage({})[0]) is None
