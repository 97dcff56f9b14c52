"""What a table says nothing of stays, when its pictures are ingested again."""

from __future__ import annotations

from dataclasses import replace

from holotype.index.manifests.untold import told_columns, with_untold
from holotype.index.storage.records import Image
from holotype.index.taxonomy import QUALIFIER, RANKS, VERBATIM


def image(specimen: str = "a.jpg", split: str = "", place: str = "", **names: str) -> Image:
    return Image(
        image_id="a.jpg",
        specimen_id=specimen,
        path="/pictures/a.jpg",
        sha256="0" * 64,
        phash=0,
        width=1,
        height=1,
        split=split,
        lineage=tuple(names.get(rank, "") for rank in RANKS),
        details={"locality": place},
        metadata={},
    )


OLD = replace(
    image("S1", "train", "Oslo", family="Noctuidae", genus="Xestia", species="Xestia baja"),
    metadata={"drawer": "7", VERBATIM: "Xestia baja (L.)", QUALIFIER: "cf."},
)


def again(new: Image, *others: Image) -> Image:
    return with_untold(new, OLD, told_columns([new, *others]))


def test_a_folder_of_species_leaves_all_else_as_it_was() -> None:
    kept = again(image(genus="Xestia", species="Xestia baja"))
    assert kept == OLD


def test_a_table_without_names_takes_no_name_away() -> None:
    assert again(image(place="Bergen")).lineage == OLD.lineage
    assert again(image(place="Bergen")).details["locality"] == "Bergen"


def test_a_correction_takes_nothing_of_the_former_name_along() -> None:
    kept = again(image(genus="Gonia", species="Gonia alba"))
    assert [name for name in kept.lineage if name] == ["Gonia", "Gonia alba"]
    assert dict(kept.metadata) == {"drawer": "7"}


def test_an_empty_cell_of_a_column_with_values_empties_what_was_stored() -> None:
    other = replace(image("S2", "test", "Bergen", species="Gonia alba"), image_id="b.jpg")
    kept = again(image(), other)
    assert (kept.split, kept.details["locality"], any(kept.lineage)) == ("", "", False)
    assert kept.specimen_id == "a.jpg"
    assert kept.metadata["drawer"] == "7"


def test_a_correction_within_the_genus_keeps_what_is_above_it() -> None:
    kept = again(image(genus="Xestia", species="Xestia c-nigrum"))
    assert [name for name in kept.lineage if name] == ["Noctuidae", "Xestia", "Xestia c-nigrum"]
    assert dict(kept.metadata) == {"drawer": "7"}


def test_a_correction_keeps_the_category_where_the_table_has_none() -> None:
    old = replace(OLD, lineage=("Moth", *OLD.lineage[1:]))
    new = image(genus="Gonia", species="Gonia alba")
    kept = with_untold(new, old, told_columns([new]))
    assert [name for name in kept.lineage if name] == ["Moth", "Gonia", "Gonia alba"]
    other = image(category="Plant", genus="Gonia", species="Gonia alba")
    assert with_untold(other, old, told_columns([other])).lineage[0] == "Plant"
