"""Ways out are data: no sentence names a command, an option or a request as bare text."""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer.main

import holotype
from holotype.eval.evaluations.protocols import PROTOCOLS
from holotype.index.collection import Collection
from holotype.index.runtime import workers
from holotype.index.ways import FLAGS, NAMES, SHOWN, WAYS, Door, option, speaking, way, way_there
from holotype.notebook.opened import OpenCollection
from holotype.scripts.main import app
from holotype.service.app import create_app
from holotype.service.resources.work.kinds import KINDS
from tests.conftest import ROOT

STRINGS = ROOT / "service" / "templates" / "strings"
FOLDERS = ("index", "training", "eval", "service", "holotype/notebook")
# A command, an option, a request.
BARE = re.compile(
    r"\bholotype [a-z]+ [A-Za-z{'-]|'holotype |(?<![\w-])--[a-z]|(?:[A-Z]{3,} |; )/v1/"
)
# What is no way out of a sentence, or has one door only.
OTHERWISE = {
    "index/encoders/card_readme.py": "a text for whoever gets a checkpoint",
    "index/settings.py": "what a setting of the environment is for",
    "index/storage/milvus/connection.py": "an option of pip",
    "index/upkeep/snapshots.py": "restoring, which is done in a terminal",
    "index/ways.py": "the table",
    "eval/evaluations/protocols.py": "the help of the command line",
    "holotype/notebook/remote/http.py": "a service to be started in a terminal",
    "service/resources/work/jobs.py": "a request that follows a request",
    "service/served/folder.py": "several collections, which Python has a client each for",
    "service/schemas/work.py": "what a field is",
    "service/server.py": "how a service is started",
}
# Options of sentences that Python, or HTTP, never tells.
NOT_IN_PYTHON = {"imports", "json", "last", "show-config", "tensorboard", "with-tuned"}
NOT_OVER_HTTP = {"imports", "into-existing", "json", "last", "show-config", "store", "tensorboard"}


