"""Specimens without a name that a name of the collection fits, together by name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from holotype.index.collection import Collection
from holotype.index.curation.actions import accept, correct, dismiss
from holotype.index.curation.doubts import kept_doubts
from holotype.index.curation.named import Named
from holotype.index.curation.names_in_doubt import usual
from holotype.index.curation.queues import Entry
from holotype.index.encoders import Encoder
from holotype.index.errors import UsageError
from holotype.index.ingest.pictures import ingest
from holotype.index.manifests.manifest import Manifest
from holotype.training import doubts
from holotype.training.doubts import doubts_of, proposals_of, queue_of
from tests.conftest import Draw
from tests.index.clusters.clouds import DIM, add_batch, centre, drawer, image_of, near


@pytest.fixture
def tray(tmp_path: Path) -> Iterator[Collection]:
    """Twelve named species, and six specimens without a name, two of them of a new species."""
    with drawer(tmp_path / "drawer") as made:
        add_batch(made, {"Xestia alba": 3, "Noctua nigra": 1, "far": 2})
        yield made


def entries(collection: Collection) -> list[Entry]:
    return queue_of(collection, "unnamed").page(0, 100).entries


def proposed(collection: Collection) -> dict[str, str]:
    """The species that is proposed for each specimen."""
    return {one.specimen_ids[0]: (one.proposed or {})["species"] for one in entries(collection)}


def test_they_stand_together_by_name_the_most_saving_first(tray: Collection) -> None:
    found = entries(tray)
    assert list(proposed(tray).values()) == ["Xestia alba"] * 3 + ["Noctua nigra"]
    assert {one.image_ids[0][:-1] for one in found[:3]} == {"batch Xestia alba "}
    assert found[0].taxa == [""]
    assert found[0].reason.startswith("It fits the 8 specimens of Xestia alba better than ")
    assert found[0].reason.endswith(
        " % of the specimens with a name fit theirs; 2 more without a name fit it best too."
    )
    assert [near.taxon for near in found[0].evidence] == ["Xestia alba"] * 3
    scores = [one.score for one in found]
    assert scores == sorted(scores, reverse=True)
    left_out = queue_of(tray, "unnamed").page().left_out
    assert left_out == {"fit no name as well as others fit theirs": 2}


def test_what_a_person_looked_at_counts_in_no_group_and_is_not_left_out(tray: Collection) -> None:
    for number in range(3):
        correct(tray, f"specimen of batch Xestia alba {number}", "genus=Xestia", by="Ann")
    correct(tray, "specimen of batch far 0", "genus=Agrotis", by="Ann")
    for who in ("Xestia alba 0", "Xestia alba 1", "far 0"):
        dismiss(tray, f"specimen of batch {who}", by="Ann")
    page = queue_of(tray, "unnamed").page()
    last = next(one for one in page.entries if "alba" in one.specimen_ids[0])
    assert last.specimen_ids == ["specimen of batch Xestia alba 2"]
    assert last.reason.endswith(" % of the specimens with a name fit theirs.")  # and none more
    assert page.left_out == {"fit no name as well as others fit theirs": 1}


def test_what_was_named_since_does_not_end_the_queue_where_exactness_is_not_asked_for(
    tray: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_batch(tray, {"Noctua rubra": 20}, split="more")
    before = set(proposed(tray))
    named = sorted(one for one in before if "rubra" in one)  # a fifth as many as have names
    for one in named:
        correct(tray, one, "Noctua rubra", by="Ann")
    monkeypatch.setattr(doubts, "doubt_names", None)  # calling it would fail
    page = queue_of(tray, "unnamed", exact=False).page(0, 100)
    assert {one.specimen_ids[0] for one in page.entries} == before - set(named)
    _, source = tray.gallery_and_source(None)
    assert kept_doubts(tray, source) is None  # of the names that were given nothing is known
    gone = [one.image_id for one in tray.images() if one.image_id.startswith("Catocala")]
    tray.delete(gone[:10])  # a tenth of what was compared
    _, source = tray.gallery_and_source(None)
    assert kept_doubts(tray, source, grown=True) is None


def test_a_specimen_whose_first_picture_is_deleted_is_still_proposed_for(
    tray: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    middle = centre("Noctua nigra", "Noctua", "Noctuidae")
    two = [(image_of(f"two {one}", specimen="two"), near(middle, 77 + one)) for one in range(2)]
    tray.store(tray.space(), two)
    assert proposed(tray)["two"] == "Noctua nigra"
    monkeypatch.setattr(doubts, "propose_names", None)  # calling it would fail
    tray.delete(["two 0"])
    page = queue_of(tray, "unnamed", exact=False).page(0, 100)
    (entry,) = (one for one in page.entries if one.specimen_ids == ["two"])
    assert entry.image_ids == ["two 1"]
    assert "added since names were compared" not in page.left_out


def test_a_specimen_that_was_the_only_one_tells_nothing_of_how_others_fit(tray: Collection) -> None:
    correct(tray, "specimen of batch far 0", "Agrotis nova", by="Ann")
    found = doubts_of(tray)
    correct(tray, "specimen of batch far 1", "Agrotis nova", by="Ann")
    named = Named.of(tray, None)
    now = found.at(named.source)
    assert now is not None
    assert (now.ratios.own == 0).sum() == 1  # it was compared with no other of its species
    assert (usual(named, now) != 0).all()


def test_what_an_expert_called_by_a_genus_is_proposed_nothing_outside_of_it(
    tray: Collection,
) -> None:
    correct(tray, "specimen of batch Xestia alba 0", "genus=Noctua", by="Ann")
    correct(tray, "specimen of batch Xestia alba 1", "genus=Xestia", by="Ann")
    page = queue_of(tray, "unnamed").page()
    names = {one.specimen_ids[0]: one.taxa for one in page.entries}
    assert "specimen of batch Xestia alba 0" not in names
    assert names["specimen of batch Xestia alba 1"] == ["Xestia"]
    assert page.left_out["fit best what their genus or family does not have"] == 1


def test_who_accepts_names_those_that_are_asked_for_and_no_other(tray: Collection) -> None:
    first, *others = entries(tray)
    accept(tray, first, by="Ann")
    assert set(proposed(tray)) == {one.specimen_ids[0] for one in others}


def test_what_was_just_named_is_proposed_at_once_and_no_more_after_an_undo(
    tray: Collection,
) -> None:
    with pytest.MonkeyPatch.context() as patched:
        add_batch(tray, {"far": 3}, split="later")
        before = proposed(tray)
        made = correct(tray, "specimen of batch far 0", "Agrotis nova", by="Ann")
        more = correct(tray, "specimen of batch far 1", "Agrotis nova", by="Ann")
        after = proposed(tray)
        assert {one for one, name in after.items() if name == "Agrotis nova"} == {
            f"specimen of later far {number}" for number in range(3)
        }
        patched.setattr(doubts, "propose_names", None)  # calling it would fail
        assert proposed(tray) == after  # kept beside the index
    tray.undo(more, by="Ann")
    tray.undo(made, by="Ann")
    assert proposed(tray) == before


def test_kept_ones_of_which_few_have_changed_are_believed_where_exactness_is_not_asked_for(
    tray: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_batch(tray, {"Xestia flava": 8}, split="more")
    told: list[tuple[int, int]] = []
    proposals_of(tray, progress=lambda done, total: told.append((done, total)))
    assert told[0] == (0, 2)  # the fit, and one block of specimens
    assert told[-1] == (2, 2)
    before = set(proposed(tray))
    named = {one for one in before if "flava" in one}  # more than a twentieth of those without
    assert len(named) == 8
    for one in sorted(named)[:4]:
        correct(tray, one, "Xestia flava", by="Ann")
    monkeypatch.setattr(doubts, "propose_names", None)
    page = queue_of(tray, "unnamed", exact=False).page(0, 100)
    assert {one.specimen_ids[0] for one in page.entries} == before - set(sorted(named)[:4])


def test_nothing_is_proposed_where_all_have_names_or_none(tmp_path: Path) -> None:
    with drawer(tmp_path / "named") as named:
        page = queue_of(named, "unnamed").page()
        assert (page.total, page.left_out) == (0, {})
    with Collection.create(tmp_path / "none") as nothing:
        nothing.add_space("base", encoder="external:x", fingerprint="x", views=1, dim=DIM)
        add_batch(nothing, {"far": 2})
        with pytest.raises(UsageError, match=r"^0 specimens are named, of 0 species"):
            queue_of(nothing, "unnamed")


def test_what_has_a_finer_name_than_is_compared_is_asked_about_by_nobody(
    tmp_path: Path, draw: Draw, tiny: Encoder
) -> None:
    """A hybrid of two genera has none of one, and a group that was named under a family none."""
    rows = ["path,specimen_id,family,genus"]
    for kind, genus in enumerate(("Xestia", "Catocala", "Noctua")):
        for number in range(6):
            draw(tmp_path / f"{genus}{number}.png", 10 * kind + number, like=kind)
            rows.append(f"{genus}{number}.png,{genus}{number},Noctuidae,{genus}")
    for number, one in enumerate(("one", "other", "nobody")):
        draw(tmp_path / f"{one}.png", 100 + number, like=number)
        rows.append(f"{one}.png,{one},,")
    (tmp_path / "m.csv").write_text("\n".join(rows))
    with Collection.create(tmp_path / "c") as made:
        ingest(Manifest.read(tmp_path / "m.csv"), made, tiny)
        named = {
            "one": "Noctua janthe x Xestia baja",
            "other": "Noctuidae gen. sp. 1",
        }
        for one, species in named.items():
            made.determine(one, ("",) * 5 + ("Noctuidae", "", species), by="A", origin="import")
        page = queue_of(made, "unnamed").page()
        assert {one.specimen_ids[0] for one in page.entries} <= {"nobody"}
        assert page.left_out["have a name below genus, and none at it"] == 2
