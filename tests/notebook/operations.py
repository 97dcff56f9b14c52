"""The operations, in the order in which they are done: how every door is asked for each.

Python and the client are asked by the same words. A door that lacks an operation says why, and how
one sees that it does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from holotype.notebook.opened import OpenCollection

from .doors import CommandLine, RefusedError, Web

Given = Any  # what an operation finds in the collection before it is done
Shape = Callable[[Any], Any]


@dataclass(frozen=True)
class Lacks:
    """A door without an operation.

    Attributes:
        why: the reason.
        probe: what the door is asked to see that: words of a command, an address, or the call.
    """

    why: str
    probe: tuple[str, ...] = ()


@dataclass(frozen=True)
class Operation:
    """Something that a user does.

    Attributes:
        name: in words.
        python: asks an open collection, on this machine and behind a service.
        cli, http: ask the other doors, or say why they cannot.
        before: what is looked up first, in the collection that Python has.
        shape: what is compared of what Python and the client give.
        cli_shape, http_shape: the same of the others.
        client: why the client lacks it.
    """

    name: str
    python: Callable[[OpenCollection, Given], Any]
    cli: Callable[[CommandLine, Given], Any] | Lacks
    http: Callable[[Web, Given], Any] | Lacks
    before: Callable[[OpenCollection], Given] = lambda _: None
    shape: Shape = lambda found: found
    cli_shape: Shape = lambda found: found
    http_shape: Shape = lambda found: found
    client: Lacks | None = None


NO_RECORDS = Lacks("the command line answers questions; records are looked at in Python and pages")
SIGN: Any = {"by": "A. Curator", "why": "looked through"}
SIGNED = ("--by", SIGN["by"], "--why", SIGN["why"])


def keys(*names: str) -> Shape:
    """Compare these only."""
    return lambda found: {name: found[name] for name in names}


def within(name: str) -> Shape:
    """Compare what stands under a name."""
    return lambda found: found[name]


def without_next(page: Any) -> Any:
    """Of a page that holds all, what is in it."""
    return {name: value for name, value in page.items() if name != "next"}


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def events(found: Any) -> Any:
    """Of the log of a specimen, what its history says too."""
    if isinstance(found, Mapping) and "events" in found:
        found = found["events"]
    own = ("determination_id", "specimen_id", "taxon", "before", "after", "stands", "undoes")
    return [{name: one[name] for name in own} for one in found]


def taken_back(found: Any, by: str = ", by A. Curator") -> Any:
    """Of several that were taken back, the undos and the numbers of those that were left."""
    left = [keys("determination_id", "specimen_id")(one) for one in found["left_out"]]
    assert all(f"undone already{by}" in one["why"] for one in found["left_out"])
    return [events(found["determinations"]), left]


def decided(found: Any) -> Any:
    return found["determinations"] if isinstance(found, Mapping) else found


def of_questions(stock: Path, trip: Path) -> list[Operation]:
    """What is it, and what is like it?"""
    new, other, stored = trip / "new.png", trip / "new-2.png", stock / "1-0.png"
    bad = trip / "bad.png"
    many = Lacks("a request is about one specimen; many are a job, whose answers are a table")
    return [
        Operation(
            "identify a picture",
            lambda c, _: c.identify(new),
            lambda cli, _: cli.within("identify", new),
            lambda web, _: {**web.form("identify", "images", [new]), "image": str(new)},
        ),
        Operation(
            "identify with another risk, prior and number of neighbours",
            lambda c, _: c.identify(new, risk=0.3, prior=0.5, k=3),
            lambda cli, _: cli.within("identify", new, "--risk", 0.3, "--prior", 0.5, "--k", 3),
            lambda web, _: {
                **web.form("identify", "images", [new], risk="0.3", prior="0.5", k="3"),
                "image": str(new),
            },
        ),
        Operation(
            "identify among one family",
            lambda c, _: c.identify(new, only={"family": "Noctuidae"}),
            lambda cli, _: cli.within("identify", new, "--only", "family=Noctuidae"),
            lambda web, _: {
                **web.form("identify", "images", [new], only=["family=Noctuidae"]),
                "image": str(new),
            },
        ),
        Operation(
            "identify a specimen by two pictures",
            lambda c, _: c.identify([new, other], same_specimen=True),
            lambda cli, _: cli.within("identify", new, other, "--same-specimen"),
            lambda web, _: {**web.form("identify", "images", [new, other]), "image": str(new)},
        ),
        Operation(
            "identify a picture that is stored, without its own specimen",
            lambda c, _: c.identify(stored),
            lambda cli, _: cli.within("identify", stored),
            lambda web, _: {**web.form("identify", "images", [stored]), "image": str(stored)},
        ),
        Operation(
            "identify several pictures, a bad one among them",
            lambda c, _: c.identify([new, bad, stored]),
            lambda cli, _: cli.within("identify", new, bad, stored),
            many,
        ),
        Operation(
            "identify a folder",
            lambda c, _: c.identify_all(trip),
            lambda cli, _: cli.within("identify", trip),
            many,
        ),
        Operation(
            "identify a stored image",
            lambda c, _: c.identify(image_id="2-1.png", k=4),
            Lacks("a stored image is named by its picture", ("identify", "--id", "2-1.png")),
            lambda web, _: web.post("identify", {"image_id": "2-1.png", "k": 4}),
        ),
        Operation(
            "identify what is no picture",
            lambda c, _: c.identify(bad),
            lambda cli, _: cli.within("identify", bad),
            Lacks("a service does not know the path that the sentence names"),
        ),
        Operation(
            "identify with a risk that is none",
            lambda c, _: c.identify(new, risk=1.5),
            lambda cli, _: cli.within("identify", new, "--risk", 1.5),
            lambda web, _: web.form("identify", "images", [new], risk="1.5"),
        ),
        Operation(
            "identify in a space that is not there",
            lambda c, _: c.identify(new, space="nowhere"),
            lambda cli, _: cli.within("identify", new, "--space", "nowhere"),
            lambda web, _: web.form("identify", "images", [new], space="nowhere"),
        ),
        Operation(
            "identify among a family that is not there",
            lambda c, _: c.identify(new, only={"family": "Sphingidae"}),
            lambda cli, _: cli.within("identify", new, "--only", "family=Sphingidae"),
            lambda web, _: web.form("identify", "images", [new], only=["family=Sphingidae"]),
        ),
        Operation(
            "search by a picture",
            lambda c, _: c.search(new),
            lambda cli, _: cli.within("search", new),
            lambda web, _: web.form("search", "image", [new]),
        ),
        Operation(
            "search a few among one family",
            lambda c, _: c.search(new, k=3, where={"family": "Noctuidae"}),
            lambda cli, _: cli.within("search", new, "--k", 3, "--where", "family=Noctuidae"),
            lambda web, _: web.form("search", "image", [new], k="3", where=["family=Noctuidae"]),
        ),
        Operation(
            "search with two conditions, one a list",
            lambda c, _: c.search(new, where={"genus": ["Xestia", "Salmo"], "sex": "f"}),
            lambda cli, _: cli.within(
                "search", new, "--where", "genus=Xestia|Salmo", "--where", "sex=f"
            ),
            lambda web, _: web.form(
                "search", "image", [new], where=["genus=Xestia|Salmo", "sex=f"]
            ),
        ),
        Operation(
            "search by a stored image, among the large",
            lambda c, _: c.search(image_id="3-1.png", where="size>=20"),
            lambda cli, _: cli.within("search", "--id", "3-1.png", "--where", "size>=20"),
            lambda web, _: web.post("search", {"image_id": "3-1.png", "where": ["size>=20"]}),
        ),
        Operation(
            "search by words, which the encoder does not know",
            lambda c, _: c.search(text="a red moth"),
            lambda cli, _: cli.within("search", "--text", "a red moth"),
            lambda web, _: web.post("search", {"text": "a red moth"}),
        ),
        Operation(
            "search by a vector",
            lambda c, vector: c.search(vector=vector, k=2),
            Lacks("nobody types a vector", ("search", "--vector", "1")),
            lambda web, vector: web.post("search", {"vector": vector, "k": 2}),
            before=lambda c: [1.0, -0.5] * (c.info()["spaces"][0]["dim"] // 2),
        ),
        Operation(
            "search for more than may be asked for",
            lambda c, _: c.search(new, k=100_000),
            lambda cli, _: cli.within("search", new, "--k", 100_000),
            lambda web, _: web.form("search", "image", [new], k="100000"),
        ),
        Operation(
            "search with a column that is not there",
            lambda c, _: c.search(new, where={"colour": "red"}),
            lambda cli, _: cli.within("search", new, "--where", "colour=red"),
            lambda web, _: web.form("search", "image", [new], where=["colour=red"]),
        ),
        Operation(
            "search by an image that is not there",
            lambda c, _: c.search(image_id="gone.png"),
            lambda cli, _: cli.within("search", "--id", "gone.png"),
            lambda web, _: web.post("search", {"image_id": "gone.png"}),
        ),
        Operation(
            "look at a small picture",
            lambda c, _: digest(c.thumbnail("1-0.png")),
            NO_RECORDS,
            lambda web, _: digest(web.raw("images/1-0.png/thumbnail")),
        ),
        Operation(
            "look at a picture itself",
            lambda c, _: digest(c.picture("1-0.png")),
            NO_RECORDS,
            lambda web, _: digest(web.raw("images/1-0.png/picture")),
        ),
    ]


def of_records(stock: Path, trip: Path, scratch: Path) -> list[Operation]:
    """What is there, what comes and what goes."""
    counts = keys("images", "specimens", "taxa", "splits")
    added = keys("embedded", "unchanged", "left_out")
    more = scratch / "more"
    return [
        Operation(
            "count what is there",
            lambda c, _: c.info(),
            lambda cli, _: cli("collection", "info", cli.folder),
            lambda web, _: web.get("spaces"),
            shape=counts,
            cli_shape=counts,
            http_shape=counts,
        ),
        Operation(
            "look at an image",
            lambda c, _: c.image("3-0.png"),
            NO_RECORDS,
            lambda web, _: web.get("images/3-0.png"),
        ),
        Operation(
            "look at an image that is not there",
            lambda c, _: c.image("gone.png"),
            NO_RECORDS,
            lambda web, _: web.get("images/gone.png"),
        ),
        Operation(
            "list all images",
            lambda c, _: list(c.images()),
            NO_RECORDS,
            lambda web, _: web.get("images", limit=1000)["images"],
        ),
        Operation(
            "list images of one family and sex",
            lambda c, _: list(c.images({"family": "Erebidae", "sex": "m"})),
            NO_RECORDS,
            lambda web, _: web.get("images", where=["family=Erebidae", "sex=m"])["images"],
        ),
        Operation(
            "a table of images",
            lambda c, _: c.to_pandas({"genus": "Salmo"}).to_dict("records"),
            NO_RECORDS,
            Lacks("a table is made of the list"),
            shape=lambda rows: [one["image_id"] for one in rows],
        ),
        Operation(
            "look at a specimen",
            lambda c, _: c.specimen("3-0"),
            NO_RECORDS,
            lambda web, _: web.get("specimens/3-0"),
            http_shape=without_next,
        ),
        Operation(
            "what a specimen was called",
            lambda c, _: c.history("3-0"),
            lambda cli, _: cli("collection", "log", cli.folder, "--specimen", "3-0", "--imports"),
            lambda web, _: web.get("specimens/3-0/history"),
            shape=events,
            cli_shape=events,
            http_shape=events,
        ),
        Operation(
            "list taxa",
            lambda c, _: c.taxa().to_dict("records"),
            NO_RECORDS,
            lambda web, _: web.get("taxa")["taxa"],
        ),
        Operation(
            "list genera",
            lambda c, _: c.taxa("genus").to_dict("records"),
            NO_RECORDS,
            lambda web, _: web.get("taxa", rank="genus")["taxa"],
        ),
        Operation(
            "list taxa of a rank that is none",
            lambda c, _: c.taxa("tribe"),
            NO_RECORDS,
            lambda web, _: web.get("taxa", rank="tribe"),
        ),
        Operation(
            "the top of the tree of taxa",
            lambda c, _: c.tree(),
            NO_RECORDS,
            lambda web, _: web.get("taxa/tree"),
            http_shape=without_next,
        ),
        Operation(
            "what lies under a family",
            lambda c, _: c.tree("family:Noctuidae"),
            NO_RECORDS,
            lambda web, _: web.get("taxa/tree", under="family:Noctuidae"),
            http_shape=without_next,
        ),
        Operation(
            "a species and what it is confused with",
            lambda c, _: c.taxon("species", "Xestia nigra"),
            NO_RECORDS,
            lambda web, _: web.get("taxa/species/Xestia nigra"),
        ),
        Operation(
            "a taxon that is not there",
            lambda c, _: c.taxon("genus", "Sphinx"),
            NO_RECORDS,
            lambda web, _: web.get("taxa/genus/Sphinx"),
        ),
        Operation(
            "correct what is said of an image",
            lambda c, _: c.describe("8-1.png", locality="Oxford", metadata={"sex": "m"}),
            Lacks("a table that is ingested again corrects", ("collection", "describe")),
            lambda web, _: web.patch(
                "images/8-1.png", {"locality": "Oxford", "metadata": {"sex": "m"}}
            ),
        ),
        Operation(
            "correct a field that is none",
            lambda c, _: "refused" if refuses(lambda: c.describe("8-1.png", colour="red")) else "",
            Lacks("a table that is ingested again corrects"),
            lambda web, _: (
                "refused" if refuses(lambda: web.patch("images/8-1.png", {"colour": "red"})) else ""
            ),
        ),
        Operation(
            "add a folder",
            lambda c, _: c.add(more),
            lambda cli, _: cli("ingest", more, "--to", cli.folder, *_encoder(cli)),
            lambda web, _: _put_all(web, more),
            shape=added,
            cli_shape=added,
        ),
        Operation(
            "what was added, as it is stored",
            lambda c, _: list(c.images({"species": "Salmo alba", "split": None})),
            NO_RECORDS,
            lambda web, _: web.get("images", where=["species=Salmo alba", "split="])["images"],
        ),
        Operation(
            "add it again",
            lambda c, _: c.add(more),
            lambda cli, _: cli("ingest", more, "--to", cli.folder, *_encoder(cli)),
            lambda web, _: _put_all(web, more),
            shape=added,
            cli_shape=added,
        ),
        Operation(
            "add a table with a row that names no file",
            lambda c, _: c.add(scratch / "rows.csv"),
            lambda cli, _: cli("ingest", scratch / "rows.csv", "--to", cli.folder, *_encoder(cli)),
            lambda web, _: {
                "embedded": len(
                    web.put("images/row", scratch / "row.png", species="Salmo alba")["embedded"]
                )
            },
            shape=keys("embedded"),
            cli_shape=keys("embedded"),
        ),
        Operation(
            "what was wrong with that table",
            lambda c, _: c.add(scratch / "rows.csv"),
            lambda cli, _: cli("ingest", scratch / "rows.csv", "--to", cli.folder, *_encoder(cli)),
            Lacks("a request is one picture; tables are read by who sends them"),
            shape=keys("unchanged", "left_out", "left_out_by_reason", "problems"),
            cli_shape=keys("unchanged", "left_out", "left_out_by_reason", "problems"),
        ),
        Operation(
            "name a specimen",
            lambda c, _: c.determine("4-1", "Xestia nigra", **SIGN),
            lambda cli, _: cli(
                *("review", cli.folder, "--specimen", "4-1", "--correct", "Xestia nigra", *SIGNED)
            )[0],
            lambda web, _: web.post(
                "determinations", {"specimen_id": "4-1", "name": "Xestia nigra", **SIGN}
            ),
        ),
        Operation(
            "name a specimen with what is no name",
            lambda c, _: c.determine("4-1", "genus=xestia alba nova", **SIGN),
            lambda cli, _: cli(
                *("review", cli.folder, "--specimen", "4-1"),
                *("--correct", "genus=xestia alba nova", *SIGNED),
            ),
            lambda web, _: web.post(
                "determinations", {"specimen_id": "4-1", "name": "genus=xestia alba nova", **SIGN}
            ),
        ),
        Operation(
            "take that name back",
            lambda c, number: c.undo(determination=number, **SIGN),
            lambda cli, number: cli("collection", "undo", cli.folder, number, "--yes", *SIGNED),
            lambda web, number: web.post(f"determinations/{number}/undo", SIGN),
            before=lambda c: c.history("4-1")["events"][-1]["determination_id"],
            cli_shape=lambda found: [found["determination_id"]],
            http_shape=lambda found: [found["determination_id"]],
        ),
        Operation(
            "take several back, one of which is taken back already",
            lambda c, numbers: c.undo_many(numbers, **SIGN),
            _undo_each,
            lambda web, numbers: web.post(
                "determinations/undo", {"determination_ids": numbers, **SIGN}
            ),
            before=lambda c: [e["determination_id"] for e in c.history("4-1")["events"][-2:]],
            shape=taken_back,
            cli_shape=lambda found: taken_back(found, by=""),  # one at a time, it says no name
            http_shape=taken_back,
        ),
        Operation(
            "delete an image",
            lambda c, _: c.delete("5-3.png", **SIGN),
            lambda cli, _: cli("collection", "delete", cli.folder, "--id", "5-3.png", *SIGNED),
            lambda web, _: (
                web.delete("images/5-3.png", **SIGN) or {"deleted": 1, "image_ids": ["5-3.png"]}
            ),
        ),
        Operation(
            "delete an image that is not there",
            lambda c, _: c.delete("gone.png", **SIGN),
            lambda cli, _: cli("collection", "delete", cli.folder, "--id", "gone.png", *SIGNED),
            lambda web, _: web.delete("images/gone.png", **SIGN),
        ),
        Operation(
            "see what a condition would delete",
            lambda c, _: c.delete(where={"genus": "Rutilus", "sex": "f"}, **SIGN),
            lambda cli, _: cli(
                *("collection", "delete", cli.folder),
                *("--where", "genus=Rutilus", "--where", "sex=f", *SIGNED),
            ),
            Lacks("images are listed by conditions, and deleted by ids"),
            shape=keys("deleted", "image_ids"),
            cli_shape=keys("deleted", "image_ids"),
        ),
        Operation(
            "delete by a condition",
            lambda c, _: c.delete(where={"species": "Rutilus fusca", "sex": "f"}, yes=True, **SIGN),
            lambda cli, _: cli(
                *("collection", "delete", cli.folder, "--yes"),
                *("--where", "species=Rutilus fusca", "--where", "sex=f", *SIGNED),
            ),
            lambda web, _: _delete_all(web, ["species=Rutilus fusca", "sex=f"]),
        ),
    ]


def of_work(scratch: Path) -> list[Operation]:
    """Better spaces, confidence, figures, maps, and copies."""
    figures = keys("summary", "n", "ranks")
    mapped = keys("space", "images", "placed", "parameters", "quality")
    return [
        Operation(
            "tune",
            lambda c, _: c.tune(where={"split": "train"}),
            lambda cli, _: cli("tune", cli.folder, "--where", "split=train"),
            lambda web, _: web.job("tune", where=["split=train"]),
        ),
        Operation(
            "search in the tuned space",
            lambda c, _: c.search(image_id="3-1.png", space="tuned", k=4),
            lambda cli, _: cli.within("search", "--id", "3-1.png", "--space", "tuned", "--k", 4),
            lambda web, _: web.post("search", {"image_id": "3-1.png", "space": "tuned", "k": 4}),
        ),
        Operation(
            "tune into a space of pictures",
            lambda c, _: c.tune("base"),
            lambda cli, _: cli("tune", cli.folder, "--as", "base"),
            lambda web, _: web.job("tune", name="base"),
        ),
        Operation(
            "whether it is calibrated, before",
            lambda c, _: c.calibration(),
            NO_RECORDS,
            lambda web, _: web.get("spaces/base/calibration"),
        ),
        Operation(
            "calibrate",
            lambda c, _: c.calibrate(),
            lambda cli, _: cli("calibrate", cli.folder),
            lambda web, _: web.job("calibrate"),
        ),
        Operation(
            "whether it is calibrated, after",
            lambda c, _: c.calibration(),
            NO_RECORDS,
            lambda web, _: web.get("spaces/base/calibration"),
        ),
        Operation(
            "measure, every image asking all others",
            lambda c, _: c.evaluate(),
            lambda cli, _: cli("eval", cli.folder),
            lambda web, _: _figures(web, {"protocol": "leave-one-out"}),
            shape=figures,
            cli_shape=figures,
            http_shape=figures,
        ),
        Operation(
            "measure a split",
            lambda c, _: c.evaluate(query={"split": "test"}, gallery={"split": "train"}),
            lambda cli, _: cli(
                "eval", cli.folder, "--query", "split=test", "--gallery", "split=train"
            ),
            lambda web, _: _figures(
                web, {"protocol": "split", "query": ["split=test"], "gallery": ["split=train"]}
            ),
            shape=figures,
            cli_shape=figures,
            http_shape=figures,
        ),
        Operation(
            "measure in folds",
            lambda c, _: c.evaluate("kfold", folds=3, group="specimen"),
            lambda cli, _: cli("eval", cli.folder, "--protocol", "kfold", "--folds", 3),
            lambda web, _: _figures(web, {"protocol": "kfold", "folds": 3, "group": "specimen"}),
            shape=figures,
            cli_shape=figures,
            http_shape=figures,
        ),
        Operation(
            "map",
            lambda c, _: c.map(method="pca"),
            lambda cli, _: cli("map", cli.folder, "--method", "pca"),
            lambda web, _: web.job("map", method="pca"),
            shape=mapped,
            cli_shape=mapped,
            http_shape=mapped,
        ),
        Operation(
            "places in the map",
            lambda c, _: c.map(method="pca", colour="sex").to_pandas()["image_id"].tolist(),
            Lacks("a table is written to a file", ("map", "nowhere", "--columns", "sex")),
            Lacks("a stream of Arrow columns, which the client reads"),
        ),
        Operation(
            "write the determinations as Darwin Core",
            lambda c, door: c.export(determinations=scratch / f"{id(c)}.csv"),
            lambda cli, _: cli("export", cli.folder, "--determinations", scratch / "cli.csv"),
            lambda web, _: {
                "determinations": len(web.raw("determinations.csv").decode().splitlines()) - 1
            },
            shape=keys("determinations"),
            cli_shape=keys("determinations"),
        ),
        Operation(
            "write records and vectors",
            lambda c, _: c.export(scratch / f"{id(c)}.parquet"),
            lambda cli, _: cli("export", cli.folder, "--out", scratch / "cli.parquet"),
            Lacks("vectors are written where the collection lies", ("GET", "/v1/export")),
            shape=keys("rows"),
            cli_shape=keys("rows"),
            client=Lacks("vectors are written where the collection lies"),
        ),
        Operation(
            "copy the collection",
            lambda c, _: c.snapshot(scratch / f"{id(c)}"),
            lambda cli, _: cli("collection", "snapshot", cli.folder, scratch / "cli"),
            Lacks("a copy is made where the collection lies", ("POST", "/v1/snapshots")),
            shape=keys("images", "missing"),
            cli_shape=keys("images", "missing"),
            client=Lacks("a copy is made where the collection lies"),
        ),
        Operation(
            "check the collection",
            lambda c, _: c.verify(),
            lambda cli, _: cli("collection", "verify", cli.folder),
            Lacks("files are checked where they lie", ("GET", "/v1/verify")),
            shape=keys("ok", "errors"),
            cli_shape=keys("ok", "errors"),
            client=Lacks("files are checked where they lie"),
        ),
    ]


def of_curation() -> list[Operation]:
    """Candidate species, queues, and decisions."""
    grouped = keys("set_aside", "clusters", "k")
    whole: Any = {"shape": decided, "cli_shape": decided, "http_shape": decided}

    def first(c: OpenCollection) -> Any:
        return c.clusters()[0]

    def on_cluster(kind: str, **said: Any) -> Callable[[Web, Any], Any]:
        def ask(web: Web, one: Any) -> Any:
            return web.post(f"clusters/{one.id}/{kind}", {**SIGN, "version": one.version, **said})

        return ask

    def clusters(*words: object) -> Callable[[CommandLine, Any], Any]:
        return lambda cli, one: cli.within("clusters", words[0], one.id, *words[1:], *SIGNED)

    return [
        Operation(
            "the queue of doubtful names",
            lambda c, _: c.review(),
            lambda cli, _: cli("review", cli.folder),
            lambda web, _: web.get("queues/mislabels"),
        ),
        Operation(
            "the second entry of what lies far",
            lambda c, _: c.review("far", offset=1, limit=1),
            lambda cli, _: cli("review", cli.folder, "--queue", "far", "--offset", 1, "--limit", 1),
            lambda web, _: web.get("queues/far", offset=1, limit=1),
        ),
        Operation(
            "a queue that is not there",
            lambda c, _: c.review("odd"),
            lambda cli, _: cli("review", cli.folder, "--queue", "odd"),
            lambda web, _: web.get("queues/odd"),
        ),
        Operation(
            "accept the name that the queue proposes",
            lambda c, one: c.accept_proposed(one, **SIGN),
            lambda cli, one: cli("review", cli.folder, "--specimen", one, "--accept", *SIGNED),
            lambda web, one: web.post("queues/mislabels/accept", {"specimen_ids": [one], **SIGN}),
            before=lambda c: c.review()[0]["specimen_ids"][0],
            **whole,
        ),
        Operation(
            "correct a name",
            lambda c, _: c.correct("6-1", "Agrotis fusca", **SIGN),
            lambda cli, _: cli(
                "review", cli.folder, "--specimen", "6-1", "--correct", "Agrotis fusca", *SIGNED
            ),
            lambda web, _: web.post(
                "queues/mislabels/correct",
                {"specimen_ids": ["6-1"], "name": "Agrotis fusca", **SIGN},
            ),
            **whole,
        ),
        Operation(
            "confirm a name",
            lambda c, _: c.dismiss("7-1", **SIGN),
            lambda cli, _: cli("review", cli.folder, "--specimen", "7-1", "--dismiss", *SIGNED),
            lambda web, _: web.post("queues/mislabels/dismiss", {"specimen_ids": ["7-1"], **SIGN}),
            **whole,
        ),
        Operation(
            "confirm the name of a specimen without one",
            lambda c, _: c.dismiss("one-1", **SIGN),
            lambda cli, _: cli("review", cli.folder, "--specimen", "one-1", "--dismiss", *SIGNED),
            lambda web, _: web.post(
                "queues/mislabels/dismiss", {"specimen_ids": ["one-1"], **SIGN}
            ),
        ),
        Operation(
            "look at clusters before there are any",
            lambda c, _: "refused" if refuses(c.clusters) else "",
            lambda cli, _: "refused" if refuses(lambda: cli.within("clusters", "list")) else "",
            lambda web, _: "refused" if refuses(lambda: web.get("clusters")) else "",
        ),
        Operation(
            "cluster the unnamed",
            lambda c, _: c.cluster(where={"split": "batch"}, k=3, by=SIGN["by"]),
            lambda cli, _: cli.within(
                "cluster", "--where", "split=batch", "--k", 3, "--by", SIGN["by"]
            ),
            lambda web, _: (
                web.job("cluster", where=["split=batch"], k=3, by=SIGN["by"])
                and without_next(web.get("clusters"))
            ),
        ),
        Operation(
            "cluster where nothing is unnamed",
            lambda c, _: c.cluster(where={"split": "train"}, by=SIGN["by"]),
            lambda cli, _: cli.within("cluster", "--where", "split=train", "--by", SIGN["by"]),
            lambda web, _: web.job("cluster", where=["split=train"], by=SIGN["by"]),
        ),
        Operation(
            "list clusters",
            lambda c, _: c.clusters(),
            lambda cli, _: cli.within("clusters", "list"),
            lambda web, _: web.get("clusters"),
            shape=grouped,
            cli_shape=grouped,
            http_shape=grouped,
        ),
        Operation(
            "list clusterings",
            lambda c, _: c.clusterings(),
            NO_RECORDS,
            lambda web, _: web.get("clusterings")["clusterings"],
        ),
        Operation(
            "look at a cluster",
            lambda c, one: c.cluster_now(one.id),
            lambda cli, one: cli.within("clusters", "show", one.id),
            lambda web, one: web.get(f"clusters/{one.id}"),
            before=first,
        ),
        Operation(
            "look at a cluster that is not there",
            lambda c, _: c.cluster_now(999),
            lambda cli, _: cli.within("clusters", "show", 999),
            lambda web, _: web.get("clusters/999"),
        ),
        Operation(
            "name a cluster",
            lambda c, one: c.name(one, "Xestia viridis", under="family=Noctuidae", **SIGN),
            lambda cli, one: cli.within(
                "name", one.id, "Xestia viridis", "--under", "family=Noctuidae", *SIGNED
            ),
            on_cluster("name", name="Xestia viridis", under="family=Noctuidae"),
            before=first,
        ),
        Operation(
            "the next question knows the name",
            lambda c, one: c.search(image_id=one.image_ids[0], k=3),
            lambda cli, one: cli.within("search", "--id", one.image_ids[0], "--k", 3),
            lambda web, one: web.post("search", {"image_id": one.image_ids[0], "k": 3}),
            before=first,
        ),
        Operation(
            "decide about a cluster that has changed since",
            lambda c, one: c.reject(one, **SIGN),
            lambda cli, one: cli.within(
                "clusters", "reject", one.id, "--version", one.version, *SIGNED
            ),
            on_cluster("reject"),
            before=lambda c: _outdated(c),
        ),
        Operation(
            "take the name of a cluster back",
            lambda c, number: c.undo(number, **SIGN),
            lambda cli, number: cli.within("undo", number, *SIGNED),
            lambda web, number: web.post(f"decisions/{number}/undo", SIGN),
            before=lambda c: c.decisions()[-1]["decision_id"],
            cli_shape=within("undos"),
            http_shape=within("undos"),
        ),
        Operation(
            "place a cluster",
            lambda c, one: c.place(one, "genus=Xestia", **SIGN),
            clusters("place", "genus=Xestia"),
            on_cluster("place", under="genus=Xestia"),
            before=first,
        ),
        Operation(
            "accept a provisional name",
            lambda c, one: c.accept(one, **SIGN),
            lambda cli, one: cli.within("accept", one.id, *SIGNED),
            on_cluster("accept"),
            before=lambda c: c.clusters()[1],
        ),
        Operation(
            "split a cluster",
            lambda c, one: c.split(one, 2, **SIGN),
            clusters("split", "--parts", 2),
            on_cluster("split", parts=2),
            before=first,
        ),
        Operation(
            "merge two clusters",
            lambda c, two: c.merge(two[0], two[1], **SIGN),
            lambda cli, two: cli.within("clusters", "merge", two[0].id, two[1].id, *SIGNED),
            lambda web, two: web.post(
                f"clusters/{two[0].id}/merge",
                {**SIGN, "version": two[0].version, "others": {str(two[1].id): two[1].version}},
            ),
            before=lambda c: (c.clusters()[0], c.clusters()[-1]),
        ),
        Operation(
            "move an image to a new cluster",
            lambda c, one: c.move(one, one.image_ids[0], "new", **SIGN),
            lambda cli, one: cli.within(
                "clusters", "move", one.id, one.image_ids[0], "--to", "new", *SIGNED
            ),
            lambda web, one: on_cluster("move", images=[one.image_ids[0]], to="new")(web, one),
            before=first,
        ),
        Operation(
            "move an image out of all clusters",
            lambda c, one: c.move(one.id, one.image_ids[0], None, **SIGN),
            lambda cli, one: cli.within(
                "clusters", "move", one.id, one.image_ids[0], "--to", "none", *SIGNED
            ),
            lambda web, one: on_cluster("move", images=[one.image_ids[0]], to=None)(web, one),
            before=first,
        ),
        Operation(
            "reject a cluster",
            lambda c, one: c.reject(one.id, **SIGN),
            clusters("reject"),
            on_cluster("reject"),
            before=lambda c: c.clusters()[-1],
        ),
        Operation(
            "leave a cluster for later",
            lambda c, one: c.set_aside(one, **SIGN),
            clusters("set-aside"),
            on_cluster("set-aside"),
            before=first,
        ),
        Operation(
            "what was decided",
            lambda c, _: c.decisions(),
            lambda cli, _: cli.within("clusters", "log"),
            lambda web, _: web.get("decisions")["decisions"],
        ),
        Operation(
            "take all back since the clustering",
            lambda c, number: c.undo(since=number, **SIGN),
            lambda cli, number: cli.within("undo", "--to", number, *SIGNED),
            lambda web, number: web.post(f"decisions/{number}/undo-since", SIGN),
            before=lambda c: c.decisions()[0]["decision_id"],
            cli_shape=within("undos"),
            http_shape=within("undos"),
        ),
    ]


def operations(stock: Path, trip: Path, scratch: Path) -> list[Operation]:
    """Return all of them, in their order.

    Args:
        stock: the folder of the pictures that the collection was made of.
        trip: a folder of new pictures, one of which is none.
        scratch: a folder for what is written, with more pictures to add.
    """
    return [
        *of_questions(stock, trip),
        *of_records(stock, trip, scratch),
        *of_work(scratch),
        *of_curation(),
    ]


def _encoder(cli: CommandLine) -> tuple[object, ...]:
    return ("--encoder", cli("collection", "info", cli.folder)["spaces"][0]["encoder"])


def _put_all(web: Web, folder: Path) -> dict[str, int]:
    made = [
        web.put(
            f"images/{file.relative_to(folder).as_posix()}",
            file,
            category=file.parent.parent.name,
            species=file.parent.name.replace("_", " "),
        )
        for file in sorted(folder.rglob("*.png"))
    ]
    embedded = sum(bool(one["embedded"]) for one in made)
    return {"embedded": embedded, "unchanged": len(made) - embedded, "left_out": 0}


def _delete_all(web: Web, where: list[str]) -> dict[str, Any]:
    ids = [one["image_id"] for one in web.get("images", where=where)["images"]]
    for image_id in ids:
        web.delete(f"images/{image_id}", **SIGN)
    return {"deleted": len(ids), "image_ids": ids}


def _undo_each(cli: CommandLine, numbers: list[int]) -> dict[str, Any]:
    """The command line takes back one determination at a time."""
    undos, left_out = [], []
    for number in numbers:
        try:
            undos.append(cli("collection", "undo", cli.folder, number, "--yes", *SIGNED))
        except RefusedError as error:
            left = {"determination_id": number, "specimen_id": "4-1", "why": str(error)}
            left_out.append(left)
    return {"determinations": undos, "left_out": left_out}


def _figures(web: Web, options: dict[str, Any]) -> Any:
    made = web.job("evaluate", **options)
    return web.get(f"evaluations/{made['evaluation']}")["figures"]


def _outdated(c: OpenCollection) -> Any:
    """Return a cluster as it was when it was made."""
    from holotype.notebook.shown.clusters import ShownCluster

    now = c.clusters()[0]
    made = c.decisions()[0]["decision_id"]
    return ShownCluster({**now.to_dict(), "version": made}, c.thumbnail)


def refuses(ask: Callable[[], Any]) -> bool:
    from holotype.index.errors import HolotypeError

    from .doors import RefusedError

    try:
        ask()
    except (HolotypeError, RefusedError):
        return True
    return False
