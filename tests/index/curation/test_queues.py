"""What stands in the curation queues, and what a decision does to it."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from holotype.index.collection import Collection
from holotype.index.curation.actions import accept, correct, dismiss, lineage_of
from holotype.index.curation.doubts import Doubts, Ratios
from holotype.index.curation.named import Named
from holotype.index.curation.names_in_doubt import far, mislabels
from holotype.index.curation.queues import QUEUES, Queue
from holotype.index.encoders import Encoder
from holotype.index.errors import NotComparedError, NotFoundError, UsageError
from holotype.index.ingest.pictures import ingest
from holotype.index.manifests.manifest import Manifest
from holotype.index.vectors import FlatIndex
from holotype.training import doubts
from holotype.training.doubts import doubt_names, queue_of
from tests.conftest import Draw

WRONG = "Xestia_baja_1"  # called Catocala nupta below
NUPTA = ("Moth", "", "", "", "", "Erebidae", "Catocala", "Catocala nupta")


@pytest.fixture
def mistaken(collection: Collection) -> Collection:
    """The collection with one specimen under a wrong name, as an import gave it."""
    collection.determine(WRONG, NUPTA, by="manifest", origin="import")
    return collection


def standing(collection: Collection, name: str = "mislabels") -> list[str]:
    return [entry.specimen_ids[0] for entry in queue_of(collection, name).page(0, 100).entries]


def test_a_wrong_name_stands_first_with_the_right_one_proposed(mistaken: Collection) -> None:
    page = queue_of(mistaken, "mislabels").page()
    first = page.entries[0]
    assert first.specimen_ids == [WRONG]
    assert first.taxa == ["Catocala nupta"]
    assert first.proposed is not None
    assert first.proposed["species"] == "Xestia baja"
    assert first.reason == (
        "It fits the 4 specimens of Xestia baja better than the 5 other specimens of its own "
        "Catocala nupta."
    )
    assert len(first.image_ids) == 2
    taxa = [near.taxon for near in first.evidence]
    assert taxa == ["Xestia baja"] * 3 + ["Catocala nupta"] * 2
    shown = {mistaken.image(near.image_id).specimen_id for near in first.evidence}
    assert WRONG not in shown  # its own pictures are no evidence
    scores = [entry.score for entry in page.entries]
    assert scores == sorted(scores, reverse=True)


def test_flipped_names_are_found_though_the_spaces_are_fitted_on_what_is_flipped() -> None:
    rng = np.random.default_rng(5)
    centres = rng.normal(size=(20, 32))
    labels = np.repeat(np.arange(20), 10)
    vectors = centres[labels] + rng.normal(scale=0.9, size=(200, 32))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    flipped = rng.choice(200, 10, replace=False)
    labels[flipped] = (labels[flipped] + rng.integers(1, 20, 10)) % 20
    ratios = doubt_names(FlatIndex(vectors.astype(np.float32)), labels, np.arange(200))
    first = np.argsort(ratios.own - ratios.best)[:20]
    assert np.isin(flipped, first).mean() >= 0.75


def test_what_others_write_while_names_are_compared_moves_no_doubt_to_another_specimen(
    mistaken: Collection, monkeypatch: pytest.MonkeyPatch, tiny: Encoder, tmp_path: Path, draw: Draw
) -> None:
    def meanwhile(*asked: Any, **options: Any) -> Ratios:
        found = doubt_names(*asked, **options)
        first = next(iter(mistaken.images()))
        gone = [one.image_id for one in mistaken.images() if one.specimen_id == first.specimen_id]
        mistaken.delete(gone)  # of all others the places change
        draw(tmp_path / "one.png", 999, like=1)
        (tmp_path / "m.csv").write_text("path,species\none.png,Abraxas alba\n")
        ingest(Manifest.read(tmp_path / "m.csv"), mistaken, tiny)
        return found

    monkeypatch.setattr(doubts, "keep_doubts", lambda *_: None)  # as where the disk is full
    monkeypatch.setattr(doubts, "doubt_names", meanwhile)
    first = queue_of(mistaken, "mislabels").page().entries[0]
    assert first.specimen_ids == [WRONG]
    assert (first.proposed or {})["species"] == "Xestia baja"


def test_a_specimen_whose_first_picture_is_deleted_stays_compared(
    mistaken: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = queue_of(mistaken, "mislabels").page()
    wrong = before.entries[0]
    assert len(wrong.image_ids) == 2
    monkeypatch.setattr(doubts, "doubt_names", None)  # calling it would fail
    mistaken.delete(wrong.image_ids[:1])
    after = queue_of(mistaken, "mislabels").page()
    assert after.entries[0].specimen_ids == [WRONG]
    assert after.entries[0].image_ids == wrong.image_ids[1:]
    assert (after.total, after.left_out) == (before.total, before.left_out)


def test_where_much_changes_while_names_are_compared_it_is_said(
    mistaken: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def meanwhile(*asked: Any, **options: Any) -> Ratios:
        mistaken.delete([one.image_id for one in mistaken.images()][:12])
        return doubt_names(*asked, **options)

    monkeypatch.setattr(doubts, "doubt_names", meanwhile)
    with pytest.raises(NotComparedError, match="while names were compared; ask again"):
        queue_of(mistaken, "far")


def test_a_species_that_is_gone_fits_nothing(collection: Collection) -> None:
    of = {one.image_id: one.specimen_id for one in collection.images()}
    gone = {f"Salmo_trutta_{number}" for number in (2, 3, 4)}
    collection.delete([image for image, specimen in of.items() if specimen in gone])
    collection.determine("Salmo_trutta_1", NUPTA, by="manifest", origin="import")
    first = queue_of(collection, "mislabels").page().entries[0]
    assert first.specimen_ids == ["Salmo_trutta_1"]
    assert (first.proposed or {})["species"] == "Salmo trutta"
    collection.delete([image for image, specimen in of.items() if specimen == "Salmo_trutta_0"])
    for name in QUEUES:
        entries = queue_of(collection, name).page(0, 100).entries
        proposed = [(entry.proposed or {}).get("species") for entry in entries]
        assert "Salmo trutta" not in proposed, name


def test_an_accepted_name_is_a_determination_and_can_be_undone(mistaken: Collection) -> None:
    (made,) = accept(
        mistaken, queue_of(mistaken, "mislabels").find(WRONG), by="Ann", remarks="eyes"
    )
    event = mistaken.history(WRONG)[-1]
    assert (event.after, event.determined_by, event.remarks) == ("Xestia baja", "Ann", "eyes")
    assert WRONG not in standing(mistaken)
    mistaken.undo(made, by="Ann")
    assert standing(mistaken)[0] == WRONG


def test_a_dismissal_confirms_the_name_and_is_remembered(
    mistaken: Collection, folder: Path
) -> None:
    made = dismiss(mistaken, WRONG, by="Ann", remarks="genitalia seen")
    event = mistaken.history(WRONG)[-1]
    assert event.before == event.after == "Catocala nupta"
    assert event.remarks == "name confirmed in review; genitalia seen"
    assert WRONG not in standing(mistaken)
    with Collection.open(folder) as again:
        assert WRONG not in standing(again)
    mistaken.undo(made, by="Ann")
    assert WRONG in standing(mistaken)


def test_a_first_naming_by_a_person_can_be_doubted(
    collection: Collection, tiny: Encoder, tmp_path: Path, draw: Draw
) -> None:
    draw(tmp_path / "one.png", 999, like=0)  # as Xestia baja
    (tmp_path / "m.csv").write_text("path,specimen_id\none.png,new\n")
    ingest(Manifest.read(tmp_path / "m.csv"), collection, tiny)
    collection.determine("new", NUPTA, by="Ann")
    assert standing(collection)[0] == "new"
    dismiss(collection, "new", by="Bob")
    assert "new" not in standing(collection)


def test_names_are_compared_once_and_followed_through_a_few_decisions(
    mistaken: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = standing(mistaken)
    with monkeypatch.context() as patched:
        patched.setattr(doubts, "doubt_names", None)  # calling it would fail
        correct(mistaken, WRONG, "Xestia baja", by="Ann")
        assert standing(mistaken) == [one for one in before if one != WRONG]
        assert queue_of(mistaken, "far").page().left_out == {}  # a person looked at it
        mistaken.determine("Salmo_trutta_1", NUPTA, by="manifest", origin="import")
        left_out = queue_of(mistaken, "far").page().left_out
        assert left_out == {"added or named anew since names were compared": 1}
    for number in range(4):
        mistaken.determine(f"Salmo_trutta_{number}", NUPTA, by="manifest", origin="import")
    assert queue_of(mistaken, "far").page().left_out == {}


def test_copies_under_two_names_come_first(
    collection: Collection, source: Path, tiny: Encoder, tmp_path: Path
) -> None:
    original = source.parent / "0-0.png"
    copy = tmp_path / "copy.png"
    copy.write_bytes(original.read_bytes())
    table = tmp_path / "more.csv"
    table.write_text("path,specimen_id,species\ncopy.png,thief,Xestia baja\n")
    ingest(Manifest.read(table), collection, tiny)
    (same,) = queue_of(collection, "duplicates").page().entries
    assert same.reason.endswith("one and the same picture under one name: Xestia baja.")
    trutta = lineage_of(collection, "Salmo trutta")
    collection.determine("thief", trutta, by="manifest", origin="import")
    page = queue_of(collection, "duplicates").page()
    assert page.total == 1
    (entry,) = page.entries
    assert set(entry.specimen_ids) == {"thief", "Xestia_baja_0"}
    assert set(entry.taxa) == {"Salmo trutta", "Xestia baja"}
    assert entry.score == 1
    assert entry.reason.startswith("2 specimens show one and the same picture under two names")
    assert "thief" in standing(collection)[:2]
    dismiss(collection, "thief", by="Ann")
    assert queue_of(collection, "duplicates").page().total == 1  # the other is wrong, then
    correct(collection, "Xestia_baja_0", "Salmo trutta", by="Ann")
    assert queue_of(collection, "duplicates").page().total == 0


def test_decisions_do_not_have_copies_looked_for_anew_and_new_images_do(
    collection: Collection, monkeypatch: pytest.MonkeyPatch, tiny: Encoder, tmp_path: Path
) -> None:
    image = next(collection.images())
    picture = collection.picture_path(image).read_bytes()

    def add(name: str) -> None:
        (tmp_path / f"{name}.png").write_bytes(picture)
        (tmp_path / "m.csv").write_text(f"path,specimen_id,species\n{name}.png,{name},\n")
        ingest(Manifest.read(tmp_path / "m.csv"), collection, tiny)

    add("a")
    (entry,) = queue_of(collection, "duplicates").page().entries
    with monkeypatch.context() as patched:
        patched.setattr("holotype.index.curation.duplicates._alike", None)  # a call would fail
        accept(collection, entry, by="Ann")
        (entry,) = queue_of(collection, "duplicates").page().entries
        assert "under one name" in entry.reason
        dismiss(collection, image.specimen_id, by="Ann")
        correct(collection, "a", "Xestia alba", by="Ann")
        assert queue_of(collection, "duplicates").page().total == 0  # she has looked at both
        collection.undo(collection.history()[-1].determination_id, by="Ann")
        assert queue_of(collection, "duplicates").page().total == 1
    add("b")
    (entry,) = queue_of(collection, "duplicates").page().entries
    assert sorted(entry.specimen_ids) == sorted(["a", "b", image.specimen_id])


def test_a_picture_saved_again_is_found_and_another_of_the_species_is_not(
    collection: Collection, tiny: Encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("holotype.index.curation.duplicates._LEAST_COSINE", -1)  # a random network
    across = np.linspace(0, 6, 120)
    waves = (np.sin(across)[:, None] * np.cos(1.3 * across)[None] + 1) * 110
    picture = Image.fromarray(np.stack([waves, waves * 0.7, waves * 0.4], 2).astype(np.uint8))
    data = io.BytesIO()
    picture.save(tmp_path / "one.png")
    picture.resize((90, 90)).save(data, "JPEG", quality=60)
    (tmp_path / "again.jpg").write_bytes(data.getvalue())
    picture.rotate(180).save(tmp_path / "other.png")
    table = tmp_path / "more.csv"
    rows = "one.png,a,Salmo trutta\nagain.jpg,b,\nother.png,c,Salmo trutta\n"
    table.write_text("path,specimen_id,species\n" + rows)
    ingest(Manifest.read(table), collection, tiny)
    (entry,) = queue_of(collection, "duplicates").page().entries
    assert sorted(entry.specimen_ids) == ["a", "b"]
    assert "saved again or cropped with a name and without" in entry.reason
    assert entry.proposed is not None
    with monkeypatch.context() as patched, Collection.open(collection.folder) as again:
        patched.setattr("holotype.index.curation.duplicates._MOST_PAIRS", 0)
        page = queue_of(again, "duplicates").page()
        left_out = {"in pairs of similar pictures that were not compared": 4}  # specimens
        assert (page.total, page.left_out) == (0, left_out)
    made = accept(collection, entry, by="Ann")
    assert len(made) == 1  # the other one has the name
    assert collection.history("b")[-1].after == "Salmo trutta"


def test_singletons_and_specimens_without_a_name(
    collection: Collection, source: Path, tiny: Encoder, tmp_path: Path, draw: Draw
) -> None:
    draw(tmp_path / "one.png", 999, like=1)
    draw(tmp_path / "two.png", 998, like=1)
    table = tmp_path / "more.csv"
    table.write_text("path,specimen_id,species\none.png,alone,Noctua comes\ntwo.png,nameless,\n")
    ingest(Manifest.read(table), collection, tiny)
    page = queue_of(collection, "singletons").page()
    assert [entry.specimen_ids for entry in page.entries] == [["alone"]]
    assert page.entries[0].reason.startswith("It is the only specimen of Noctua comes")
    assert page.left_out == {"without a name at rank species": 1}
    with pytest.raises(UsageError, match="has no name to confirm"):
        dismiss(collection, "nameless", by="Ann")


def test_pages_and_what_cannot_be_asked(mistaken: Collection) -> None:
    queue = queue_of(mistaken, "mislabels")
    whole = queue.page(0, 100)
    assert [entry.place for entry in whole.entries] == list(range(1, whole.total + 1))
    assert queue.page(whole.total, 5).entries == []
    with pytest.raises(UsageError, match="limit is 0; it must be 1 to 1000"):
        queue.page(0, 0)
    with pytest.raises(UsageError, match="offset is -1"):
        queue.page(-1)
    with pytest.raises(NotFoundError, match="does not stand in the queue"):
        queue_of(mistaken, "singletons").find(WRONG)
    with pytest.raises(UsageError, match=f"choose one of {', '.join(QUEUES)}"):
        queue_of(mistaken, "wrong")
    with pytest.raises(UsageError, match="needs names that were compared"):
        Queue.of(mistaken, "far")


def test_too_few_names_to_compare(tiny: Encoder, tmp_path: Path, draw: Draw) -> None:
    draw(tmp_path / "a.png", 1)
    (tmp_path / "m.csv").write_text("path,species\na.png,Xestia baja\n")
    with Collection.create(tmp_path / "c") as made:
        ingest(Manifest.read(tmp_path / "m.csv"), made, tiny)
        with pytest.raises(
            UsageError, match=r"1 specimen is named, of 1 species: .* at least two species"
        ):
            queue_of(made, "mislabels")
        assert queue_of(made, "singletons").page().total == 1
        assert queue_of(made, "duplicates").page().total == 0


def test_the_first_species_that_is_named_does_not_end_what_genera_tell(
    tiny: Encoder, tmp_path: Path, draw: Draw
) -> None:
    rows = ["path,specimen_id,genus"]
    for kind, genus in enumerate(("Xestia", "Catocala", "Euxoa")):
        for number in range(4):
            name = f"{genus}_{number}"
            draw(tmp_path / f"{name}.png", 10 * kind + number, like=kind)
            rows.append(f"{name}.png,{name},{'Euxoa' if name == 'Xestia_0' else genus}")
    (tmp_path / "m.csv").write_text("\n".join(rows))
    with Collection.create(tmp_path / "c") as made:
        ingest(Manifest.read(tmp_path / "m.csv"), made, tiny)
        before = queue_of(made, "mislabels").page()
        correct(made, "Catocala_1", "Catocala nupta", by="Ann")
        after = queue_of(made, "mislabels").page()
        (entry,) = [one for one in after.entries if one.specimen_ids == ["Xestia_0"]]
        assert [one.reason for one in after.entries] == [one.reason for one in before.entries]
        assert entry.proposed == {"genus": "Xestia"}
        assert after.left_out == {}
        alone = queue_of(made, "singletons").page()  # Ann has looked at the only one
        assert (alone.total, alone.left_out) == (0, {"without a name at rank species": 11})
        correct(made, "Catocala_2", "Catocala nupta", by="Ann")
        for number in (1, 2, 3):
            correct(made, f"Euxoa_{number}", "Euxoa tritici", by="Ann")
        # Who has a finer name since is of the same genus, and stays compared.
        assert queue_of(made, "far").page().left_out == {}
        correct(made, "Catocala_3", "Catocala nupta", by="Ann")
        told = queue_of(made, "far").page().left_out  # from now on species are compared
        assert told["without a name at rank species"] == 6


@pytest.mark.parametrize(
    ("names", "how", "proposed", "mislabelled"),
    [
        (("Xestia", "Catocala"), "under two names: Xestia and Catocala", None, "ab"),
        (("Xestia baja", "Xestia alba"), "under two names: ", None, "ab"),
        (("Xestia", "Xestia"), "under one name: Xestia", None, ""),
        (("Xestia", "Xestia alba"), "under a name and one that says less: ", "Xestia alba", ""),
        (("Xestia", "Xestia", "Xestia alba", "Xestia baja"), "under two names: ", None, "cd"),
        (("", "Xestia baja", "Xestia", "Xestia alba"), "under two names: ", None, "bd"),
        (("Xestia alba",) * 3 + ("Xestia baja",), "under two names: ", "Xestia alba", "abcd"),
        (("Noctuidae", "Noctuidae", "Xestia alba"), "under a name and", "Xestia alba", ""),
        (("Noctuidae gen. sp. 1", "Xestia"), "under two names: ", None, "b"),
        (("Xestia baja × Noctua pronuba", "Xestia"), "under two names: ", None, "b"),
        (("Xestia sp.", "Xestia sp.", "Xestia alba"), "under a name and", "Xestia alba", ""),
        (("Xestia alba", "Xestia alba", "Xestia baja"), "under two", "Xestia alba", "abc"),
        (("Xestia alba", ""), "with a name and without: Xestia alba", "Xestia alba", ""),
        (("", ""), "without a name", None, ""),
    ],
)
def test_copies_are_judged_by_all_that_they_are_called(
    names: tuple[str, ...],
    how: str,
    proposed: str | None,
    mislabelled: str,
    tiny: Encoder,
    tmp_path: Path,
    draw: Draw,
) -> None:
    """Whatever rank the queues of names compare: here it is the genus, and one has a species."""
    picture = draw(tmp_path / "a.png", 1)
    called = dict.fromkeys("abcd"[: len(names)], "")
    for one in called:
        picture.with_name(f"{one}.png").write_bytes(picture.read_bytes())
    for kind, genus in enumerate(("Xestia", "Catocala")):
        for number in range(6):
            draw(tmp_path / f"{genus}{number}.png", 10 + 10 * kind + number, like=kind)
            called[f"{genus}{number}"] = genus
    called["Catocala5"] = "Catocala nupta"
    rows = ["path,specimen_id,genus,species"]
    for one, name in called.items():
        rows.append(f"{one}.png,{one},{',' if ' ' in name else ''}{name}")
    (tmp_path / "m.csv").write_text("\n".join(rows))
    with Collection.create(tmp_path / "c") as made:
        ingest(Manifest.read(tmp_path / "m.csv"), made, tiny)
        for one, name in zip("abcd", names, strict=False):
            if name == "Noctuidae":  # more is said above it, and nothing below
                moth = ("Moth", "Animalia", "Arthropoda", "Insecta", "Lepidoptera", name, "", "")
                made.determine(one, moth, by="manifest", origin="import")
            elif name:
                made.determine(one, lineage_of(made, name), by="manifest", origin="import")
        (entry,) = queue_of(made, "duplicates").page().entries
        wrong = {one.specimen_ids[0] for one in queue_of(made, "mislabels").page(0, 100).entries}
    assert f" {how}" in entry.reason
    assert (None if entry.proposed is None else list(entry.proposed.values())[-1]) == proposed
    assert wrong & set("abcd") == set(mislabelled)


@pytest.fixture
def copies(tiny: Encoder, tmp_path: Path, draw: Draw) -> Callable[..., Collection]:
    """Makes a collection of copies of one picture: `{file: (specimen, category, species)}`."""

    def make(called: Mapping[str, tuple[str, str, str]]) -> Collection:
        picture = draw(tmp_path / "one.png", 1).read_bytes()
        rows = ["path,specimen_id,category,species"]
        for file, told in called.items():
            (tmp_path / f"{file}.png").write_bytes(picture)
            rows.append(f"{file}.png,{','.join(told)}")
        (tmp_path / "m.csv").write_text("\n".join(rows))
        made = Collection.create(tmp_path / "c")
        ingest(Manifest.read(tmp_path / "m.csv"), made, tiny)
        return made

    return make


def test_of_copies_under_homonyms_the_others_can_be_accepted(
    copies: Callable[..., Collection],
) -> None:
    kinds = {"a": "Moth", "b": "Moth", "c": "Bird"}
    with copies({one: (one, kind, "Oenanthe oenanthe") for one, kind in kinds.items()}) as made:
        (entry,) = queue_of(made, "duplicates").page().entries
        assert ": Oenanthe oenanthe (Moth) and Oenanthe oenanthe (Bird)." in entry.reason
        assert len(accept(made, entry, by="Ann")) == 1
        (entry,) = queue_of(made, "duplicates").page().entries
        assert "under one name" in entry.reason


def test_specimens_count_of_copies_and_not_pictures(copies: Callable[..., Collection]) -> None:
    called = {f"a{number}": ("a", "Moth", "Xestia alba") for number in range(4)}
    others = {one: (one, "Moth", "Xestia alba") for one in "bc"}
    with copies({**called, **others}) as made:
        for one in others:
            made.determine(one, lineage_of(made, "Xestia baja"), by="manifest", origin="import")
        (entry,) = queue_of(made, "duplicates").page().entries
        assert (entry.proposed or {})["species"] == "Xestia baja"


def test_of_copies_the_name_that_a_person_gave_is_proposed(
    copies: Callable[..., Collection],
) -> None:
    with copies({one: (one, "Moth", "Xestia alba") for one in "abc"}) as made:
        correct(made, "c", "Xestia baja", by="Ann")
        (entry,) = queue_of(made, "duplicates").page().entries
        assert (entry.proposed or {})["species"] == "Xestia baja"
        correct(made, "b", "Xestia ditrapezium", by="Bob")
        (entry,) = queue_of(made, "duplicates").page().entries
        assert entry.proposed is None  # they disagree
        correct(made, "b", "genus=Xestia", by="Bob")
        (entry,) = queue_of(made, "duplicates").page().entries
        assert entry.proposed is None  # who took the species away wants no species


def test_names_that_a_correction_may_give(collection: Collection) -> None:
    assert lineage_of(collection, "Xestia baja")[5:] == ("Noctuidae", "Xestia", "Xestia baja")
    assert lineage_of(collection, "Noctuidae")[5:] == ("Noctuidae", "", "")
    assert lineage_of(collection, "genus=Euxoa")[6:] == ("Euxoa", "")
    correct(collection, "Xestia_baja_1", "Xestia ashworthii", by="Ann")
    assert collection.history("Xestia_baja_1")[-1].after == "Xestia ashworthii"
    with pytest.raises(UsageError, match="has no taxon 'Euxoidae'"):
        lineage_of(collection, "Euxoidae")
    with pytest.raises(UsageError, match="'tribe' is no rank"):
        lineage_of(collection, "tribe=Noctuini")
    with pytest.raises(UsageError, match="is called Xestia ashworthii already"):
        correct(collection, "Xestia_baja_1", "Xestia ashworthii", by="Ann")
    with pytest.raises(NotFoundError, match="no specimen 'nobody'"):
        correct(collection, "nobody", "Xestia baja", by="Ann")


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("genus=", "such as genus=Xestia"),
        ("species=", "'' names no species"),
        ("Xestia C-NIGRUM", "only Xestia is read"),
        ("species=foo", "'foo' names no species"),
        ("genus=Xestia alba", "not read as the name of a genus"),
        ("genus=Noctuidae", "The collection has Noctuidae as a family"),
    ],
)
def test_a_correction_of_which_a_part_would_be_lost_is_refused(
    collection: Collection, written: str, told: str
) -> None:
    before = collection.history()
    with pytest.raises(UsageError, match=told):
        correct(collection, WRONG, written, by="Ann")
    assert collection.history() == before


def test_a_collection_without_names_has_no_singletons(
    tmp_path: Path, draw: Draw, tiny: Encoder
) -> None:
    picture = draw(tmp_path / "flat" / "1.png", 1)
    picture.with_name("2.png").write_bytes(picture.read_bytes())
    with Collection.create(tmp_path / "c") as made:
        ingest(Manifest.read(tmp_path / "flat"), made, tiny)
        page = Queue.of(made, "singletons").page()
        (entry,) = Queue.of(made, "duplicates").page().entries
    assert (page.total, page.left_out) == (0, {"without a name at rank species": 2})
    assert entry.reason == "2 specimens show one and the same picture without a name."


def test_what_fits_no_species_well_is_told_so_in_both_queues(collection: Collection) -> None:
    named = Named.of(collection, None)
    places = named.firsts
    own, best = np.linspace(4, 6, len(places)), np.full(len(places), -9.0)
    own[3], best[3] = -20.0, -15.0  # less unlike another species than its own
    other = (named.codes[places] + 1) % (int(named.codes.max()) + 1)
    judged = Doubts(named.source, places, Ratios(own, best, other))
    wrongly, apart = mislabels(named, judged, {}), far(named, judged)
    assert [one.tolist() for one in wrongly.members] == [one.tolist() for one in apart.members]
    assert len(apart.members) == 1
    wrong, alone = wrongly.tell(0), apart.tell(0)
    assert wrong.reason.endswith(", but neither as well as is usual within a species.")
    assert alone.reason.endswith(", and no other species here fits it well either.")
    assert alone.proposed is None
