"""What a command writes where the user says replaces only what it wrote there before."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from holotype.index.collection import Collection
from holotype.index.errors import UsageError
from holotype.index.export.parquet import export_parquet
from holotype.index.files.own_output import require_own, write_own
from tests.conftest import Cli

REPORT = ("report.html", "report.json", "per_species.parquet")


@pytest.mark.parametrize("name", REPORT)
@pytest.mark.parametrize("options", [(), ("--protocol", "kfold", "--folds", "2")])
def test_a_report_replaces_nothing_of_the_users(
    folder: Path, tmp_path: Path, cli: Cli, name: str, options: tuple[str, ...]
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / name).write_text("my thesis")
    code, _, err = cli("eval", folder, "--out", out, *options)
    assert code == 2
    assert f"{name} is there already" in " ".join(err.split())
    assert {path.name: path.read_text() for path in out.iterdir()} == {name: "my thesis"}


def test_a_report_replaces_its_own_until_somebody_changes_it(
    folder: Path, tmp_path: Path, cli: Cli
) -> None:
    out = tmp_path / "out"
    for _ in range(2):
        assert cli("eval", folder, "--out", out)[0] == 0
    page = out / "report.html"
    page.write_text(page.read_text() + "<!-- my remark -->")
    assert cli("eval", folder, "--out", out)[0] == 2
    assert page.read_text().endswith("<!-- my remark -->")


def test_a_link_is_not_written_through_or_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis").write_text("mine")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.txt").symlink_to(tmp_path / "thesis")
    with pytest.raises(UsageError, match="is there already"):
        write_own(tmp_path / "out", {"a.txt": b"new"})
    assert (tmp_path / "thesis").read_text() == "mine"
    with pytest.raises(UsageError, match="is a file"):
        require_own(tmp_path / "thesis", ["a.txt"])


def test_an_export_that_somebody_changed_stays(collection: Collection, tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    export_parquet(collection, path)
    table = pq.read_table(path)
    pq.write_table(table.append_column("notes", pa.array(["seen"] * len(table))), path)
    with pytest.raises(UsageError, match="is no export as it was written"):
        export_parquet(collection, path)
    assert pq.read_table(path)["notes"].to_pylist()[0] == "seen"


@pytest.mark.parametrize("there", [True, False])
def test_an_export_does_not_replace_a_link(
    collection: Collection, tmp_path: Path, there: bool
) -> None:
    target, link = tmp_path / "kept.parquet", tmp_path / "x.parquet"
    if there:
        export_parquet(collection, target)
    link.symlink_to(target)
    with pytest.raises(UsageError, match="is no export"):
        export_parquet(collection, link)
    assert link.is_symlink()
