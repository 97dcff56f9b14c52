"""Names in tables: variants, missing marks, homonyms and uneven ranks lose no row and no hit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from holotype.index.collection import Collection
from holotype.index.encoders import Encoder
from holotype.index.errors import UsageError
from holotype.index.ingest.pictures import ingest
from holotype.index.ingest.vectors import load_vectors
from holotype.index.manifests.manifest import Manifest
from holotype.index.manifests.missing_marks import without_marks
from holotype.index.manifests.problems import Problem
from holotype.index.search.filters import allowed_places
from holotype.index.taxonomy import RANKS
from holotype.index.upkeep.info import info
from tests.conftest import Draw


def table(folder: Path, draw: Draw, **columns: list[str]) -> pd.DataFrame:
    """A table of as many different pictures as the columns are long, drawn below a folder."""
    count = len(next(iter(columns.values())))
    for seed in range(count):
        draw(folder / f"{seed}.png", seed)
    return pd.DataFrame({"path": [f"{seed}.png" for seed in range(count)], **columns})


def checked(folder: Path, frame: pd.DataFrame) -> tuple[pd.DataFrame, list[Problem]]:
    manifest, problems = Manifest.from_pandas(frame, root=folder).check()
    return manifest.frame, problems


def found(collection: Collection, *conditions: str) -> list[int]:
    """The places of the images that satisfy conditions."""
    allowed = allowed_places(collection, collection.gallery(), conditions)
    assert allowed is not None
    return np.flatnonzero(allowed).tolist()


def errors(problems: list[Problem]) -> list[str]:
    return [str(problem) for problem in problems if problem.severity == "error"]


def test_variants_are_one_taxon_and_stay_as_written(tmp_path: Path, draw: Draw) -> None:
    written = [
        "Aglais io",
        "aglais io (Linnaeus, 1758)",
        "AGLAIS IO",
        "Aglais_io",
        "Aglais\u00a0io",
    ]
    frame, problems = checked(tmp_path, table(tmp_path, draw, species=written))
    assert frame["species"].unique().tolist() == ["Aglais io"]
    assert frame["verbatimIdentification"].tolist() == [
        "", "aglais io (Linnaeus, 1758)", "AGLAIS IO", "", "",
    ]  # fmt: skip
    (told,) = problems
    assert (told.row, told.severity) == (3, "note")
    assert "2 rows" in told.message
    assert "verbatimIdentification" in told.message


def test_clean_tables_get_no_more_columns_and_no_word(tmp_path: Path, draw: Draw) -> None:
    frame, problems = checked(tmp_path, table(tmp_path, draw, species=["Aglais io", "Aglais_io"]))
    assert "verbatimIdentification" not in frame
    assert problems == []


def test_a_column_of_the_table_is_not_written_over(tmp_path: Path, draw: Draw) -> None:
    columns = {"species": ["Aglais io L.", "Aglais io L."], "verbatimIdentification": ["mine", ""]}
    frame, _ = checked(tmp_path, table(tmp_path, draw, **columns))
    (name,) = [str(name) for name in frame if str(name).lower() == "verbatimidentification"]
    assert frame[name].tolist() == ["mine", "Aglais io L."]


def test_rows_of_a_specimen_in_two_spellings_or_ranks_agree(tmp_path: Path, draw: Draw) -> None:
    frame, problems = checked(
        tmp_path,
        table(
            tmp_path,
            draw,
            specimen_id=["a", "a", "b", "b", "c", "c", "d", "d"],
            family=["Nymphalidae", "", "", "NYMPHALIDAE", "", "", "", ""],
            species=[
                *("Aglais io", "aglais io L.", "Aglais", "Aglais io", "unknown", "Aglais io"),
                *("Aglais io", "Aglais urticae"),
            ],
        ),
    )
    assert frame["species"].tolist() == ["Aglais io"] * 7
    assert set(frame["family"]) == {"Nymphalidae"}
    (error,) = errors(problems)
    assert "row 9: specimen 'd' has another name in an earlier row ('Aglais io'" in error


def test_missing_marks_are_missing_where_a_value_is_meant(tmp_path: Path, draw: Draw) -> None:
    frame, problems = checked(
        tmp_path,
        table(
            tmp_path,
            draw,
            specimen_id=["NA", "NA", "n/a", "S1"],
            family=["Pieridae", "NA", "NULL", "?"],
            species=["Pieris napi", "Pieris napi", "NA", "none"],
            split=["NA", "train", "NaN", "-"],
            locality=["NA", "Kew", "N/A", "NA"],
            latitude=["NA", "51.4", "", "nan"],
            country=["NA", "NA", "GB", "NA"],
        ),
    )
    assert errors(problems) == []
    assert frame["specimen_id"].tolist() == ["0.png", "1.png", "2.png", "S1"]
    assert frame["species"].tolist() == ["Pieris napi", "Pieris napi", "", ""]
    assert frame["family"].tolist() == ["Pieridae", "Pieridae", "", ""]
    assert frame["split"].tolist() == ["", "train", "", ""]
    assert frame["locality"].tolist() == ["", "Kew", "", ""]
    assert frame["country"].tolist() == ["NA", "NA", "GB", "NA"]  # Namibia, in a free column
    assert "NA" not in set(frame[list(RANKS)].to_numpy().ravel())


def test_what_is_really_called_so_is_not_lost() -> None:
    assert without_marks("genus", ["Na", "Pieris"]) is None
    assert without_marks("locality", ["NA", "ZA", "DE"]) is None  # countries
    assert without_marks("locality", ["NA", "Windhoek"]) == ["", "Windhoek"]
    assert without_marks("locality", ["Na", "Nana"]) is None
    assert without_marks("sex", ["NA"]) is None
    assert without_marks("image_id", ["nan", "-", "NA"]) == ["nan", "-", ""]


@pytest.mark.parametrize(
    ("written", "rank", "name"),
    [
        ("Unknown", "", ""),
        ("Unidentified moth", "", ""),
        ("blank", "", ""),
        ("Sphingidae sp.", "family", "Sphingidae"),
        ("Deilephila spp.", "genus", "Deilephila"),
    ],
)
def test_what_is_no_species_is_stored_at_what_it_names_with_a_line(
    tmp_path: Path, draw: Draw, written: str, rank: str, name: str
) -> None:
    frame, problems = checked(tmp_path, table(tmp_path, draw, species=[written, "Aglais io"]))
    assert len(frame) == 2
    assert frame["species"].tolist() == ["", "Aglais io"]
    assert [value for value in frame.loc[0, list(RANKS)] if value] == ([name] if name else [])
    assert [(p.row, p.severity) for p in problems] == [(2, "note")]
    assert f"'{written}'" in problems[0].message
    assert name in problems[0].message
    assert frame["verbatimIdentification"].tolist() == [written, ""]


def test_two_parents_of_a_taxon_are_one_line_that_names_both(tmp_path: Path, draw: Draw) -> None:
    frame, problems = checked(
        tmp_path,
        table(
            tmp_path,
            draw,
            family=["Arctiidae", "Erebidae", "arctiidae", "", "Erebidae"],
            species=["Arctia caja"] * 5,
        ),
    )
    assert len(frame) == 5
    (told,) = problems
    assert "'Arctiidae' and 'Erebidae'" in told.message
    assert (told.row, told.severity) == (3, "note")


def test_a_family_finds_all_rows_of_its_species(tmp_path: Path, draw: Draw, tiny: Encoder) -> None:
    frame = table(
        tmp_path / "s",
        draw,
        family=["Sphingidae", "", "sphingidae", "Geometridae"],
        species=[
            "Deilephila elpenor",
            "Deilephila elpenor",
            "Deilephila porcellus",
            "Idaea rusticata",
        ],
    )
    with Collection.create(tmp_path / "c") as collection:
        ingest(Manifest.from_pandas(frame, root=tmp_path / "s"), collection, tiny)
        for family in ("Sphingidae", "SPHINGIDAE", "Sphingidae Latreille, 1802"):
            assert found(collection, f"family={family}") == [0, 1, 2]
        assert found(collection, "species=deilephila_elpenor (Linnaeus, 1758)") == [0, 1]
        two = "species=Deilephila elpenor L.|Idaea rusticata (D. & S., 1775)"
        assert found(collection, two) == [0, 1, 3]


@pytest.mark.parametrize("rank", ["kingdom", "category"])
def test_homonyms_in_two_kingdoms_are_two_taxa(
    tmp_path: Path, draw: Draw, tiny: Encoder, rank: str
) -> None:
    frame = table(
        tmp_path / "s",
        draw,
        **{rank: ["Plantae", "Plantae", "Animalia", "Animalia", "Animalia"]},
        family=["Ericaceae", "Ericaceae", "Pieridae", "Pieridae", ""],
        species=["Pieris alba", "Pieris japonica", "Pieris alba", "Pieris rapae", "Pieris napi"],
    )
    with Collection.create(tmp_path / "c") as collection:
        report = ingest(Manifest.from_pandas(frame, root=tmp_path / "s"), collection, tiny)
        assert report.embedded == 5
        gallery = collection.gallery()
        genus, species = gallery.labels("genus"), gallery.labels("species")
        assert genus.names == ["Pieris", "Pieris"]
        assert genus.codes.tolist() == [0, 0, 1, 1, 1]
        assert species.names.count("Pieris alba") == 2
        assert gallery.labels("family").codes.tolist() == [0, 0, 1, 1, 1]
        assert info(collection)["taxa"]["genus"] == 2
        assert found(collection, f"{rank}=plantae", "genus=Pieris") == [0, 1]


def test_a_kingdom_that_is_told_later_makes_no_second_taxon(
    tmp_path: Path, draw: Draw, tiny: Encoder
) -> None:
    first = table(tmp_path / "a", draw, species=["Pieris rapae"])
    later = table(tmp_path / "b", draw, kingdom=["", "Animalia"], species=["", "Pieris rapae"])
    with Collection.create(tmp_path / "c") as collection:
        ingest(Manifest.from_pandas(first, root=tmp_path / "a"), collection, tiny)
        assert collection.gallery().labels("species").names == ["Pieris rapae"]
        later["image_id"] = ["x", "y"]
        ingest(Manifest.from_pandas(later, root=tmp_path / "b"), collection, tiny)
        assert collection.gallery().labels("species").names == ["Pieris rapae"]
    with Collection.open(tmp_path / "c") as again:
        assert again.gallery().labels("species").names == ["Pieris rapae"]


def test_doubt_is_the_qualifier_of_the_determination(
    tmp_path: Path, draw: Draw, tiny: Encoder
) -> None:
    frame = table(tmp_path / "s", draw, species=["Aglais cf. io", "Aglais io"])
    with Collection.create(tmp_path / "c") as collection:
        ingest(Manifest.from_pandas(frame, root=tmp_path / "s"), collection, tiny)
        assert [event.qualifier for event in collection.history()] == ["cf. io", ""]
        assert collection.image("0.png").metadata["identificationQualifier"] == "cf. io"


def test_determinations_are_read_as_tables_are(tmp_path: Path, draw: Draw, tiny: Encoder) -> None:
    frame = table(
        tmp_path / "s",
        draw,
        family=["Nymphalidae", "Pieridae"],
        species=["Aglais io", "Pieris napi"],
    )

    def determined(**names: str) -> tuple[str, ...]:
        collection.determine("1.png", tuple(names.get(rank, "") for rank in RANKS), by="A")
        return collection.image("1.png").lineage

    with Collection.create(tmp_path / "c") as collection:
        ingest(Manifest.from_pandas(frame, root=tmp_path / "s"), collection, tiny)
        first = collection.image("0.png").lineage
        assert determined(species="AGLAIS IO (Linnaeus, 1758)") == first
        assert "AGLAIS IO (Linnaeus, 1758)" in collection.history("1.png")[-1].remarks
        assert determined(species="Aglais cf. urticae")[5:] == (
            "Nymphalidae", "Aglais", "Aglais cf. urticae",
        )  # fmt: skip
        assert collection.history("1.png")[-1].qualifier == "cf. urticae"
        for nothing in ("17 4", "Unidentified moth"):
            with pytest.raises(UsageError, match=nothing):
                determined(species=nothing)
        assert len(collection.history("1.png")) == 3


def test_vector_files_are_read_as_tables_are(tmp_path: Path) -> None:
    rows = [
        ("a", "s", "Nymphalidae", "Aglais io"),
        ("b", "s", "", "aglais io (Linnaeus, 1758)"),
        ("c", "NA", "NA", "Aglais urticae"),
        ("d", "NA", "NA", "NA"),
        ("e", "t", "", "Aglais"),
        ("f", "t", "", "Aglais io"),
        ("g", "s", "", "Pieris napi"),
        ("h", "u", "", "Sphingidae sp."),
    ]
    ids, specimens, families, species = zip(*rows, strict=True)
    vectors = np.eye(len(rows), dtype=np.float32)
    columns = {"image_id": ids, "specimen_id": specimens, "family": families, "species": species}
    kind = pa.list_(pa.float32(), len(rows))
    pq.write_table(
        pa.table({**columns, "embedding": pa.array(vectors.tolist(), kind)}), tmp_path / "x.parquet"
    )
    with Collection.create(tmp_path / "c") as collection:
        report = load_vectors(tmp_path / "x.parquet", collection, encoder="other")
        images = {image.image_id: image for image in collection.images()}
        assert set(images) == set("abcdefh")
        assert {images[one].lineage[-1] for one in "abef"} == {"Aglais io"}
        assert {images[one].lineage[5] for one in "abcef"} == {"Nymphalidae"}
        assert (images["c"].specimen_id, images["d"].specimen_id) == ("c", "d")
        assert images["h"].lineage[5:] == ("Sphingidae", "", "")
        assert images["b"].metadata["verbatimIdentification"] == "aglais io (Linnaeus, 1758)"
    assert [
        "row 8: specimen 's' has another name in an earlier row" in e
        for e in errors(report.problems)
    ] == [True]


def test_names_of_any_length_are_answered_soon(tmp_path: Path, draw: Draw) -> None:
    long = ["(a) " * 100_000, "Aglais " + "? " * 100_000, "x" * 100_000, "Aglais io"]
    frame, problems = checked(
        tmp_path, table(tmp_path, draw, species=long, family=["?" * 100_000 + "x", "", "", ""])
    )
    assert len(frame) == 1
    assert all(len(error) < 200 for error in errors(problems))
    assert all("at most 500" in error for error in errors(problems))


def test_a_qualifier_of_another_name_is_left_out_and_told(tmp_path: Path, draw: Draw) -> None:
    columns = {
        "genus": ["Xestia", "Xestia", "", "", "", ""],
        "species": ["", "baja", *["Xestia baja"] * 4],
        "identificationQualifier": [*["cf. baja"] * 3, "cf. nigra", "probably", "sp. nov."],
    }
    frame, problems = checked(tmp_path, table(tmp_path, draw, **columns))
    assert frame["identificationQualifier"].tolist() == [
        *["cf. baja"] * 3, "", "probably", "sp. nov.",
    ]  # fmt: skip
    assert [one.row for one in problems if "qualifier" in one.message] == [5]
