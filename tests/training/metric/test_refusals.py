"""What cannot be trained on, or is not better, leaves one sentence and everything as it was."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from holotype.index.collection import Collection
from holotype.index.encoders import Encoder
from holotype.index.ingest.pictures import ingest
from holotype.index.manifests.manifest import Manifest
from holotype.index.storage.records import Space
from holotype.training.metric.gate import Verdict, judge
from holotype.training.metric.pictures import labelled
from holotype.training.spaces import tune_space
from tests.conftest import Cli, Draw

from .conftest import Grow


def left(folder: Path) -> tuple[list[str], list[str], bytes]:
    """What a collection has that training adds to."""
    with Collection.open(folder) as collection:
        names = [space.name for space in collection.spaces()]
        files = sorted(path.name for path in (folder / "models").glob("**/*"))
        return names, files, collection.gallery(names[0]).index.vectors.tobytes()


def refused(cli: Cli, folder: Path, *arguments: object) -> str:
    """The one sentence of a run that changes nothing."""
    before = left(folder)
    code, out, err = cli("train", folder, *arguments)
    assert (code, out) == (2, ""), err
    assert left(folder) == before
    assert not (folder / "models").exists()
    assert "Traceback" not in err
    (sentence,) = [line for line in err.splitlines() if line.startswith("Error")]
    return sentence


@pytest.mark.parametrize("kind", ["shuffled", "two of each"])
def test_what_is_not_better_is_not_offered(grow: Grow, short: Path, cli: Cli, kind: str) -> None:
    if kind == "shuffled":
        colours = np.arange(40) % 4
        species = np.random.default_rng(0).permutation(colours)
    else:
        colours = species = np.arange(20) % 10
    folder = grow([f"Xestia {code}" for code in species], colours.tolist())
    before = left(folder)
    code, out, err = cli("train", folder, "--config", short, "--json")
    found = json.loads(out)
    assert code == 1, err
    assert found["space"] is found["checkpoint"] is None
    assert not found["validation"]["better"]
    assert "which is not surely more" in found["validation"]["reasons"][0]
    assert found["images"] == len(species)
    assert left(folder) == before
    assert not (folder / "models").exists()
    code, out, err = cli("train", folder, "--config", short)
    assert code == 1
    assert out.startswith("Not better: on pictures that were kept back")
    assert out.endswith("No space was made.\n")


@pytest.mark.parametrize(
    ("species", "sentence"),
    [
        (["Xestia baja"] * 8, "1 species would be left to train on"),
        ([f"Xestia {number}" for number in range(8)], "No specimen can be kept back"),
        ([""] * 8, "No picture is named to species"),
        (["Xestia"] * 8, "No picture is named to species"),
    ],
)
def test_names_that_teach_nothing(
    grow: Grow, short: Path, cli: Cli, species: list[str], sentence: str
) -> None:
    folder = grow(species, range(8))
    assert sentence in refused(cli, folder, "--config", short)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--loss", "tripplet"], "There is no loss 'tripplet'; did you mean 'triplet'"),
        (["--preset", "resnet5"], "There is no preset 'resnet5'; did you mean 'resnet50'"),
        (["--config", "none.toml"], "none.toml cannot be read"),
        (["--seed", "-1"], "seed is -1; it must lie between 0"),
        (["--as", "a/b"], "Space name 'a/b' may hold letters"),
        (["--as", "n" * 60], "may hold letters"),
        (["--as", ""], "may hold letters"),
        (["--as", "base"], "Space 'base' exists and was not made by training"),
        (["--space", "none"], "none"),
        (["--where", "splitt=train"], "splitt"),
        (["--where", "split=none"], "No image in space 'base' has split 'none'"),
        (["--resume"], "No run was broken off"),
        (["--preset", "clip", "--loss", "arcface"], "--loss is 'arcface' and preset 'clip' has"),
        (["--preset", "projection", "--as", "base"], "Space 'base' exists and is no projection"),
    ],
)
def test_what_is_asked_for_and_cannot_be(
    folder: Path, cli: Cli, arguments: list[str], sentence: str
) -> None:
    assert sentence in refused(cli, folder, *arguments)


def test_spaces_that_have_no_encoder_to_train(folder: Path, cli: Cli) -> None:
    with Collection.open(folder) as collection:
        tune_space(collection, name="shown")
    said = "Space 'shown' is a projection; train from 'base'"
    assert said in refused(cli, folder, "--space", "shown")
    assert said in refused(cli, folder, "--preset", "projection", "--space", "shown")
    assert "Space 'shown' exists and is no projection that was trained" in refused(
        cli, folder, "--preset", "projection", "--as", "shown"
    )
    assert "Space 'shown' exists and was not made by training" in refused(
        cli, folder, "--as", "shown"
    )


def test_batches_of_one_picture_a_species_under_a_loss_that_compares(
    folder: Path, cli: Cli, tmp_path: Path
) -> None:
    config = tmp_path / "one.toml"
    config.write_text("[batches]\nper_class = 1\n")
    assert "batches.per_class is 1; set it to 2" in refused(cli, folder, "--config", config)


def test_a_space_that_is_removed_while_it_is_trained_from(
    folder: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    def better(*args: Any) -> Verdict:
        with Collection.open(folder) as other:
            other.remove_space("base", last=True)
        return replace(judge(*args), reasons=())

    monkeypatch.setattr("holotype.training.metric.train.judge", better)
    code, out, err = cli("train", folder, "--preset", "projection")
    assert (code, out) == (2, "")
    assert "Space 'base', which training started from, has been removed" in err
    with Collection.open(folder) as collection:
        assert collection.spaces() == []


def test_a_collection_that_does_not_exist(cli: Cli, tmp_path: Path) -> None:
    code, out, err = cli("train", tmp_path / "none")
    assert code == 2
    assert (out, "none" in err) == ("", True)
    assert not (tmp_path / "none").exists()


def test_a_collection_that_can_only_be_read(
    folder: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("holotype.training.spaces.is_writable", lambda *_: False)
    code, out, err = cli("train", folder)
    assert (code, out) == (1, "")
    assert "read" in err
    assert not (folder / "models").exists()


def test_vectors_that_were_made_elsewhere(
    folder: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = Collection.space

    def external(self: Collection, name: str | None = None) -> Space:
        return replace(space(self, name), encoder="external:theirs")

    monkeypatch.setattr(Collection, "space", external)
    assert "holds vectors that were made elsewhere" in refused(cli, folder)


def test_pictures_that_are_gone(grow: Grow, short: Path, cli: Cli, draw: Draw) -> None:
    folder = grow([f"Xestia {number % 4}" for number in range(32)], [n % 4 for n in range(32)])
    pictures = folder.parent / "pictures"
    (pictures / "0.png").unlink()
    draw(pictures / "1.png", 99, like=9)  # another picture
    code, out, err = cli("train", folder, "--config", short, "--json")
    found = json.loads(out)
    assert code in (0, 1), err
    assert found["images"] == 30
    gone, other = found["problems"]
    assert "0.png" in gone
    assert "1.png" in other
    shutil.rmtree(folder / "models", ignore_errors=True)
    shutil.rmtree(pictures)
    sentence = refused(cli, folder, "--config", short, "--as", "more")
    assert "No picture can be read" in sentence


def test_how_many_pictures_are_gone_is_said(grow: Grow, short: Path, cli: Cli) -> None:
    folder = grow([f"Xestia {number % 4}" for number in range(32)], [n % 4 for n in range(32)])
    for number in range(7):
        (folder.parent / "pictures" / f"{number}.png").unlink()
    code, _, err = cli("train", folder, "--config", short)
    assert code in (0, 1), err
    assert "4.png" in err
    assert "5.png" not in err
    assert "7 problems in all; --json lists them" in err


def test_copies_of_a_file_are_one_specimen(tmp_path: Path, draw: Draw, tiny: Encoder) -> None:
    lines = ["path,specimen_id,species"]
    for number, specimen in enumerate(["a", "b", "b", "c", "d"]):
        path = draw(tmp_path / f"{number}.png", 0 if number < 2 else number)
        lines.append(f"{path.name},{specimen},Xestia baja")
    table = tmp_path / "manifest.csv"
    table.write_text("\n".join(lines) + "\n")
    with Collection.create(tmp_path / "c") as collection:
        ingest(Manifest.read(table), collection, tiny)
        gallery = collection.gallery()
        found = labelled(collection, gallery, np.arange(len(gallery)))
        names = [image.specimen_id for image in found.images]
        code = dict(zip(names, found.specimens.tolist(), strict=True))
    assert code["a"] == code["b"]
    assert len(set(code.values())) == 3
