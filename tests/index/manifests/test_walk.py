"""Nothing below a folder disappears without a line, whatever it is and whatever leads there."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from holotype.index.collection import Collection
from holotype.index.encoders import Encoder
from holotype.index.errors import ManifestError
from holotype.index.ingest.pictures import ingest
from holotype.index.manifests.manifest import Manifest
from holotype.index.manifests.picture_files import listed_pictures
from holotype.index.manifests.problems import Problem
from tests.conftest import Ask, Cli, Draw

SPECIES = "Salmo trutta"


def heic(brand: bytes = b"heic") -> bytes:
    return b"\0\0\0\x18ftyp" + brand + b"\0\0\0\0mif1" + brand + bytes(200)


def read(root: Path) -> tuple[list[str], list[Problem]]:
    manifest = Manifest.read(root)
    return manifest.frame["path"].tolist(), manifest.problems


def left_out(problems: list[Problem]) -> dict[str, str]:
    return {one.path: one.reason for one in problems if one.severity == "error"}


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("a.HEIC", heic(), "HEIC"),
        ("a.heif", heic(b"mif1"), "HEIC"),
        ("a.hif", b"", "HEIC"),
        ("no suffix", heic(b"heix"), "HEIC"),
        ("a.NEF", b"MM\0*" + bytes(50), "camera raw"),
        ("a.cr3", b"\0\0\0\x18ftypcrx \0\0\0\1crx isom", "camera raw"),
        ("a.raf", b"FUJIFILMCCD-RAW 0201", "camera raw"),
        ("a.svs", b"II*\0" + bytes(50), "microscope slide"),
        ("a.svg", b"<svg/>", "SVG"),
        ("a.psd", b"8BPS\0\1", "Photoshop"),
        ("a.jxl", b"\xff\x0a" + bytes(9), "JPEG XL"),
    ],
)
def test_a_picture_that_cannot_be_read_is_named_with_its_kind(
    tmp_path: Path, draw: Draw, name: str, data: bytes, kind: str
) -> None:
    draw(tmp_path / SPECIES / "1.png", 1)
    (tmp_path / SPECIES / name).write_bytes(data)
    paths, problems = read(tmp_path)
    assert paths == [f"{SPECIES}/1.png"]
    assert left_out(problems) == {f"{SPECIES}/{name}": f"{kind} picture"}
    assert "not read; " in problems[0].message  # and what to do


@pytest.mark.parametrize("name", ["a.jpe", "a.JFIF", "scan", "a.heic", "a.jpg.1", "IMG 1.dat"])
def test_a_picture_is_one_by_what_is_in_it(tmp_path: Path, draw: Draw, name: str) -> None:
    shutil.copy(draw(tmp_path / "x.jpg", 1), tmp_path / "kept")
    (tmp_path / SPECIES).mkdir()
    shutil.move(tmp_path / "x.jpg", tmp_path / SPECIES / name)
    (tmp_path / "kept").unlink()
    kept, problems = Manifest.read(tmp_path).check()
    assert (kept.frame["path"].tolist(), problems) == ([f"{SPECIES}/{name}"], [])


def test_a_heic_under_the_name_of_a_jpeg_is_called_one(tmp_path: Path, draw: Draw) -> None:
    draw(tmp_path / "1.png", 1)
    (tmp_path / "2.jpg").write_bytes(heic())
    (tmp_path / "t.csv").write_text("path\n1.png\n2.jpg\n")
    for source in (tmp_path / "t.csv", tmp_path):
        _, problems = Manifest.read(source).check()
        assert "HEIC picture" in left_out(problems).values()


LEFT = (
    *(".DS_Store", "Thumbs.db", "desktop.ini", "._1.png", ".picasa.ini", "1.png.xmp", "1.xmp"),
    *("@eaDir/1.png/SYNOPHOTO_THUMB_M.jpg", ".Spotlight-V100/store.db", "Moths.lrcat"),
    *("__MACOSX/._1.png", "Previews.lrdata/1.jpg", "$RECYCLE.BIN/1.png", "1.jpg_original", "1.AAE"),
)


def test_what_systems_and_photo_managers_leave_behind_is_one_line(
    tmp_path: Path, draw: Draw
) -> None:
    draw(tmp_path / SPECIES / "1.png", 1)
    for name in LEFT:
        path = tmp_path / SPECIES / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(tmp_path / SPECIES / "1.png", path)
    (tmp_path / SPECIES / "labels.csv").write_text("file,name")
    (tmp_path / "film.mp4").write_bytes(b"\0\0\0\x18ftypisom\0\0\0\1isommp42")
    paths, problems = read(tmp_path)
    assert paths == [f"{SPECIES}/1.png"]
    assert {one.severity for one in problems} == {"note"}
    left, others = problems
    assert left.message.startswith(f"{len(LEFT)} files and folders that systems")
    assert others.message.startswith("2 files that are no pictures passed over (1 ")
    assert f"if {SPECIES}/labels.csv is the table of the pictures, give it" in others.message


# Links ----------------------------------------------------------------------------------------


def test_links_to_folders_are_followed_and_named(tmp_path: Path, draw: Draw) -> None:
    for name in ("Salmo trutta", "Salmo salar", "Esox lucius"):
        draw(tmp_path / "disk" / name / "1.png", len(name))
    (tmp_path / "root" / "deeper").mkdir(parents=True)
    (tmp_path / "root" / "Salmo salar").symlink_to(tmp_path / "disk" / "Salmo salar")
    (tmp_path / "root" / "deeper" / "Esox lucius").symlink_to("../../disk/Esox lucius")
    (tmp_path / "link").symlink_to("root")
    for root in (tmp_path / "root", tmp_path / "link"):
        paths, problems = read(root)
        assert paths == ["Salmo salar/1.png", "deeper/Esox lucius/1.png"]
        [note] = problems
        assert note.severity == "note"
        assert note.message.startswith("2 links to folders were followed (Salmo salar -> ")


def test_links_that_lead_back_end_and_are_told_of(tmp_path: Path, draw: Draw) -> None:
    root = tmp_path / "root"
    draw(root / SPECIES / "1.png", 1)
    (root / SPECIES / "again").symlink_to(root)  # the folder itself
    (root / "above").symlink_to(tmp_path)  # one that holds it
    (root / "alias").symlink_to(SPECIES)  # one that is read already
    (root / "nowhere").symlink_to("gone")
    (root / "self.png").symlink_to("self.png")
    paths, problems = read(root)
    assert paths == [f"{SPECIES}/1.png"]
    assert left_out(problems) == {
        "above": "link in a circle",
        "nowhere": "broken link",
        "self.png": "broken link",
    }
    notes = [one.message for one in problems if one.severity == "note"]
    assert any("alias is a link to what is read as Salmo trutta" in note for note in notes)
    assert any("again is a link to what is read as" in note for note in notes)


def test_two_links_that_lead_to_each_other_end(tmp_path: Path, draw: Draw) -> None:
    draw(tmp_path / "a" / "1.png", 1)
    draw(tmp_path / "b" / "2.png", 2)
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "a").symlink_to("../a")
    (tmp_path / "a" / "b").symlink_to("../b")
    (tmp_path / "b" / "a").symlink_to("../a")
    listed, _ = listed_pictures(tmp_path / "root")
    names = [one.file.relative_to(tmp_path / "root").as_posix() for one in listed]
    assert names == ["a/1.png", "a/b/2.png"]


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_cannot_be_read_is_named(tmp_path: Path, draw: Draw) -> None:
    draw(tmp_path / SPECIES / "1.png", 1)
    (tmp_path / "closed").mkdir(mode=0)
    assert left_out(read(tmp_path)[1]) == {"closed": "folder"}


def test_a_picture_behind_a_link_is_stored_and_shown(
    tmp_path: Path, draw: Draw, tiny: Encoder
) -> None:
    draw(tmp_path / "disk" / SPECIES / "1.png", 1)
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / SPECIES).symlink_to(tmp_path / "disk" / SPECIES)
    with Collection.create(tmp_path / "c") as collection:
        ingest(Manifest.read(tmp_path / "root"), collection, tiny)
        [image] = collection.images()
        assert image.path == str(tmp_path / "root" / SPECIES / "1.png")
        assert collection.picture(image) == (tmp_path / "disk" / SPECIES / "1.png").read_bytes()
        assert collection.thumbnail(image)


# What is done with it ----------------------------------------------------------------------------


def test_a_folder_of_nothing_that_can_be_read_says_what_is_in_it(tmp_path: Path) -> None:
    (tmp_path / SPECIES).mkdir()
    (tmp_path / SPECIES / "1.HEIC").write_bytes(heic())
    with pytest.raises(ManifestError, match=r"no pictures that can be read: Salmo trutta/1\.HEIC"):
        Manifest.read(tmp_path)


def test_a_picture_is_called_as_the_folder_has_it_whenever_its_fault_is_found(
    tmp_path: Path, draw: Draw, tiny: Encoder
) -> None:
    whole = draw(tmp_path / "s" / SPECIES / "1.png", 1).read_bytes()
    (tmp_path / "s" / SPECIES / "cut.png").write_bytes(whole[: len(whole) // 2])  # when decoded
    (tmp_path / "s" / SPECIES / "text.png").write_text("no picture")  # when checked
    with Collection.create(tmp_path / "c") as collection:
        report = ingest(Manifest.read(tmp_path / "s"), collection, tiny)
    assert sorted(left_out(report.problems)) == [f"{SPECIES}/cut.png", f"{SPECIES}/text.png"]


def test_left_out_files_are_counted_by_reason_and_strict_refuses_them(
    tmp_path: Path, draw: Draw, tiny_folder: Path, ask: Ask, cli: Cli
) -> None:
    source, encoder = tmp_path / "s", f"checkpoint:{tiny_folder}"
    draw(source / SPECIES / "1.png", 1)
    for number in range(30):
        (source / SPECIES / f"{number}.HEIC").write_bytes(heic())
    command = ("ingest", source, "--to", tmp_path / "c", "--encoder", encoder)
    code, _, err = cli(*command, "--strict")
    assert code == 1
    assert "(and 29 more); in all HEIC picture: 30" in " ".join(err.split())
    report = ask(*command)
    assert report["left_out_by_reason"] == {"HEIC picture": 30}
    assert report["left_out"] == len(report["problems"]) == 30
    code, out, err = cli(*command)
    assert code == 0
    assert "30 left out (HEIC picture: 30)" in " ".join(out.split())
    assert "… and 25 more (HEIC picture); --json lists them all" in " ".join(err.split())


def test_pictures_that_a_folder_s_own_manifest_does_not_list_are_told_of(
    tmp_path: Path, draw: Draw
) -> None:
    draw(tmp_path / "a.png", 1)
    draw(tmp_path / "b.png", 2)
    (tmp_path / "manifest.csv").write_text("path\n.\\a.png\n")
    [note] = [one for one in Manifest.read(tmp_path).problems if "not list" in one.message]
    assert note.message.endswith("passed over (b.png)")


def test_the_pictures_of_a_source_without_labels(tmp_path: Path, draw: Draw) -> None:
    draw(tmp_path / "s" / "A b" / "old" / "1" / "1.png", 1)
    (tmp_path / "s" / "2.heic").write_bytes(heic())
    (tmp_path / "t.csv").write_text("file_name;x\ns\\A b\\old\\1\\1.png;1\ngone.png;2\n")
    picture = tmp_path / "s" / "A b" / "old" / "1" / "1.png"
    listed, problems = listed_pictures(tmp_path / "s")
    assert (listed, left_out(problems)) == ([(picture, "")], {"2.heic": "HEIC picture"})
    listed, problems = listed_pictures(tmp_path / "t.csv")
    assert listed == [(picture, "")]
    assert [(one.row, one.reason) for one in problems] == [(3, "missing file")]
    assert listed_pictures(picture) == ([(picture, "")], [])
