"""A batch of known and novel species: what is known is set aside with its answer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from holotype.index.clusters.cluster import cluster
from holotype.index.clusters.decide import Decider
from holotype.index.clusters.kept_recipe import keep_recipe, kept_recipe
from holotype.index.clusters.recipe import Recipe
from holotype.index.clusters.view import cluster_now
from holotype.index.collection import Collection
from holotype.index.database.schema import checksum_sql
from holotype.index.errors import UsageError
from holotype.index.upkeep.info import verify
from holotype.training.clustering.kept import recipe_for
from holotype.training.spaces import calibrate_space
from tests.index.clusters.clouds import KNOWN, NOVEL, add_batch, drawer

FRESH = list(KNOWN)[::2]


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    with drawer(tmp_path_factory.mktemp("mixed") / "drawer", each=10) as made:
        calibrate_space(made, threads=1)
        add_batch(made, {**dict.fromkeys(FRESH, 5), **dict.fromkeys(NOVEL, 10)})
        yield made


def test_the_known_are_set_aside_and_the_novel_are_not(mixed: Collection) -> None:
    found = cluster(mixed, where=["split=batch"], recipe=Recipe)
    aside = [(one["taxon"], image) for one in found["set_aside"] for image in one["image_ids"]]
    right = [taxon for taxon, image in aside if image.startswith(f"batch {taxon} ")]
    assert len(right) >= 0.95 * len(aside) > 0
    assert len(right) >= 0.5 * 5 * len(FRESH)
    novel = [image for _, image in aside if image.split(" ", 1)[1].startswith(tuple(NOVEL))]
    assert len(novel) <= 0.15 * 10 * len(NOVEL)
    assert all(0.9 < one["p"] <= 1 and one["rank"] == "species" for one in found["set_aside"])
    everything = [i for one in found["set_aside"] + found["clusters"] for i in one["image_ids"]]
    assert len(everything) == len(set(everything)) == 5 * len(FRESH) + 10 * len(NOVEL)
    assert found["parameters"]["calibrated"] is True
    parent = found["clusters"][0]["parent"]
    assert parent is None or 0.8 <= parent["p"] <= 1


def test_what_was_set_aside_is_accepted_as_it_was_answered(mixed: Collection) -> None:
    found = cluster(mixed, where=["split=batch"])
    one = max(found["set_aside"], key=lambda one: int(one["size"]))
    decision = Decider(mixed, "A").accept(one["id"])
    assert cluster_now(mixed, one["id"]).state == "named"
    image = mixed.image(one["image_ids"][0])
    assert image.lineage[-1] == one["taxon"]
    assert image.lineage[5] == KNOWN[one["taxon"]]
    Decider(mixed, "A").undo(decision)
    assert not any(mixed.image(one["image_ids"][0]).lineage)


def test_all_that_was_set_aside_is_accepted_at_once(mixed: Collection) -> None:
    found = cluster(mixed, where=["split=batch"])
    named = {image: one["taxon"] for one in found["set_aside"] for image in one["image_ids"]}
    decider = Decider(mixed, "A")
    made = decider.accept_known(found["id"])
    assert len(made) == len(found["set_aside"]) > 1
    assert {image: mixed.image(image).lineage[-1] for image in named} == named
    assert all(not any(mixed.image(image).lineage) for image in found["clusters"][0]["image_ids"])
    with pytest.raises(UsageError, match="Nothing that clustering"):
        decider.accept_known(found["id"])
    decider.undo_since(made[0] - 1)
    assert not any(any(mixed.image(image).lineage) for image in named)


@pytest.mark.slow
def test_a_recipe_is_kept_and_fitted_anew_where_much_has_changed(mixed: Collection) -> None:
    first = recipe_for(mixed)
    read = mixed.database.read
    when = read("SELECT checksum FROM recipes")[0][0]
    assert recipe_for(mixed).to_bytes() == first.to_bytes()
    assert read("SELECT checksum FROM recipes")[0][0] == when
    mixed.delete([f"{species} {place}" for species in list(KNOWN)[:4] for place in range(5)])
    recipe_for(mixed)
    assert read("SELECT labelled, count FROM recipes")[0]["count"] < len(KNOWN) * 10 + 60
    assert read("SELECT checksum FROM recipes")[0][0] != when


def test_a_recipe_of_another_version_is_no_recipe(mixed: Collection) -> None:
    gallery = mixed.gallery()
    keep_recipe(mixed, gallery, Recipe())
    assert kept_recipe(mixed, gallery) is not None
    with mixed.database.transaction() as connection:
        connection.execute("UPDATE recipes SET content = x'00'")
        connection.execute(f"UPDATE recipes SET checksum = {checksum_sql('recipes')}")
    assert kept_recipe(mixed, gallery) is None
    with mixed.database.transaction() as connection:
        connection.execute("UPDATE recipes SET checksum = 0")
    assert kept_recipe(mixed, gallery) is None
    assert "table 'recipes'" in verify(mixed).errors[0]
    keep_recipe(mixed, gallery, Recipe())
    assert verify(mixed).errors == []
