"""`holotype cluster`, `name`, `accept`, `undo` and `clusters …` as people use them."""

from __future__ import annotations

from pathlib import Path

import pytest

import holotype
from holotype.index.clusters.recipe import Recipe
from holotype.index.collection import Collection
from holotype.training.spaces import calibrate_space
from tests.conftest import Ask, Cli
from tests.index.clusters.clouds import add_batch, drawer


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("holotype.training.clustering.kept.recipe_for", lambda *_, **__: Recipe())
    with drawer(tmp_path / "drawer") as made:
        add_batch(made, {"x one": 9, "x two": 7})
    return tmp_path / "drawer"


def test_from_a_batch_to_names_and_back(folder: Path, ask: Ask, cli: Cli) -> None:
    found = ask("cluster", "--in", folder, "--where", "split=batch", "--k", 2)
    assert set(found) >= {"set_aside", "clusters", "k", "parameters"}
    assert [one["size"] for one in found["clusters"]] == [9, 7]
    with Collection.open(folder) as opened:
        again = holotype.cluster(opened, where=["split=batch"], k=2)
    for one, same in zip(found["clusters"], again["clusters"], strict=True):
        assert {**one, "id": 0, "version": 0} == {**same, "id": 0, "version": 0}
    first, second = (one["id"] for one in found["clusters"])
    told = ask("name", first, "Xestia viridis", "--in", folder, "--by", "A", "--why", "green")
    assert told["cluster"]["state"] == "named"
    assert told["decision"]["remarks"] == "green"
    ask("accept", second, "--in", folder)
    assert ask("clusters", "show", second, "--in", folder)["name"] == "Xestia sp. 2"
    listed = ask("clusters", "list", "--in", folder, "--clustering", 1)
    assert [one["state"] for one in listed["clusters"]] == ["named", "named"]
    code, _, err = cli("name", first, "Xestia nova", "--in", folder, "--version", 1)
    assert (code, "has changed since version 1" in err) == (1, True)
    number = told["decision"]["decision_id"]
    ask("undo", number, "--in", folder)
    assert [one["stands"] for one in ask("clusters", "log", "--in", folder)][2] is False
    ask("undo", "--to", 1, "--in", folder)
    assert ask("clusters", "show", second, "--in", folder)["state"] == "open"


def test_people_read_what_a_cluster_is_like(folder: Path, cli: Cli) -> None:
    code, out, err = cli("cluster", "--in", folder, "--where", "split=batch", "--k", 2)
    assert code == 0
    assert "16 images in 2 clusters; 0 set aside" in out
    assert "Xestia sp. 1: 9 images, coherence 0.9" in out
    assert "near Xestia " in out
    assert "is not calibrated" in err
    for words in (
        ("place", 1, "family=Noctuidae"),
        ("merge", 1, 2),
        ("split", 1),
        ("move", 1, "batch x one 0", "--to", "new"),
        ("reject", 1),
        ("set-aside", 1),
        ("list",),
        ("log",),
    ):
        code, out, err = cli("clusters", *words, "--in", folder)
        assert (code, bool(out)) == (0, True), err


def test_the_range_of_numbers_of_clusters_is_told(folder: Path, ask: Ask) -> None:
    found = ask("cluster", "--in", folder, "--where", "split=batch")
    least, most = found["parameters"]["k_range"]
    assert least <= found["k"] <= most


def test_accepting_what_is_known_tells_what_takes_it_back(folder: Path, cli: Cli, ask: Ask) -> None:
    with Collection.open(folder) as opened:
        add_batch(opened, {"Xestia alba": 5, "Catocala rubra": 4}, split="known")
        calibrate_space(opened)
    ask("cluster", "--in", folder, "--where", "split=known", "--risk", 0.5, "--prior", 0)
    first = ask("cluster", "--in", folder, "--where", "split=batch", "--k", 2)["clusters"][0]
    found = ask("cluster", "--in", folder, "--where", "split=known", "--risk", 0.5, "--prior", 0)
    assert found["set_aside"]
    ask("name", first["id"], "Xestia viridis", "--in", folder)
    code, out, err = cli("accept", "--known", "--in", folder)
    assert code == 0, err
    taking_back = out.split("'holotype ")[1].split("'")[0].split()
    code, out, err = cli(*taking_back, "--by", "somebody else")
    assert (code, out) == (1, "")
    assert "Takes back decision" in err
    assert "Nothing was undone: others decided some of these." in err
    ask(*taking_back)
    states = {one["state"] for one in ask("clusters", "list", "--in", folder)["set_aside"]}
    assert states == {"open"}
    assert ask("clusters", "show", first["id"], "--in", folder)["state"] == "named"


def test_what_is_off_is_one_sentence(folder: Path, cli: Cli) -> None:
    for words, sentence in (
        (("cluster", "--in", folder), "Give either pictures"),
        (("clusters", "list", "--in", folder), "has no clusters"),
        (("name", 1, "Xestia alba", "--in", folder), "has no cluster 1"),
        (("undo", "--in", folder), "Give either the number"),
        (("undo", 5, "--in", folder), "has no decision 5"),
    ):
        code, _, err = cli(*words)
        assert (code, sentence in err) == (2, True), err
