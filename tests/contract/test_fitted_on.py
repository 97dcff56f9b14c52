"""Whatever was fitted on a picture is not measured on it, and answers about it say so.

Four things are fitted (a tuned space, a calibration, a projection of one's own, a checkpoint), and
four doors give figures: leave-one-out, a given split, the evaluation of answers, and HTTP. At each
door each of them is refused, fitted again, or told.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
from fastapi.testclient import TestClient

from holotype.index.collection import Collection
from holotype.index.encoders import Encoder, accelerated, load_encoder
from holotype.index.encoders.trained_on import list_images, trained_on
from holotype.index.errors import EncoderError
from holotype.index.identification.identify import identify, identify_stored
from holotype.index.ingest.pictures import ingest
from holotype.index.manifests.manifest import Manifest
from holotype.index.pictures.reading import content_hash
from holotype.index.trust import trust_encoder
from holotype.index.vectors.projection import Projection
from holotype.service.app import create_app
from holotype.training.spaces import calibrate_space, tune_space
from tests.conftest import Ask, Cli, Draw

SPECIES = ("Xestia baja", "Xestia triangulum", "Noctua comes", "Noctua pronuba", "Catocala nupta")
SPECIMENS = 14
SPLIT = ("--query", "split=test", "--gallery", "split=train")
FITTED = ("tune", "calibrate", "projection", "checkpoint")
SPACES = {"tune": "tuned", "projection": "mine"}  # that are asked; otherwise the first


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory, draw: Draw) -> Path:
    """A manifest of 70 specimens of five species, some of them for test."""
    folder = tmp_path_factory.mktemp("pictures")
    lines = ["path,category,genus,species,split"]
    for kind, species in enumerate(SPECIES):
        names = ("Moth", species.split()[0], species)
        for number in range(SPECIMENS):
            path = draw(folder / f"{kind}-{number}.png", 1000 * kind + number, like=kind)
            lines.append(",".join((path.name, *names, "train" if number % 3 else "test")))
    table = folder / "manifest.csv"
    table.write_text("\n".join(lines) + "\n")
    return table


def filled(folder: Path, pictures: Path, encoder: Encoder) -> Collection:
    made = Collection.create(folder)
    ingest(Manifest.read(pictures), made, encoder)
    return made


def checkpoint(tiny_folder: Path, folder: Path, images: dict[str, Any]) -> Encoder:
    """The tiny network with a card that lists images."""
    shutil.copytree(tiny_folder, folder, dirs_exist_ok=True)
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps({**card, "images": images}))
    return accelerated(load_encoder(f"checkpoint:{folder}"))


@pytest.fixture(scope="module")
def made(
    tmp_path_factory: pytest.TempPathFactory, pictures: Path, tiny: Encoder, tiny_folder: Path
) -> dict[str, Path]:
    """A collection for each of what is fitted, on everything."""
    folder = tmp_path_factory.mktemp("made")
    with filled(folder / "tune", pictures, tiny) as collection:
        tune_space(collection)
    with filled(folder / "calibrate", pictures, tiny) as collection:
        calibrate_space(collection, threads=1)
    with filled(folder / "projection", pictures, tiny) as collection:
        base = collection.space()
        eye = np.eye(base.dim, dtype=np.float32)
        own = Projection(np.zeros(base.dim, np.float32), eye, "mine")
        collection.add_projected_space("mine", base, own)
    hashes = [content_hash(path.read_bytes()) for path in pictures.parent.glob("*.png")]
    seen = checkpoint(tiny_folder, folder / "net", list_images(folder / "net", hashes))
    filled(folder / "checkpoint", pictures, seen).close()
    return {what: folder / what for what in FITTED}


@pytest.fixture
def client(made: dict[str, Path], what: str) -> Iterator[TestClient]:
    with TestClient(create_app(made[what]), base_url="http://127.0.0.1") as opened:
        yield opened


def of_space(what: str) -> tuple[str, ...]:
    return ("--space", SPACES[what]) if what in SPACES else ()


@pytest.mark.parametrize("what", FITTED)
@pytest.mark.parametrize("sides", [(), SPLIT], ids=["leave-one-out", "split"])
def test_recall_is_refused_or_rests_on_nothing_that_was_fitted(
    made: dict[str, Path], ask: Ask, cli: Cli, what: str, sides: tuple[str, ...]
) -> None:
    asked = ("eval", made[what], *of_space(what), *sides)
    if what == "calibrate":  # neighbours and nothing else decide
        found = ask(*asked)
        assert found == ask("eval", made["tune"], "--space", "base", *sides) | {
            "space": found["space"]
        }
        return
    code, out, err = cli(*asked, "--json")
    assert (code, out) == (2, "")
    count = 70 if not sides else 25
    assert f"{count} of the {count} queries" in err
    told = {
        "tune": "--where split=train",
        "projection": "nothing says on which",
        "checkpoint": "by --query and --gallery",
    }
    assert told[what] in err
    assert "--allow-leak" in err


@pytest.mark.parametrize("what", FITTED)
def test_answers_are_measured_with_nothing_that_saw_them(
    made: dict[str, Path], ask: Ask, cli: Cli, what: str, tmp_path: Path
) -> None:
    asked = ("eval", made[what], "--identification", *of_space(what))
    if what == "checkpoint":
        code, _, err = cli(*asked)
        assert code == 2
        assert "was trained on" in err
        return
    found = ask(*asked)
    assert "calibrated anew" in found["fitted_on"]["instead"]
    with Collection.open(made[what]) as collection:
        rows = [row[0] for row in collection.database.read("SELECT 1 FROM calibrations")]
        assert (what == "calibrate") == bool(rows)
    plain = ask("eval", made["projection"], "--identification")
    assert found["runs"] == plain["runs"]


@pytest.mark.parametrize("what", FITTED)
def test_answers_over_http_say_what_was_fitted_on_the_picture(
    client: httpx2.Client, pictures: Path, what: str
) -> None:
    space = SPACES.get(what, "base")
    part = {"tune": "space", "projection": "space", "checkpoint": "encoder"}.get(what, what)
    part = "calibration" if what == "calibrate" else part
    data = (pictures.parent / "1-1.png").read_bytes()
    upload = {"images": ("x.png", data, "image/png")}
    for answer in (
        client.post("/v1/identify", json={"image_id": "1-1.png", "space": space}),
        client.post("/v1/identify", files=upload, data={"space": space}),
    ):
        told = answer.json()
        expected = {"encoder": None, "space": False, "calibration": False} | {part: True}
        assert told["fitted_on"] == expected
        assert any(f"the {part} was fitted on" in note for note in told["notes"])
    hits = client.post("/v1/search", json={"image_id": "1-1.png", "space": space}).json()
    assert ("fitted_on" in hits) == (what != "calibrate")
    (shown,) = [each for each in client.get("/v1/spaces").json()["spaces"] if each["name"] == space]
    if what == "calibrate":
        fitted = client.get("/v1/spaces/base/calibration").json()["fitted"]
        assert fitted["fitted_on"] == {"images": 70, "specimens": 70, "recorded": True}
    else:
        assert shown["fitted_on"][part]["images"] == 70
        assert shown["fitted_on"][part]["recorded"] == (what != "projection")


@pytest.mark.parametrize("what", ["tune"])
def test_a_new_picture_was_seen_by_nothing(
    client: httpx2.Client, draw: Draw, tmp_path: Path, what: str
) -> None:
    data = draw(tmp_path / "new.png", 77, like=1).read_bytes()
    upload = {"images": ("new.png", data, "image/png")}
    told = client.post("/v1/identify", files=upload, data={"space": "tuned"}).json()
    assert not any(told["fitted_on"].values())
    assert told["notes"] == []


def test_every_door_says_the_same_of_a_picture(
    made: dict[str, Path], pictures: Path, tiny: Encoder, ask: Ask, cli: Cli
) -> None:
    picture = pictures.parent / "2-2.png"
    with Collection.open(made["tune"]) as collection:
        stored = identify_stored(collection, "2-2.png", space="tuned")
        asked = identify(collection, tiny, [picture], space="tuned")
    printed = ask("identify", picture, "--in", made["tune"], "--space", "tuned")
    assert stored.seen == asked.seen
    assert printed["fitted_on"] == asked.seen.to_dict()
    _, out, _ = cli("identify", picture, "--in", made["tune"], "--space", "tuned")
    assert "surer than a new picture's" in " ".join(out.split())


def test_a_picture_that_was_deleted_is_remembered(
    made: dict[str, Path], pictures: Path, tiny: Encoder, tmp_path: Path
) -> None:
    folder = shutil.copytree(made["tune"], tmp_path / "c")
    picture = pictures.parent / "2-2.png"
    with Collection.open(folder) as collection:
        collection.delete(["2-2.png"])
        assert identify(collection, tiny, [picture], space="tuned").seen.space


def reads_of(collection: Collection, work: Callable[[], object]) -> int:
    count = 0
    real = collection.database.read

    def read(*arguments: Any) -> Any:
        nonlocal count
        count += 1
        return real(*arguments)

    collection.database.read = read  # type: ignore[method-assign, assignment]
    try:
        work()
    finally:
        collection.database.read = real  # type: ignore[method-assign]
    return count


@pytest.mark.parametrize("what", FITTED)
def test_a_warm_question_reads_no_more_for_it(made: dict[str, Path], what: str) -> None:
    from holotype.index.identification.identify import identify_vector
    from holotype.index.search.search import stored_vector

    with Collection.open(made[what]) as collection:
        vector = stored_vector(collection, collection.image("2-2.png"))
        space = SPACES.get(what)

        def asked() -> None:
            identify_vector(collection, vector, name="x", space=space)

        asked()
        assert reads_of(collection, asked) <= 3


# Checkpoints -----------------------------------------------------------------------------------


def test_a_checkpoint_is_known_in_another_collection_under_other_names(
    made: dict[str, Path], pictures: Path, tmp_path: Path, cli: Cli
) -> None:
    lines = pictures.read_text().splitlines()
    renamed = [f"image_id,specimen_id,{lines[0]}"]
    renamed += [f"new {n},other {n},{line}" for n, line in enumerate(lines[1:])]
    table = pictures.parent / "renamed.csv"
    table.write_text("\n".join(renamed) + "\n")
    encoder = load_encoder(f"checkpoint:{made['checkpoint'].parent / 'net'}")
    filled(tmp_path / "c", table, encoder).close()
    code, _, err = cli("eval", tmp_path / "c")
    assert code == 2
    assert "was trained on 70 of the 70 queries" in err


def test_what_a_checkpoint_has_not_seen_is_measured(
    pictures: Path, tiny_folder: Path, tmp_path: Path, ask: Ask, cli: Cli
) -> None:
    train = [f"{kind}-{n}.png" for kind in range(len(SPECIES)) for n in range(SPECIMENS) if n % 3]
    hashes = [content_hash((pictures.parent / name).read_bytes()).upper() for name in train]
    folder = tmp_path / "net"
    encoder = checkpoint(tiny_folder, folder, {"sha256": hashes})
    filled(tmp_path / "c", pictures, encoder).close()
    found = ask("eval", tmp_path / "c", *SPLIT)["fitted_on"]
    assert found["encoder"] == {"images": 45, "specimens": 45, "recorded": True, "queries": 0}
    assert cli("eval", tmp_path / "c")[0] == 2
    both = ask("eval", tmp_path / "c", "--allow-leak")
    assert both["n"] == 25
    assert both["recall_at_1_with_leaks"].keys() == both["ranks"].keys()
    for protocol in ("kfold", "unseen-species"):
        code, _, err = cli("eval", tmp_path / "c", "--protocol", protocol)
        assert code == 2, err
        assert "was trained on 45 of the 70" in err


def test_many_images_lie_in_a_file_beside_the_card(tmp_path: Path) -> None:
    hashes = [content_hash(str(number).encode()) for number in range(1001)]
    folder = tmp_path / "net"
    assert list_images(folder, hashes[:2]) == {"sha256": sorted(hashes[:2])}
    told = list_images(folder, hashes)
    assert told == {"file": "images.sha256"}
    (folder / "card.json").write_text(json.dumps({"images": told}))
    name = f"checkpoint:{folder}"
    assert trained_on(name) is None  # this user has never said that it may be read
    trust_encoder(name)
    found = trained_on(name)
    assert found is not None
    assert len(found.images) == 1001
    assert found.saw([hashes[500]])


@pytest.mark.parametrize(
    "images",
    [[], {}, {"sha256": "a"}, {"sha256": ["short"]}, {"sha256": [1]}, {"file": "../card.json"},
     {"file": "none"}, {"sha256": [], "file": "x"}],
)  # fmt: skip
def test_a_card_that_lists_images_badly_is_refused_in_a_sentence(
    tmp_path: Path, images: object
) -> None:
    (tmp_path / "card.json").write_text(json.dumps({"images": images}))
    trust_encoder(f"checkpoint:{tmp_path}")
    with pytest.raises(EncoderError, match='write "images"') as told:
        trained_on(f"checkpoint:{tmp_path}")
    assert "\n" not in str(told.value)


def test_no_list_means_that_nobody_knows(tiny_folder: Path) -> None:
    trust_encoder(f"checkpoint:{tiny_folder}")
    assert trained_on(f"checkpoint:{tiny_folder}") is None
    assert trained_on("bundled") is None
    with pytest.raises(ValueError, match="is no sha256"):
        list_images(tiny_folder, ["x"])
