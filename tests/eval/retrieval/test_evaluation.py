"""An evaluation refuses a split that gives answers away, and its figures are those of numpy."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.stats import binomtest

from holotype.eval.protocols.leaks import LeakError
from holotype.eval.retrieval.evaluate import Evaluation, evaluate
from holotype.eval.retrieval.two_spaces import compare_spaces
from holotype.index.collection import Collection
from holotype.index.encoders import Encoder
from holotype.index.errors import NotFoundError, UsageError
from holotype.index.ingest.pictures import ingest
from holotype.index.manifests.manifest import Manifest
from tests.eval.planting import DIM, Planted, encoded, scene, unit

SPLIT: dict[str, Any] = {"query": ["split=test"], "gallery": ["split=train"]}
NAMES = tuple(
    {"category": category, "genus": genus, "species": f"{genus} {epithet}"}
    for category, genus, epithet in (
        ("Moth", "Xestia", "baja"),
        ("Moth", "Xestia", "c-nigrum"),
        ("Moth", "Noctua", "fimbriata"),
        ("Fish", "Salmo", "trutta"),
        ("Fish", "Salmo", "salar"),
        ("Fish", "Thymallus", "thymallus"),
    )
)
SPECIMENS = 8
SPREAD = {"before": 1.8, "after": 1.2}  # of specimens around their species, by space

Make = Callable[[Sequence[Planted]], Collection]


def frames(seed: int, per_specimen: int = 1) -> list[Planted]:
    """Return frames of specimens: alike within a specimen, less so within a species.

    Space `after` tells species apart better than `before`, by and large. The first two
    specimens of a species are for test.
    """
    print(f"seed {seed}")
    rng = np.random.default_rng(seed)
    rows = []
    for names in NAMES:
        species = rng.standard_normal(DIM)
        for number in range(SPECIMENS):
            own = {space: rng.standard_normal(DIM) for space in SPREAD}
            for _ in range(per_specimen):
                frame = 0.2 * rng.standard_normal(DIM)
                vectors = {
                    space: unit(species + spread * own[space] + frame)
                    for space, spread in SPREAD.items()
                }
                specimen, split = f"{names['species']} {number}", "test" if number < 2 else "train"
                rows.append(Planted(specimen, names, split, encoded(scene(rng)), vectors))
    return rows


def shuffled(rows: Sequence[Planted], seed: int) -> list[Planted]:
    """Return the rows with every frame assigned to a side by chance."""
    test = np.random.default_rng(seed).random(len(rows)) < 0.4
    return [
        replace(row, split="test" if asks else "train")
        for row, asks in zip(rows, test, strict=True)
    ]


def sides(rows: Sequence[Planted]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    splits = np.array([row.split for row in rows])
    return np.flatnonzero(splits == "test"), np.flatnonzero(splits == "train")


def first_hits(
    rows: Sequence[Planted],
    rank: str,
    space: str,
    kin: Sequence[str],
    asked: NDArray[np.int64],
    held: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Return 1 where the nearest image of other kin is right, 0 where not, NaN if none could be."""
    names = np.array([row.names[rank] for row in rows])
    vectors = np.stack([row.vectors[space] for row in rows])
    who = np.array(kin)
    hits = np.full(len(asked), np.nan)
    for place, query in enumerate(asked):
        allowed = held[(who[held] != who[query]) & (held != query)]
        if (names[allowed] == names[query]).any():
            best = allowed[np.argmax(vectors[allowed] @ vectors[query])]
            hits[place] = names[best] == names[query]
    return hits


def by_specimen(rows: Sequence[Planted]) -> list[str]:
    return [row.specimen for row in rows]


def by_image(rows: Sequence[Planted]) -> list[str]:
    return [str(place) for place in range(len(rows))]


def check(found: Evaluation, rows: Sequence[Planted], kin: Sequence[str], space: str) -> None:
    """Compare recall@1 without and with what crosses the split with a brute force."""
    for rank in ("category", "genus", "species"):
        clean = first_hits(rows, rank, space, kin, *sides(rows))
        assert found.recall[rank].recall[1].micro == pytest.approx(np.nanmean(clean))
        if found.with_leaks:
            seeming = first_hits(rows, rank, space, by_image(rows), *sides(rows))
            assert found.with_leaks[rank] == pytest.approx(np.nanmean(seeming))


