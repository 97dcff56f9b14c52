from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from holotype.index.collection import Collection
from holotype.index.encoders.trained_on import trained_on
from holotype.index.errors import UsageError
from holotype.training.clip.space import train_clip_space
from holotype.training.metric.config import TrainConfig, read_config
from holotype.training.trained_space import Asked

TEXT = {"width": 64, "layers": 1, "length": 24, "epochs": 15, "rate": 5e-3}
TABLE = {"clip": {"batch": 16, "text": TEXT}}


def wanted(**clip: Any) -> TrainConfig:
    return read_config("clip", None, {"clip": {**TABLE["clip"], **clip}})


@pytest.mark.slow
def test_words_find_pictures_after_training(
    folder: Path, ask: Any, cli: Any, tmp_path: Path
) -> None:
    config = tmp_path / "clip.toml"
    text = "\n".join(f"{name} = {value}" for name, value in TEXT.items())
    config.write_text(f"[clip]\nbatch = 16\n[clip.text]\n{text}\n")
    options = ("--preset", "clip", "--config", config, "--as", "words")
    found = ask("train", folder, *options, "--where", "split=train")
    assert found["space"] == "words"
    assert found["images"] == 32
    trial = found["validation"]["trials"][-1]
    assert trial["image_recall_at_1"] >= found["validation"]["start"]["image_recall_at_1"]
    for word in ("Salmo trutta", "Erebidae"):
        hits = ask("search", "--in", folder, "--space", "words", "--k", 3, "--text", word)["hits"]
        assert all(word in json.dumps(hit) for hit in hits)
    card = json.loads((Path(found["checkpoint"]) / "card.json").read_text())
    assert card["architecture"]["library"] == "open_clip"
    fitted = trained_on(f"checkpoint:{found['checkpoint']}")
    assert fitted is not None
    with Collection.open(folder) as collection:
        seen = [fitted.saw([image.sha256]) for image in collection.images()]
        splits = [image.split == "train" for image in collection.images()]
    assert seen == splits
    again = ask("train", folder, *options, "--seed", "1")  # takes the place of the first
    assert again["checkpoint"] != found["checkpoint"]
    # A CLIP model goes through the same code.
    more = ("--preset", "clip", "--config", config, "--space", "words", "--as", "more")
    code, said, error = cli("train", folder, *more)
    assert ("No space was made" in said) == (code == 1), error
    assert code in (0, 1), error


def test_names_that_are_taken_are_refused(collection: Collection) -> None:
    name = collection.space().name
    with pytest.raises(UsageError, match="choose another --as"):
        train_clip_space(collection, wanted(), Asked(name=name))


def test_the_preset_shows_its_table(cli: Any) -> None:
    code, out, _ = cli("train", "--preset", "clip", "--show-config")
    assert code == 0
    assert 'method = "clip"' in out
    assert "[clip.text]" in out
    code, _, err = cli("train", "--preset", "clip", "--config", "no.toml", "--show-config")
    assert code == 2
    assert "no.toml" in err
