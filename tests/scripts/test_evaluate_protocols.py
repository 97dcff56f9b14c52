"""`holotype eval --protocol`, from pictures to tables and files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from holotype.eval.set_ups.simulated import add_second_setup
from holotype.index.collection import Collection
from holotype.index.encoders import Encoder
from holotype.index.ingest.pictures import ingest
from holotype.index.manifests.manifest import Manifest
from tests.conftest import Ask, Cli

SPLIT = ("--query", "split=test", "--gallery", "split=train")
SOURCE = ("--gallery", "imaging=clean", "--gallery", "split=train")
TARGET = ("--query", "imaging=degraded", "--query", "split=test")


@pytest.fixture
def two_setups(source: Path, tmp_path: Path, tiny: Encoder) -> Path:
    """A collection of the drawn pictures and their degraded copies."""
    made = add_second_setup(Manifest.read(source), tmp_path / "copies")
    with Collection.create(tmp_path / "two") as collection:
        ingest(Manifest.read(made.manifest), collection, tiny)
    return tmp_path / "two"


def test_the_named_protocols_are_what_the_conditions_choose(folder: Path, ask: Ask) -> None:
    assert ask("eval", folder, "--protocol", "leave-one-out") == ask("eval", folder)
    assert ask("eval", folder, "--protocol", "split", *SPLIT) == ask("eval", folder, *SPLIT)


def test_kfold_prints_a_table_and_writes_a_report(
    folder: Path, tmp_path: Path, ask: Ask, cli: Cli
) -> None:
    found = ask("eval", folder, "--protocol", "kfold", "--folds", 2, "--group", "sex")
    assert found["kept_whole"] == "sex"
    assert sorted(row["n_queries"] for row in found["folds"]["species"]) == [16, 24]
    code, out, _ = cli("eval", folder, "--protocol", "kfold", "--out", tmp_path / "report")
    assert code == 0
    assert "fold 5 of 5" in out
    assert "mean ± sd over folds" in out
    written = json.loads((tmp_path / "report" / "report.json").read_text())
    assert len(written["folds"]["species"]) == 5
    assert "5-fold" in (tmp_path / "report" / "report.html").read_text()
    assert (tmp_path / "report" / "per_species.parquet").is_file()


def test_leave_site_out_takes_any_column(folder: Path, ask: Ask, cli: Cli) -> None:
    found = ask("eval", folder, "--protocol", "leave-site-out", "--site", "sex")
    assert [row["fold"] for row in found["folds"]["genus"]] == ["f", "m"]
    code, _, err = cli("eval", folder, "--protocol", "leave-site-out")
    assert code == 2
    assert "column 'site'" in err


@pytest.mark.slow
def test_transfer_from_pictures_to_figures(
    two_setups: Path, tmp_path: Path, ask: Ask, cli: Cli
) -> None:
    transfer = ("eval", two_setups, "--protocol", "transfer", *SOURCE, *TARGET)
    found = ask(*transfer, "--copies", 1)
    assert found["within_source"] == "the same specimens, imaging as in the gallery"
    assert (found["n_source_queries"], found["n_target_queries"]) == (8, 8)
    assert found["protocol"]["n_gallery"] == 32
    assert found["simulation"] == {"copies": 1, "setup": "drawn for every copy"}
    assert len(found["remedies"]) == 5
    assert ask(*transfer, "--copies", 1) == found
    exact = ask(*transfer, "--copies", 1, "--simulate", "exact")
    assert exact["simulation"]["setup"]["side"] == 72
    code, out, _ = cli(*transfer, "--copies", 0, "--out", tmp_path / "report")
    assert code == 0
    assert "share won back" in out
    assert "degraded copies" not in out
    assert json.loads((tmp_path / "report" / "report.json").read_text())["simulation"] is None


@pytest.mark.slow
def test_networks_stand_beside_the_other_remedies(two_setups: Path, ask: Ask, cli: Cli) -> None:
    transfer = ("eval", two_setups, "--protocol", "transfer", *SOURCE, *TARGET, "--copies", 0)
    other = ("--unlabelled", "imaging=degraded", "--unlabelled", "split=train")
    found = ask(*transfer, "--networks", 1, *other)
    assert found["adaptation"] == {"unlabelled": [*other[1::2]], "images": 32}
    assert found["networks"]["seeds"] == 1
    trained = {row["remedy"]: row for row in found["remedies"] if row["by_network"]}
    assert len(trained) == 5
    coral = trained["network with coral"]
    assert coral["over_training"]["low"] <= coral["over_training"]["estimate"]
    assert [trial["weight"] for trial in coral["weights"]] == [0, 3, 10, 30, 100]
    code, out, _ = cli(*transfer, "--networks", 1)
    assert code == 0
    assert "Against a network that learned from the source alone" in out
    assert "Adapted to 8 images of the target without labels: the queries themselves" in out
    nothing = ("--unlabelled", "imaging=degraded", "--unlabelled", "imaging=clean")
    code, _, err = cli(*transfer, *nothing)
    assert code == 2
    assert "so there is nothing to adapt to" in err.replace("\n", " ")


def test_transfer_refuses_pictures_of_the_gallery_s_specimens(two_setups: Path, cli: Cli) -> None:
    sides = ("--gallery", "imaging=clean", "--query", "imaging=degraded")
    code, _, err = cli("eval", two_setups, "--protocol", "transfer", *sides)
    assert code == 1
    assert "40 of 40 queries are given away" in err


def test_transfer_without_set_ups_asks_within_the_gallery(folder: Path, ask: Ask) -> None:
    found = ask("eval", folder, "--protocol", "transfer", *SPLIT, "--copies", 0)
    assert found["within_source"] == "leave-one-out"
    assert found["n_source_queries"] == 32
    assert found["remedies"][2]["accuracy_source"] is None


def test_the_whole_gallery_ends_the_learning_curve(folder: Path, ask: Ask, cli: Cli) -> None:
    curve = ("eval", folder, "--protocol", "learning-curve", *SPLIT)
    found = ask(*curve)
    whole = ask("eval", folder, *SPLIT)["ranks"]["species"]["recall"]["1"]["micro"]
    assert found["sizes"][-1]["mean"] == pytest.approx(whole)
    assert [row["n"] for row in found["sizes"]] == [1, 2, 4, 8, 16]
    assert [row["draws"] for row in found["sizes"]] == [5, 5, 5, 5, 1]
    by_sex = ask(*curve, "--site", "sex")
    assert [row["n"] for row in by_sex["sizes"]] == [1, 2]
    assert "values of specimen" in cli(*curve)[1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("split",), "needs both --query and --gallery"),
        (("transfer",), "needs both --query and --gallery"),
        (("kfold", *SPLIT), "--protocol kfold takes --folds, --group, --seed and --classifiers"),
        (("leave-one-out", *SPLIT), "--query belongs to --protocol split, transfer"),
        (("kfold", "--spaces", "base,tuned"), "--spaces belongs to --protocol leave-one-out or"),
    ],
)
def test_options_that_a_protocol_would_not_use_are_refused(
    folder: Path, cli: Cli, options: tuple[str, ...], message: str
) -> None:
    code, _, err = cli("eval", folder, "--protocol", *options)
    assert code == 2
    assert message in err.replace("\n", " ")
