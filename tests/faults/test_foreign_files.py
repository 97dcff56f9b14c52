"""The program replaces and removes only what it made: every foreign byte and link stays."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest

from holotype.index.collection import Collection
from holotype.index.encoders import Encoder
from holotype.index.errors import CorruptError, HolotypeError, ManifestError, UsageError
from holotype.index.identification.identify import identify
from holotype.index.ingest.pictures import ingest
from holotype.index.manifests.manifest import Manifest
from holotype.index.upkeep.compaction import compact
from holotype.index.upkeep.info import verify
from holotype.index.upkeep.snapshots import restore, snapshot
from tests.conftest import Cli, Draw

LOCKS = ("writer", "indexer", "keeper")


def everything(folder: Path, *, but: set[str] | None = None) -> dict[str, bytes | str]:
    """What lies below a folder: files with their content, links with where they lead."""
    return {
        path.relative_to(folder).as_posix(): (
            f"-> {os.readlink(path)}" if path.is_symlink() else path.read_bytes()
        )
        for path in sorted(folder.rglob("*"))
        if (path.is_symlink() or path.is_file()) and path.name not in (but or set())
    }


def labelled(draw: Draw, folder: Path) -> Path:
    """A manifest beside its pictures, which lie in a folder `images`."""
    lines = ["path,species"]
    for number in range(8):
        kind = number % 2
        draw(folder / "images" / f"{number}.png", number, like=kind)
        lines.append(f"images/{number}.png,Xestia {'ab'[kind]}aja")
    (folder / "manifest.csv").write_text("\n".join(lines) + "\n")
    return folder / "manifest.csv"


def fill(folder: Path, manifest: Path, encoder: Encoder, *, copies: bool = False) -> None:
    with Collection.create(folder, into_existing=True) as collection:
        ingest(Manifest.read(manifest), collection, encoder, copy_images=copies)


def use(folder: Path, encoder: Encoder, picture: Path, rng: random.Random, place: Path) -> None:
    """Run a command of the program on a collection, chosen by chance; it may be refused."""
    commands: list[Callable[[Collection], object]] = [
        compact,
        lambda c: identify(c, encoder, [picture]),
        lambda c: c.gallery(),
        lambda c: verify(c, pictures=True),
        lambda c: [c.thumbnail(image) for image in c.images()],
        lambda c: c.delete([next(c.images()).image_id]),
        lambda c: c.undo(next(iter(c.history())).determination_id, by="A. Tester"),
        lambda c: snapshot(c, place / f"snap {rng.random()}"),
        lambda c: restore(next(place.glob("snap*")), place / f"back {rng.random()}"),
        lambda c: ingest(Manifest.read(picture.parent), c, encoder, copy_images=True),
    ]
    try:
        with Collection.open(folder) as collection:
            rng.choice(commands)(collection)
    except (HolotypeError, StopIteration):
        pass


# A collection beside, above and below its pictures ---------------------------------------------


@pytest.mark.parametrize("where", ["beside", "above", "below"])
def test_pictures_survive_whatever_is_done_to_their_collection(
    tmp_path: Path, draw: Draw, tiny: Encoder, where: str
) -> None:
    pictures = tmp_path / "m"
    manifest = labelled(draw, pictures)
    folder = {"beside": pictures, "above": tmp_path, "below": pictures / "images" / "c"}[where]
    before = everything(pictures)
    fill(folder, manifest, tiny)
    with Collection.open(folder) as collection:
        identify(collection, tiny, [pictures / "images" / "0.png"])
        for image in collection.images():
            collection.thumbnail(image)
        assert compact(collection).removed == []
        snapshot(collection, tmp_path / "snap")
        collection.delete([image.image_id for image in collection.images()][:4])
        removed = compact(collection).removed
        assert [name.partition("/")[0] for name in removed] == 4 * ["thumbnails"]
        assert verify(collection, pictures=True).errors == []
    restore(tmp_path / "snap", tmp_path / "back")
    after = everything(pictures)
    assert {name: after[name] for name in before} == before


def test_a_copied_picture_that_somebody_replaced_stays(
    tmp_path: Path, draw: Draw, tiny: Encoder
) -> None:
    fill(tmp_path / "c", labelled(draw, tmp_path / "m"), tiny, copies=True)
    with Collection.open(tmp_path / "c") as collection:
        one, other = list(collection.images())[:2]
        collection.picture_path(one).write_bytes(b"edited")
        collection.delete([one.image_id, other.image_id])
        assert [Path(name).stem for name in compact(collection).removed] == [other.sha256]
        assert (tmp_path / "c" / one.path).read_bytes() == b"edited"


def test_a_file_of_our_form_that_we_did_not_make_stays(
    tmp_path: Path, draw: Draw, tiny: Encoder
) -> None:
    fill(tmp_path / "c", labelled(draw, tmp_path / "m"), tiny)
    names = (f"index/base-{'0' * 16}.flat", f"images/00/{'0' * 64}.png")
    foreign = [tmp_path / "c" / name for name in (*names, f"thumbnails/00/{'0' * 64}-256.jpg")]
    for path in foreign:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"mine")
    with Collection.open(tmp_path / "c") as collection:
        collection.gallery()
        compact(collection)
        assert not any("0000000" in warning for warning in verify(collection).warnings)
    assert [path.read_bytes() for path in foreign] == [b"mine"] * 3


def test_a_foreign_file_in_the_place_of_ours_is_not_overwritten(
    tmp_path: Path, draw: Draw, tiny: Encoder
) -> None:
    """The same collection made twice gives its files the same names."""
    manifest = labelled(draw, tmp_path / "m")
    fill(tmp_path / "one", manifest, tiny)
    with Collection.open(tmp_path / "one") as collection:
        first = [collection.thumbnail(image) for image in collection.images()]
        collection.gallery()
    for path in (tmp_path / "one").rglob("*"):
        if path.suffix in (".flat", ".jpg"):
            foreign = tmp_path / "two" / path.relative_to(tmp_path / "one")
            foreign.parent.mkdir(parents=True, exist_ok=True)
            foreign.write_bytes(b"mine")
    before = everything(tmp_path / "two")
    assert len(before) == 9
    fill(tmp_path / "two", manifest, tiny)
    with Collection.open(tmp_path / "two") as collection:
        assert [collection.thumbnail(image) for image in collection.images()] == first
        assert len(collection.gallery()) == 8
        compact(collection)
    after = everything(tmp_path / "two")
    assert {name: after[name] for name in before} == before


# Links -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["index", "images", "thumbnails", "models"])
def test_a_linked_folder_is_neither_written_nor_emptied(
    tmp_path: Path, draw: Draw, tiny: Encoder, name: str
) -> None:
    manifest, folder, away = labelled(draw, tmp_path / "m"), tmp_path / "c", tmp_path / "away"
    fill(folder, manifest, tiny, copies=True)
    with Collection.open(folder) as collection:
        collection.gallery()
        for image in collection.images():
            collection.thumbnail(image)
    shutil.move(folder / name, away) if (folder / name).exists() else away.mkdir()
    (away / "own.txt").write_text("mine")
    (folder / name).symlink_to(away)
    before = everything(away)
    with Collection.open(folder) as collection:
        collection.delete([next(collection.images()).image_id])
        identify(collection, tiny, [tmp_path / "m" / "images" / "0.png"])
        compact(collection)
        taken = snapshot(collection, tmp_path / "snap")
        assert not (tmp_path / "snap" / name).exists()
        assert bool(taken.missing) == (name == "images")
        draw(tmp_path / "new" / "Xestia baja" / "new.png", 77)
        refused = pytest.raises(ManifestError, match="leads through a link")
        with refused if name == "images" else nullcontext():
            ingest(Manifest.read(tmp_path / "new"), collection, tiny, copy_images=True)
    assert everything(away) == before


@pytest.mark.parametrize("name", [f"{lock}.{end}" for lock in LOCKS for end in ("lock", "json")])
def test_a_lock_that_is_a_link_or_foreign_is_refused(folder: Path, name: str) -> None:
    target = folder.parent / "target"
    target.write_text("mine")
    for linked in (True, False):
        (folder / name).unlink(missing_ok=True)
        if linked:
            (folder / name).symlink_to(target)
        else:
            (folder / name).write_text("mine")
        with Collection.open(folder) as collection:
            with pytest.raises(UsageError, match="is not what Holotype keeps"):
                compact(collection)
            collection.gallery()
        assert target.read_text() == (folder / name).read_text() == "mine"


@pytest.mark.parametrize("end", ["", "-wal", "-shm", "-journal"])
def test_a_database_that_is_a_link_is_refused(folder: Path, end: str) -> None:
    path = folder / f"collection.sqlite{end}"
    target = folder.parent / "elsewhere.sqlite"
    shutil.move(path, target) if path.exists() else target.write_text("mine")
    path.symlink_to(target)
    before = target.read_bytes()
    with pytest.raises(CorruptError, match="is no plain file"):
        Collection.open(folder)
    assert target.read_bytes() == before


# A folder that holds something else ------------------------------------------------------------


def test_a_collection_refuses_to_live_among_other_files_unless_told_to(
    tmp_path: Path, draw: Draw, tiny_folder: Path, cli: Cli
) -> None:
    manifest, encoder = labelled(draw, tmp_path / "m"), f"checkpoint:{tiny_folder}"
    before = everything(tmp_path)
    command = ("ingest", manifest, "--to", manifest.parent, "--encoder", encoder)
    code, _, err = cli(*command)
    assert code == 2
    assert "holds other files already (images, manifest.csv)" in " ".join(err.split())
    assert everything(tmp_path) == before
    assert cli(*command, "--into-existing")[0] == 0
    assert cli(*command)[0] == 0  # now it is a collection
    after = everything(tmp_path)
    assert {name: after[name] for name in before} == before


@pytest.mark.parametrize("name", ["collection.sqlite-journal", "collection.sqlite-wal"])
def test_what_sqlite_would_take_for_its_own_is_in_the_way(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    with pytest.raises(UsageError, match="is in the way"):
        Collection.create(tmp_path, into_existing=True)
    assert everything(tmp_path) == {name: b"mine"}


def test_what_a_system_leaves_in_every_folder_does_not_matter(tmp_path: Path) -> None:
    (tmp_path / ".DS_Store").write_bytes(b"x")
    Collection.create(tmp_path).close()
    assert (tmp_path / ".DS_Store").read_bytes() == b"x"


# Anything at all -------------------------------------------------------------------------------


def scatter(rng: random.Random, folder: Path, away: Path) -> None:
    """Put foreign files and links into and around a folder, some under names like ours."""
    digest = "".join(rng.choices("0123456789abcdef", k=64))
    names = [
        *("index/notes.txt", f"index/base-{digest[:16]}.flat", "index/x.tmp", "index"),
        *(f"images/{digest[:2]}/{digest}.png", "images/own.jpg", "images", "images/aa"),
        *(f"thumbnails/{digest[:2]}/{digest}-256.jpg", "thumbnails/a.jpg", "thumbnails"),
        *("models/net.bin", "models", "notes.txt", "deep/er/x.csv", "SHA256SUMS"),
        *(f"{lock}.{end}" for lock in LOCKS for end in ("json", "lock")),
    ]
    for name in rng.sample(names, 8):
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.exists() or path.is_symlink():
                continue
            if rng.random() < 0.4:
                path.symlink_to(away / rng.choice(["", "file.txt", "nothing"]))
            else:
                path.write_bytes(rng.randbytes(20))
        except (FileExistsError, NotADirectoryError):
            continue


def test_random_commands_leave_every_foreign_byte(
    tmp_path: Path, draw: Draw, tiny: Encoder
) -> None:
    seed = random.randrange(1 << 30)
    print(f"seed {seed}")
    rng = random.Random(seed)
    manifest = labelled(draw, tmp_path / "pictures")
    for attempt in range(10):
        place = tmp_path / f"{attempt}"
        folder, away = place / "c", place / "away"
        away.mkdir(parents=True)
        (away / "file.txt").write_text("mine")
        (away / f"base-{'1' * 16}.flat").write_text("mine")
        folder.mkdir()
        early = rng.random() < 0.5
        if early:
            scatter(rng, folder, away)
        known = everything(place)
        try:
            fill(folder, manifest, tiny, copies=rng.random() < 0.5)
        except (HolotypeError, OSError):
            assert early, f"seed {seed}"
        if not early:
            made = everything(place)
            scatter(rng, folder, away)
            known = {k: v for k, v in everything(place).items() if k not in made or k in known}
        for _ in range(6):
            use(folder, tiny, tmp_path / "pictures" / "images" / "0.png", rng, place)
        after = everything(place)
        assert {name: after.get(name) for name in known} == known, f"seed {seed}"