@pytest.mark.parametrize("seed", range(3))
def test_frames_of_one_specimen_on_both_sides_are_refused_and_both_figures_told(
    make: Make, seed: int
) -> None:
    rows = shuffled(frames(seed, per_specimen=3), seed)
    asked, held = sides(rows)
    crossing = {rows[i].specimen for i in asked} & {rows[i].specimen for i in held}
    given_away = sum(rows[i].specimen in crossing for i in asked)
    collection = make(rows)
    with pytest.raises(LeakError, match=f"{given_away} of {len(asked)} queries are") as refusal:
        evaluate(collection, space="before", **SPLIT)
    message = str(refusal.value)
    assert "--allow-leak" in message
    named = re.findall(r"specimen ([\w -]+): image-(\d+) and image-(\d+)", message)
    assert len(named) == 3
    for specimen, query, answer in named:
        assert specimen in crossing
        assert rows[int(query)].specimen == rows[int(answer)].specimen == specimen
        assert (rows[int(query)].split, rows[int(answer)].split) == ("test", "train")
    found = evaluate(collection, space="before", allow_leak=True, **SPLIT)
    check(found, rows, by_specimen(rows), "before")
    for rank in ("genus", "species"):
        assert found.with_leaks[rank] > found.recall[rank].recall[1].micro
    told = json.loads(json.dumps(found.to_dict()))
    assert told["recall_at_1_with_leaks"] == pytest.approx(dict(found.with_leaks))
    assert told["leaks"]["n_specimens"] == given_away


@pytest.mark.parametrize(
    ("copy", "kind", "count"),
    [
        (lambda image: encoded(image), "copies of gallery pictures", "n_exact"),
        (
            lambda image: encoded(image.resize((80, 60)), "JPEG", quality=70),
            "near copies of gallery pictures",
            "n_near",
        ),
    ],
    ids=["the same file", "encoded again and smaller"],
)
def test_a_copy_under_another_specimen_is_refused_and_left_out(
    make: Make, copy: Callable[..., bytes], kind: str, count: str
) -> None:
    rows = frames(5)
    query, original = 0, 4  # of one species, test and train
    picture = scene(np.random.default_rng(99))
    rows[original] = replace(rows[original], picture=encoded(picture))
    rows[query] = replace(rows[query], picture=copy(picture), vectors=rows[original].vectors)
    collection = make(rows)
    with pytest.raises(LeakError, match=rf"1 show {kind} \(image-0 and image-4\)"):
        evaluate(collection, space="before", **SPLIT)
    found = evaluate(collection, space="before", allow_leak=True, **SPLIT)
    assert found.leaks.to_dict()[count] == 1
    kin = by_specimen(rows)
    kin[query] = kin[original]
    check(found, rows, kin, "before")


def test_a_clean_split_is_measured_without_a_word_on_leaks(make: Make) -> None:
    rows = frames(0, per_specimen=2)
    found = evaluate(make(rows), space="after", **SPLIT)
    assert found.leaks.clean
    assert found.with_leaks == {}
    check(found, rows, by_specimen(rows), "after")
    allowed = evaluate(make(rows), space="after", allow_leak=True, **SPLIT)
    assert allowed.to_dict() == found.to_dict()


def test_leave_one_out_is_never_refused_and_counts_copies_under_another_specimen(
    make: Make,
) -> None:
    rows = frames(1, per_specimen=2)
    rows[2] = replace(rows[2], picture=rows[0].picture)  # of another specimen
    rows[4] = replace(rows[4], picture=rows[5].picture)  # of the same
    found = evaluate(make(rows), space="before")
    assert found.leaks.exact.tolist() == [[0, 2], [2, 0]]
    assert found.with_leaks == {}
    everyone = np.arange(len(rows))
    hits = first_hits(rows, "species", "before", by_specimen(rows), everyone, everyone)
    assert found.recall["species"].recall[1].micro == pytest.approx(np.nanmean(hits))


def test_the_same_condition_on_both_sides_is_leave_one_out_among_those_images(make: Make) -> None:
    rows = frames(2, per_specimen=2)
    moths: dict[str, Any] = {"query": ["category=Moth"], "gallery": ["category=Moth"]}
    found = evaluate(make(rows), space="before", **moths)
    those = np.flatnonzero([row.names["category"] == "Moth" for row in rows])
    hits = first_hits(rows, "species", "before", by_specimen(rows), those, those)
    assert found.recall["species"].recall[1].micro == pytest.approx(np.nanmean(hits))
    assert found.leaks.clean


def test_what_cannot_be_measured_is_refused_in_one_sentence(make: Make) -> None:
    rows = frames(0)
    collection = make(rows)
    with pytest.raises(UsageError, match="Give both --query and --gallery"):
        evaluate(collection, query=["split=test"])
    with pytest.raises(UsageError, match="has split 'tset'"):
        evaluate(collection, query=["split=tset"], gallery=["split=train"])
    with pytest.raises(NotFoundError, match="no space 'none'; it has before, after"):
        compare_spaces(collection, ("before", "none"))
    unnamed = make([replace(row, names={}) for row in rows])
    with pytest.raises(UsageError, match="is named, so recall cannot be measured"):
        evaluate(unnamed)


