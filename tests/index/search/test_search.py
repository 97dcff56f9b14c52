"""Search gives exactly the nearest that may be given, and never the query's own specimen."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from holotype.index.collection import Collection
from holotype.index.encoders import Embeddings, Encoder
from holotype.index.errors import UsageError
from holotype.index.ingest.pictures import ingest
from holotype.index.manifests.manifest import Manifest
from holotype.index.search.search import picture_vector, search, stored_vector
from holotype.scripts.bench.faults import plain
from tests.conftest import Draw

pytestmark = pytest.mark.both_stores


@pytest.fixture
def query(collection: Collection) -> Embeddings:
    return stored_vector(collection, collection.image("0-0.png"))


def ids(collection: Collection, vector: Embeddings, **options: object) -> list[str]:
    found = search(collection, vector, **options)  # type: ignore[arg-type]
    return [hit.image.image_id for hit in found]


def brute_force(collection: Collection, vector: Embeddings, wanted: list[str]) -> list[str]:
    """The wanted images by their cosine, computed without the index."""
    cosines = {
        image_id: float(stored_vector(collection, collection.image(image_id)) @ vector)
        for image_id in wanted
    }
    return sorted(wanted, key=lambda image_id: -cosines[image_id])


def everything(collection: Collection) -> list[str]:
    return [image.image_id for image in collection.images()]


def test_hits_are_those_of_brute_force_best_first(
    collection: Collection, query: Embeddings
) -> None:
    expected = brute_force(collection, query, everything(collection))
    assert ids(collection, query, k=40) == expected
    assert ids(collection, query, k=7) == expected[:7]
    scores = [hit.score for hit in search(collection, query, k=40)]
    assert scores == sorted(scores, reverse=True)
    assert all(-1 <= score <= 1 for score in scores)


def test_a_query_of_any_length_finds_the_same(collection: Collection, query: Embeddings) -> None:
    assert ids(collection, 1000 * query) == ids(collection, query)


def test_more_than_there_are_gives_all(collection: Collection, query: Embeddings) -> None:
    assert sorted(ids(collection, query, k=1000)) == sorted(everything(collection))


@pytest.mark.parametrize("k", [0, -1, 1001])
def test_a_k_out_of_range_is_refused(collection: Collection, query: Embeddings, k: int) -> None:
    with pytest.raises(UsageError, match=f"k is {k}; it must be 1 to 1000"):
        search(collection, query, k=k)


def test_a_hit_says_what_it_is(collection: Collection, query: Embeddings) -> None:
    hit = search(collection, query, k=1)[0].to_dict()
    assert hit["image_id"] == "0-0.png"
    assert hit["specimen_id"] == "Xestia_baja_0"
    assert hit["score"] == pytest.approx(1, abs=1e-6)
    assert (hit["category"], hit["family"]) == ("Moth", "Noctuidae")
    assert (hit["genus"], hit["species"]) == ("Xestia", "Xestia baja")


def test_images_of_an_excluded_specimen_are_never_hits(
    collection: Collection, query: Embeddings
) -> None:
    found = search(collection, query, k=40, exclude_specimens={"Xestia_baja_0"})
    assert len(found) == 38
    assert "Xestia_baja_0" not in {hit.image.specimen_id for hit in found}


# A picture's own specimen ---------------------------------------------------------------------


def test_a_stored_picture_is_recognised_under_another_name(
    collection: Collection, source: Path, tmp_path: Path, tiny: Encoder
) -> None:
    renamed = shutil.copy(source.parent / "1-4.png", tmp_path / "IMG_0001.PNG")
    _, specimens = picture_vector(collection, tiny, [Path(renamed)])
    assert specimens == {"Xestia_c-nigrum_2"}
    _, specimens = picture_vector(collection, tiny, [Path(renamed).read_bytes()])
    assert specimens == {"Xestia_c-nigrum_2"}


def test_pictures_of_several_stored_specimens_name_them_all(
    collection: Collection, source: Path, tiny: Encoder
) -> None:
    pictures = [source.parent / name for name in ("0-0.png", "0-9.png")]
    _, specimens = picture_vector(collection, tiny, pictures)
    assert specimens == {"Xestia_baja_0", "Xestia_baja_4"}


def test_a_picture_that_was_stored_twice_is_no_evidence_for_itself(
    collection: Collection, source: Path, tmp_path: Path, tiny: Encoder
) -> None:
    again = tmp_path / "s" / "Xestia baja" / "copy.png"
    again.parent.mkdir(parents=True)
    shutil.copy(source.parent / "0-0.png", again)
    ingest(Manifest.read(tmp_path / "s"), collection, tiny)
    vector, specimens = picture_vector(collection, tiny, [again])
    found = search(collection, vector, k=41, exclude_specimens=specimens)
    assert len(found) == 38
    assert {"0-0.png", "0-1.png", "Xestia baja/copy.png"}.isdisjoint(
        hit.image.image_id for hit in found
    )


def test_the_vector_of_several_pictures_is_their_mean(
    collection: Collection, source: Path, tiny: Encoder
) -> None:
    paths = [source.parent / name for name in ("0-0.png", "2-0.png", "3-0.png")]
    mean, _ = picture_vector(collection, tiny, paths)
    alone = [picture_vector(collection, tiny, [path])[0] for path in paths]
    np.testing.assert_allclose(mean, np.mean(alone, axis=0), atol=1e-6)


def test_one_specimen_has_one_to_five_pictures(
    collection: Collection, source: Path, tiny: Encoder
) -> None:
    for count in (0, 6):
        with pytest.raises(UsageError, match=f"{count} pictures of one specimen; give 1 to 5"):
            picture_vector(collection, tiny, [source.parent / "0-0.png"] * count)


# Filters --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "allowed"),
    [
        (["category=Moth"], lambda kind, number: kind < 3),
        (["category!=Moth"], lambda kind, number: kind == 3),
        (["genus=Xestia"], lambda kind, number: kind < 2),
        (["species=Xestia c-nigrum"], lambda kind, number: kind == 1),
        (["species=xestia C-NIGRUM"], lambda kind, number: kind == 1),
        (["family=Erebidae|Salmonidae"], lambda kind, number: kind >= 2),
        (["family!=Erebidae|Salmonidae"], lambda kind, number: kind < 2),
        (["split=test"], lambda kind, number: number < 2),
        (["sex=f"], lambda kind, number: number // 2 % 2 == 0),
        (["sex = f ", "category=Fish"], lambda kind, number: kind == 3 and number // 2 % 2 == 0),
        (["image_id=2-3.png"], lambda kind, number: (kind, number) == (2, 3)),
        (["specimen_id=Salmo_trutta_1"], lambda kind, number: kind == 3 and number in (2, 3)),
        (["split=test", "split=train"], lambda kind, number: False),
        (["locality="], lambda kind, number: True),
    ],
)
def test_a_filter_gives_all_it_allows_and_nothing_else(
    collection: Collection, query: Embeddings, where: list[str], allowed: object
) -> None:
    wanted = [
        f"{kind}-{number}.png"
        for kind in range(4)
        for number in range(10)
        if allowed(kind, number)  # type: ignore[operator]
    ]
    expected = brute_force(collection, query, wanted)
    assert ids(collection, query, k=40, where=where) == expected
    assert ids(collection, query, k=3, where=where) == expected[:3]


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("colour=red", "no column 'colour'; there are category, kingdom.*, sex"),
        ("family=Geometridae", "has family 'Geometridae'; did you mean"),
        ("family!=Geometridae", "has family 'Geometridae'"),
        ("family=Noctuidae|Geometridae", "has family 'Geometridae'"),
        ("sex=x", "has sex 'x'"),
        ("kingdom=Animalia", "has kingdom 'Animalia'"),
        ("family", "Filter 'family' is not understood; write column=value"),
        ("=Noctuidae", "is not understood"),
        ("", "is not understood"),
        ("sex') OR 1=1 --=x", "no column"),
        ('sex" OR "1"="1', "no column"),
    ],
)
def test_a_filter_that_cannot_be_is_an_error_and_no_empty_answer(
    collection: Collection, query: Embeddings, where: str, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        search(collection, query, where=[where])


@pytest.mark.parametrize("column", ["Größe", "wing length (mm)", "o'k", 'a"b', "a.b", "日本", "$"])
def test_own_columns_of_any_name_can_be_filtered_on(
    tmp_path: Path, draw: Draw, tiny: Encoder, column: str
) -> None:
    for seed in range(3):
        draw(tmp_path / f"{seed}.png", seed)
    quoted = column.replace('"', '""')
    (tmp_path / "t.csv").write_text(f'path,"{quoted}"\n0.png,1.50\n1.png,2 | 3\n2.png,\n')
    with Collection.create(tmp_path / "c") as collection:
        ingest(Manifest.read(tmp_path / "t.csv"), collection, tiny)
        vector = stored_vector(collection, collection.image("2.png"))
        assert ids(collection, vector, where=[f"{column.lower()}=1.50"]) == ["0.png"]
        assert "0.png" not in ids(collection, vector, where=[f"{column.lower()}!=1.50"])


def test_a_filter_that_was_asked_before_follows_every_change(
    collection: Collection, query: Embeddings
) -> None:
    def found(condition: str) -> set[str]:
        return set(ids(collection, query, where=[condition], k=100))

    first = collection.image("0-0.png")
    other = next(i for i in collection.images() if i.lineage != first.lineage)
    species = f"species={first.lineage[-1]}"
    before = {condition: found(condition) for condition in ("locality=", species)}
    assert first.image_id in before["locality="]
    assert first.image_id in before[species]

    with Collection.open(collection.folder) as elsewhere:
        moved = replace(first, details={**first.details, "locality": "Bohuslän"})
        elsewhere.store(elsewhere.space(), [(moved, None)])
        assert found("locality=") == before["locality="] - {first.image_id}
        assert found("locality=Bohuslän") == {first.image_id}
        elsewhere.determine(first.specimen_id, other.lineage, by="Ada")
        assert first.image_id not in found(species)
        elsewhere.delete(["0-0.png"])
        assert found("locality=") == before["locality="] - {first.image_id}


def test_no_more_than_a_few_filters_are_kept_in_memory(
    collection: Collection, query: Embeddings
) -> None:
    for name in everything(collection) * 2:
        assert ids(collection, query, where=[f"image_id={name}", "locality="]) == [name]
    for number in range(50):
        search(collection, query, where=["locality="] * (number + 1))
    assert len(collection.gallery().selections) <= 32


# Of 1000 images: 500, 100, 10 and one; the versions are a column of their own.
SHARES = {"0": 500, "1": 100, "2": 10, "3": 1}


@pytest.fixture
def thousand(tmp_path: Path, store: str) -> Iterator[Collection]:
    with Collection.create(tmp_path / "c", store=store) as made:
        versions = [int(name) for name, count in SHARES.items() for _ in range(count)]
        versions += [4] * (1000 - len(versions))
        plain.put(made, [(f"image {number}", version) for number, version in enumerate(versions)])
        # Some are replaced and some are gone, in every share.
        plain.put(made, [(f"image {number}", versions[number]) for number in range(0, 1000, 3)])
        made.delete([f"image {number}" for number in range(1, 599, 7)])
        yield made


@pytest.mark.parametrize("share", [*SHARES, None])
def test_a_share_of_any_size_gives_all_its_nearest_by_value(
    thousand: Collection, share: str | None
) -> None:
    gallery = thousand.gallery()
    vectors = gallery.index.vectors
    where = [] if share is None else [f"version={share}"]
    allowed = [i for i in thousand.images() if share in (None, i.metadata["version"])]
    places = gallery.places([image.row for image in allowed])
    for seed in range(5):
        asked = plain.vector_of(f"{seed:064}")
        cosines = np.sort(vectors[places] @ asked)[::-1]
        for k in (1, 10, 600):
            hits = search(thousand, asked, k=k, where=where)
            assert len(hits) == min(k, len(allowed))
            np.testing.assert_allclose([hit.score for hit in hits], cosines[:k], atol=1e-6)
            assert {hit.image.image_id for hit in hits} <= {image.image_id for image in allowed}