@cache
def modules() -> dict[str, ast.Module]:
    found = (path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py")))
    return {
        str(path.relative_to(ROOT)): ast.parse(path.read_text())
        for path in found
        if "node_modules" not in path.parts
    }


def texts(module: ast.Module) -> Iterator[str]:
    """Yield the texts of a module: no docstrings, and no names of ways out."""
    other = {id(call.args[0]) for call in calls(module)}
    other |= {id(node.value) for node in ast.walk(module) if isinstance(node, ast.Expr)}
    for node in ast.walk(module):
        if isinstance(node, ast.Constant) and id(node) not in other:
            yield node.value if isinstance(node.value, str) else ""


def calls(module: ast.Module) -> Iterator[ast.Call]:
    """Yield what words a way out."""
    for node in ast.walk(module):
        name = node.func if isinstance(node, ast.Call) else None
        if isinstance(name, ast.Name) and name.id in ("way", "way_there", "option"):
            assert isinstance(node, ast.Call)
            yield node


def worded(*kinds: str) -> Iterator[tuple[str, ast.Call]]:
    """Yield the name of every way out that code words, and how."""
    for place, module in modules().items():
        for call in calls(module) if place != "index/ways.py" else ():
            first = call.args[0]
            assert isinstance(call.func, ast.Name)
            if call.func.id in kinds and isinstance(first, ast.Constant):
                yield str(first.value), call


def test_no_sentence_names_a_way_out_as_bare_text() -> None:
    bare = {
        f"{place}: {text}"
        for place, module in modules().items()
        if place not in OTHERWISE
        for text in texts(module)
        if BARE.search(text)
    }
    assert bare == set()
    assert BARE.search("run 'holotype calibrate' first")
    assert BARE.search("; leave out --classifiers, or give other conditions")
    assert BARE.search("; POST /v1/clusters makes them")


def typed(words: tuple[str, ...], command: Any) -> dict[tuple[str, ...], set[str]]:
    """Return the options of a command and of those below it, by their words."""
    own = {one.removeprefix("--") for parameter in command.params for one in parameter.opts}
    found = {words: own}
    for name, below in getattr(command, "commands", {}).items():
        found |= typed((*words, name), below)
    return found


COMMANDS = typed((), typer.main.get_command(app))


def test_every_way_out_is_a_command_with_its_options() -> None:
    used = {"map", "review"}  # by what makes a file anew
    said = {name: set(re.findall(r"--([a-z-]+)", name)) for name in WAYS}
    for name, call in worded("way", "way_there"):
        used.add(name)
        said[name] |= {str(one.arg).rstrip("_").replace("_", "-") for one in call.keywords}
    assert used == set(WAYS)
    for name, options in said.items():
        words = tuple(re.findall(r"^[a-z]+(?: [a-z]+)?", name)[0].split())
        assert options <= COMMANDS[words], name


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the service says of itself."""
    folder = tmp_path_factory.mktemp("described") / "collection"
    Collection.create(folder).close()
    return create_app(folder).openapi()


def test_every_request_and_method_is_there(described: dict[str, Any]) -> None:
    for request, method, _ in WAYS.values():
        for verb, path in re.findall(r"([A-Z]+) (/v1/[\w/{}-]+)", request):
            assert verb.lower() in described["paths"][path], request
        assert set(re.findall(r"kind '(\w+)'", request)) <= set(KINDS)
        for name, argument in re.findall(r"^(\w+)\((\w*)", method):
            known = inspect.signature(getattr(OpenCollection, name)).parameters
            assert argument in {"", *known}, method


def test_what_the_pages_are_said_to_show_is_there() -> None:
    shown = {
        text["en"]
        for file in STRINGS.glob("*.json")
        for text in json.loads(file.read_text()).values()
    }
    places = {
        name for *_, place in WAYS.values() for name in re.findall(r"'(.+?)'|page (\w+)", place)
    }
    for name in {*SHOWN.values(), *filter(None, sum(places, ()))}:
        assert any(text.startswith(name) for text in shown), name


def fields_of(described: Any) -> Iterator[str]:
    """Yield the names of parameters, and of what JSON and forms hold."""
    if isinstance(described, dict):
        yield from described.get("properties", {})
        yield from (one["name"] for one in described.get("parameters", []) if "name" in one)
    if isinstance(described, dict | list):
        for one in described.values() if isinstance(described, dict) else described:
            yield from fields_of(one)


def test_every_option_has_its_name_at_every_door(described: dict[str, Any]) -> None:
    named = {name for name, _ in worded("option")}
    assert len(named) > 20
    methods = [getattr(OpenCollection, one) for one in dir(OpenCollection) if one[0] != "_"]
    functions = [one for one in (*methods, holotype.open) if inspect.isfunction(one)]
    arguments = {name for one in functions for name in inspect.signature(one).parameters}
    arguments |= {name for protocol in PROTOCOLS.values() for name in protocol.options}
    fields = set(fields_of(described))
    typed_ones = set().union(*COMMANDS.values())
    assert named | FLAGS <= typed_ones
    for name in named:
        told = NAMES.get(name, name.replace("-", "_"))
        assert (told in arguments) is (name not in NOT_IN_PYTHON), name
        assert told in fields or name in NOT_OVER_HTTP, name
    assert (ROOT / NAMES["show-config"]).is_file()


@pytest.mark.parametrize(
    ("tell", "told"),
    [
        (
            lambda: way("tune", "c", space="base", as_="t", where=["genus=A b", "split=train"]),
            (
                "'holotype tune c --space base --as t --where 'genus=A b' --where split=train'",
                "a job of kind 'tune' (POST /v1/jobs), space 'base', name 't', where 'genus=A b', "
                "where 'split=train'",
                'tune(space="base", name="t", where=["genus=A b", "split=train"])',
                "'holotype tune c --space base --as t --where 'genus=A b' --where split=train' "
                "in a terminal",
            ),
        ),
        (
            lambda: way("undo --to"),
            (
                "'holotype undo --to'",
                "POST /v1/decisions/{decision_id}/undo-since",
                "undo(since=…)",
                "'back to here' on the page Review",
            ),
        ),
        (
            lambda: way_there("review"),
            (
                "'holotype review' on the collection",
                "'holotype review' on the collection",
                "holotype.open(…).review() where it lies",
                "'holotype review' on the collection",
            ),
        ),
        (
            lambda: option("column", "path=image file"),
            (
                "--column path=image file",
                "'columns' path=image file",
                'columns={"path": "image file"}',
                "'column' path=image file",
            ),
        ),
        (
            lambda: option("pictures", Path("my pictures")),
            (
                "--pictures my pictures",
                "'pictures' my pictures",
                'pictures="my pictures"',
                "'pictures' my pictures",
            ),
        ),
        (lambda: option("as"), ("--as", "'name'", "name", "'as'")),
        (lambda: option("resume"), ("--resume", "'resume'", "resume=True", "'resume'")),
        (
            lambda: option("allow-leak"),
            (
                "--allow-leak",
                "'allow_leak'",
                "allow_leak=True",
                "'Also where pictures were learned from'",
            ),
        ),
        (
            lambda: way("eval", "c", space="tuned", protocol="kfold"),
            (
                "'holotype eval c --space tuned --protocol kfold'",
                "a job of kind 'evaluate' (POST /v1/jobs), space 'tuned', protocol 'kfold'",
                'evaluate(space="tuned", protocol="kfold")',
                "the page Evaluate, 'space' tuned, 'What is measured' in five parts",
            ),
        ),
        (lambda: option("folds", 5), ("--folds 5", "'folds' 5", "folds=5", "'folds' 5")),
    ],
)
def test_every_door_has_its_words(tell: Callable[[], str], told: tuple[str, ...]) -> None:
    found = []
    for door in Door:
        with speaking(door):
            found.append(tell())
    assert tuple(found) == told
    assert tell() == told[0], "and the command line's where nobody says"


def test_threads_speak_as_who_made_them() -> None:
    with speaking(Door.PYTHON), workers(2) as pool:
        assert {*pool.map(lambda _: way("tune"), range(8))} == {"tune()"}
    made = (path for path, module in modules().items() for node in ast.walk(module)
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "ThreadPoolExecutor"
            and path.partition("/")[0] in ("index", "training", "eval"))  # fmt: skip
    assert {*made} == {"index/runtime.py"}