@pytest.mark.parametrize("split", [SPLIT, {}], ids=["given split", "leave-one-out"])
def test_what_a_space_gains_equals_counting_by_hand(make: Make, split: dict[str, Any]) -> None:
    rows = frames(4, per_specimen=2)
    everyone = np.arange(len(rows))
    asked, held = sides(rows) if split else (everyone, everyone)
    found = compare_spaces(make(rows), ("before", "after"), **split)
    was, now = (
        first_hits(rows, "species", space, by_specimen(rows), asked, held)
        for space in ("before", "after")
    )
    fixes, breaks = int((now > was).sum()), int((now < was).sum())
    assert fixes > breaks > 0, "the fixture must have both"
    assert list(found.by_rank) == ["category", "genus", "species"]
    for rank, change in found.by_rank.items():
        taxa = [rows[i].names[rank] for i in asked]
        table = pd.DataFrame({"taxon": taxa, "was": was, "now": now})
        means = table.groupby("taxon").mean()
        gains = means["now"] - means["was"]
        assert (change.n, change.fixes, change.breaks) == (len(asked), fixes, breaks)
        assert change.p == pytest.approx(binomtest(fixes, fixes + breaks).pvalue)
        assert change.before.micro == pytest.approx(was.mean())
        assert change.after.micro == pytest.approx(now.mean())
        assert change.before.macro == pytest.approx(means["was"].mean())
        assert change.after.macro == pytest.approx(means["now"].mean())
        assert change.median_gain == pytest.approx(gains.median())
        assert change.fewer_errors == pytest.approx(1 - (1 - now).sum() / (1 - was).sum())
        assert change.improved == pytest.approx((gains > 1e-9).mean())
        assert change.worsened == pytest.approx((gains < -1e-9).mean())
        per_taxon = change.per_taxon.set_index("taxon")
        assert per_taxon["gain"].to_dict() == pytest.approx(gains.to_dict())
        images = pd.Series([rows[i].names[rank] for i in held]).value_counts()
        assert per_taxon["n_images"].to_dict() == images.to_dict()
    told = json.loads(json.dumps(found.to_dict()))
    assert [each["space"]["name"] for each in told["spaces"]] == ["before", "after"]
    assert told["ranks"] == told["spaces"][1]["ranks"]
    for row in told["comparison"]["species"]["most_improved"]:
        assert row["gain"] > 0
    assert len(told["comparison"]["species"]["most_improved"]) >= 1


def test_the_other_way_round_every_gain_is_a_loss(make: Make) -> None:
    collection = make(frames(3))
    there = compare_spaces(collection, ("before", "after")).by_rank["species"]
    back = compare_spaces(collection, ("after", "before")).by_rank["species"]
    assert (there.fixes, there.breaks, there.p) == (back.breaks, back.fixes, back.p)
    assert (there.improved, there.worsened) == (back.worsened, back.improved)
    assert there.gain.estimate == pytest.approx(-back.gain.estimate)
    assert there.macro_gain.estimate == pytest.approx(-back.macro_gain.estimate)


@pytest.mark.slow
@pytest.mark.data
def test_nothing_crosses_the_authors_split_of_the_moths(
    data: Path, tmp_path: Path, tiny: Encoder
) -> None:
    with Collection.create(tmp_path / "moths") as collection:
        ingest(Manifest.read(data / "moths" / "manifest.csv"), collection, tiny)
        found = evaluate(collection, **SPLIT)
    assert found.leaks.clean
    assert (found.protocol.to_dict()["n_queries"], found.leaks.n_queries) == (277, 277)


@pytest.mark.data
def test_a_random_split_of_frames_of_the_same_fish_is_refused(
    data: Path, tmp_path: Path, tiny: Encoder
) -> None:
    table = pd.read_csv(data / "fish" / "manifest.csv", dtype=str, keep_default_na=False)
    table["path"] = [str(data / "fish" / path) for path in table["path"]]
    test = np.random.default_rng(0).random(len(table)) < 0.3
    table["split"] = np.where(test, "test", "train")
    table.to_csv(tmp_path / "fish.csv", index=False)
    fish = table["specimen_id"]
    crossing = fish[test].isin(fish[~test])
    with Collection.create(tmp_path / "fish") as collection:
        ingest(Manifest.read(tmp_path / "fish.csv"), collection, tiny)
        with pytest.raises(LeakError, match=f"{crossing.sum()} show specimens that stand") as told:
            evaluate(collection, **SPLIT)
    named = re.findall(r"specimen (\S+): ", str(told.value))
    assert named
    assert set(named) <= set(fish[test][crossing])
