"""Manifests and file names that nobody should write, but somebody does."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from holotype.index.collection import Collection
from holotype.index.encoders import Encoder
from holotype.index.ingest.pictures import ingest
from holotype.index.manifests.manifest import Manifest
from tests.conftest import Ask, Cli, Draw


@pytest.mark.parametrize(
    "path", ["a\0.png", "x" * 5000 + ".png", ".", "loop.png", "/dev/null", "https://x.org/a.png"]
)
def test_a_path_that_no_picture_can_have_is_one_problem_and_the_rest_goes_on(
    tmp_path: Path, draw: Draw, path: str
) -> None:
    draw(tmp_path / "good.png", 1)
    (tmp_path / "loop.png").symlink_to(tmp_path / "loop.png")
    (tmp_path / "t.csv").write_text(f'path\n"{path}"\ngood.png\n')
    manifest, problems = Manifest.read(tmp_path / "t.csv").check()
    assert manifest.frame["path"].tolist() == ["good.png"]
    assert [problem.row for problem in problems] == [2]
    assert "\n" not in problems[0].message


@pytest.mark.skipif(os.name != "posix", reason="only POSIX allows such names")
def test_a_name_that_is_not_utf_8_is_named_and_the_rest_goes_on(
    tmp_path: Path, draw: Draw, tiny_folder: Path, ask: Ask
) -> None:
    good = draw(tmp_path / "source" / "Xestia baja" / "good.png", 1)
    draw(tmp_path / "source" / "Xestia baja" / "b.png", 2)
    os.rename(good.with_name("b.png"), os.fsencode(good.parent) + b"/caf\xe9.png")
    encoder = f"checkpoint:{tiny_folder}"
    to = tmp_path / "collection"
    report = ask("ingest", tmp_path / "source", "--to", to, "--encoder", encoder)
    assert report["embedded"] == 1
    assert "not UTF-8; rename the file" in report["problems"][0]["message"]
    latin = os.fsdecode(os.fsencode(good.parent) + b"/caf\xe9.png")
    assert ask("identify", latin, "--in", to)["image"] == latin


def test_names_that_look_like_sql_markup_or_options_are_only_names(
    tmp_path: Path, draw: Draw, tiny: Encoder
) -> None:
    odd = ["'); DROP TABLE images;--", "[red]x[/red]", "--help", "%s {0}", "a|b=c!=d", "<b>&amp;"]
    lines = ['path,image_id,specimen_id,species,o\'k "n"']
    for seed, name in enumerate(odd):
        draw(tmp_path / f"{seed}.png", seed)
        lines.append(f'{seed}.png,"{name}","{name}",Xestia baja,"{name}"')
    (tmp_path / "t.csv").write_text("\n".join(lines).replace('o\'k "n"', '"o\'k ""n"""'))
    with Collection.create(tmp_path / "collection") as collection:
        report = ingest(Manifest.read(tmp_path / "t.csv"), collection, tiny)
        assert report.embedded == len(odd)
        assert [image.image_id for image in collection.images()] == odd
        for name in odd:
            image = collection.image(name)
            assert image.metadata == {'o\'k "n"': name}
            assert image.specimen_id == name


def test_markup_in_names_is_shown_and_not_obeyed(
    tmp_path: Path, draw: Draw, tiny_folder: Path, cli: Cli
) -> None:
    draw(tmp_path / "s" / "Xestia baja" / "[red]x.png", 1)
    draw(tmp_path / "s" / "Xestia baja" / "[link=x]b.png", 2)
    to, encoder = tmp_path / "c", f"checkpoint:{tiny_folder}"
    assert cli("ingest", tmp_path / "s", "--to", to, "--encoder", encoder)[0] == 0
    code, out, _ = cli("identify", tmp_path / "s" / "Xestia baja" / "[link=x]b.png", "--in", to)
    assert code == 0
    assert "[link=x]b.png" in out.replace("\n", "")
    assert "[red]x.png" in out.replace("\n", "").replace(" ", "")
    code, _, err = cli("search", "--id", "[/bold] none", "--in", to)
    assert code == 2
    assert "[/bold] none" in err
