"""What training leaves in a collection, and what can be done with it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from holotype.eval.protocols.fitted import FittedError
from holotype.eval.retrieval.evaluate import evaluate
from holotype.index.collection import Collection
from holotype.index.encoders import Encoder, load_encoder
from holotype.index.identification.identify import identify
from holotype.index.ingest.pictures import ingest
from holotype.index.ingest.stored import encode_stored
from holotype.index.manifests.manifest import Manifest
from holotype.training.metric import train as metric_train
from holotype.training.metric.config import TrainConfig, read_config
from holotype.training.metric.gate import Candidate, Verdict, judge
from holotype.training.spaces import calibrate_space
from holotype.training.trained_space import Asked, train_space
from tests.conftest import Cli, Draw

TABLE: dict[str, Any] = {
    "batches": {"batch": 16, "per_class": 4},
    "schedule": {"pictures": 96, "sizes": [1.0], "shares": [1.0]},
}


def quick(**over: Any) -> TrainConfig:
    return read_config(over=TABLE | over)


@pytest.fixture(scope="module")
def _better() -> Iterator[None]:
    def better(start: Candidate, others: Sequence[Candidate], *args: Any) -> Verdict:
        both = [one for one in others if one.features == "trained+start"] or others
        return replace(judge(start, both, *args), reasons=())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(metric_train, "judge", better)
        yield


@pytest.fixture(scope="module")
def trained(
    _ready: Path, tmp_path_factory: pytest.TempPathFactory, _better: None
) -> tuple[Path, str]:
    folder = Path(shutil.copytree(_ready, tmp_path_factory.mktemp("trained") / "collection"))
    with Collection.open(folder) as made:
        found = train_space(made, quick(), Asked(where=["split=train"]))
    return folder, Path(found["checkpoint"]).name


@pytest.fixture
def moved(trained: tuple[Path, str], tmp_path: Path) -> Path:
    """A copy at another place, as if it had been moved."""
    return Path(shutil.copytree(trained[0], tmp_path / "moved"))


def asked_there(cli: Cli, folder: Path, picture: Path) -> tuple[int, str, str]:
    return cli("identify", picture, "--in", folder, "--space", "trained", "--json")


def require_same(folder: Path) -> Encoder:
    """The checkpoint gives the vectors that are stored; it is returned."""
    with Collection.open(folder) as there:
        space = there.space(untuned(there))
        own = load_encoder(space.encoder, views=space.views)
        assert Path(space.encoder.removeprefix("checkpoint:")).parent == (folder / "models")
        images = sorted(there.images(), key=lambda image: image.image_id)
        stored = there.gallery(untuned(there))
        batches = list(encode_stored(there, images, own))
        fresh = np.concatenate([batch.vectors for batch in batches])
        ids = [image.image_id for batch in batches for image in batch.images]
        places = {image.image_id: place for place, image in enumerate(gallery_images(there))}
        rows = stored.index.vectors[[places[one] for one in ids]]
        np.testing.assert_allclose(fresh, rows, atol=2e-3)
        return own


def untuned(there: Collection) -> str:
    """The space of the bare embeddings, which has the name of the checkpoint."""
    return Path(there.space("trained").encoder).name


def gallery_images(there: Collection) -> list[Any]:
    from holotype.training.metric.pictures import stored_images

    gallery = there.gallery(untuned(there))
    return stored_images(there, gallery, np.arange(len(gallery)))


def test_a_moved_collection_finds_its_checkpoint_and_asks_for_trust(
    moved: Path, source: Path, cli: Cli
) -> None:
    picture = source.parent / "0-0.png"
    code, _, said = asked_there(cli, moved, picture)
    assert code != 0
    assert "collection trust" in said
    assert cli("collection", "trust", moved, "--yes")[0] == 0
    assert asked_there(cli, moved, picture)[0] == 0
    require_same(moved)


def test_a_snapshot_brings_the_checkpoint_and_no_unfinished_run(
    moved: Path, source: Path, tmp_path: Path, cli: Cli
) -> None:
    unfinished = moved / "models" / ".other.training"
    unfinished.mkdir()
    (unfinished / "run.pt").write_bytes(b"half")
    assert cli("collection", "verify", moved)[0] == 0
    assert cli("collection", "compact", moved)[0] == 0
    assert (unfinished / "run.pt").exists()
    assert cli("collection", "snapshot", moved, tmp_path / "snapshot")[0] == 0
    back = tmp_path / "back"
    assert cli("collection", "restore", tmp_path / "snapshot", back)[0] == 0
    assert not (back / "models" / ".other.training").exists()
    shutil.rmtree(moved)
    assert cli("collection", "trust", back, "--yes")[0] == 0
    assert asked_there(cli, back, source.parent / "0-0.png")[0] == 0
    require_same(back)


def test_nothing_is_measured_on_what_was_trained_on(trained: tuple[Path, str]) -> None:
    with Collection.open(trained[0]) as there:
        with pytest.raises(FittedError, match="trained on"):
            evaluate(there, space="trained")
        report = evaluate(there, space="trained", query=["split=test"], gallery=["split=train"])
    assert report is not None


@pytest.mark.usefixtures("_better")
def test_the_same_name_again_replaces_spaces_and_checkpoint(
    moved: Path, trained: tuple[Path, str]
) -> None:
    with Collection.open(moved) as there:
        old = {space.name: space.space_id for space in there.spaces()}
        found = train_space(there, quick(seed=1), Asked())
        new = {space.name: space.space_id for space in there.spaces()}
        assert len(old) == len(new)
        assert new.keys() - old.keys() == {found["untuned_space"]}
        assert old["trained"] != new["trained"]
    folders = [path.name for path in (moved / "models").iterdir() if path.is_dir()]
    assert folders == [Path(found["checkpoint"]).name]
    assert trained[1] not in folders


@pytest.mark.usefixtures("_better")
def test_training_goes_on_from_a_trained_space(moved: Path, cli: Cli) -> None:
    assert cli("collection", "trust", moved, "--yes")[0] == 0
    with Collection.open(moved) as there:
        found = train_space(there, quick(), Asked(space=untuned(there), name="further"))
        assert found["space"] == "further"
        assert found["validation"]["features"] == "trained+start"
        assert len(there.gallery("further")) == len(there.gallery("base"))


@pytest.mark.usefixtures("_better")
def test_another_start_is_not_put_beside(moved: Path, tiny_folder: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(tiny_folder, tmp_path / "other"))
    config = quick(network={"encoder": f"checkpoint:{other}"})
    with Collection.open(moved) as there:
        found = train_space(there, config, Asked(name="other"))
        assert found["validation"]["features"] == "trained"


def test_images_that_were_trained_on_may_be_deleted(moved: Path, cli: Cli) -> None:
    with Collection.open(moved) as there:
        image = next(image for image in there.images() if image.split == "train")
        before = len(there.gallery("trained"))
    assert cli("collection", "delete", moved, "--id", image.image_id, "--yes")[0] == 0
    assert cli("collection", "verify", moved)[0] == 0
    with Collection.open(moved) as there:
        assert len(there.gallery("trained")) == len(there.gallery("base")) == before - 1


@pytest.mark.usefixtures("_better")
def test_it_is_calibrated_and_identifies(tmp_path: Path, draw: Draw, tiny: Encoder) -> None:
    for kind in range(4):
        for number in range(18):
            name = tmp_path / "pictures" / f"Xestia {'abcd'[kind]}lba" / f"{number}.png"
            draw(name, 100 * kind + number, like=kind)
    picture = draw(tmp_path / "asked.png", 7, like=2)
    with Collection.create(tmp_path / "collection") as made:
        ingest(Manifest.read(tmp_path / "pictures"), made, tiny)
        train_space(made, quick(), Asked())
        calibrate_space(made, space="trained")
        space = made.space("trained")
        answer = identify(made, load_encoder(space.encoder), picture, space="trained")
    assert answer.determination is not None
    assert answer.determination.taxon == "Xestia clba"
