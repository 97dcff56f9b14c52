"""No sentence of a notebook names a command: all that lie below are told as methods."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import holotype
from holotype.eval.evaluations.protocols import PROTOCOLS
from holotype.notebook.door.sentences import ADDRESSES, METHODS, in_python
from holotype.notebook.opened import OpenCollection
from tests.conftest import ROOT

FOLDERS = ("index", "training", "eval", "service", "holotype/notebook")
# What a notebook cannot do, and who says it: it is done in a terminal.
ONLY_TYPED = {
    "collection compact": "files that are needed no more",
    "collection restore": "snapshots",
    "collection snapshot": "a snapshot that was used, to who restores it",
    "collection trust": "stores and encoders that a collection from elsewhere asks for",
    "serve": "a service",
    "train --show-config": "a file of settings",
}
# Options in sentences that a notebook never meets, as what says them is not among its methods.
NO_ARGUMENTS = {
    "imports": "the log of the command line",
    "json": "the lines of the command line",
    "last": "removing a space",
    "root_path": "serving behind a proxy",
    "tensorboard": "curves of a training in a terminal",
    "with_tuned": "removing a space",
}
# What is asked of a service of several collections, which has one client each.
OF_A_FOLDER = ("/v1/collections",)
ADDRESS = re.compile(r"(?<!\w)(GET |POST |PUT )?/v1/\w+ ")
COMMAND = re.compile(r"(?:'|: |^)holotype ([a-z]+(?: [a-z]+)?)")
OPTION = re.compile(r"(?<![\w-])(?<!install )--([a-z][a-z-]*)")


def texts(tree: ast.AST) -> Iterator[str]:
    """Yield the texts of a module that are no docstrings; of f-strings with X for each value."""
    documents = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    parts = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for part in node.values
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            values = (part.value if isinstance(part, ast.Constant) else "X" for part in node.values)
            yield "".join(map(str, values))
        elif isinstance(node, ast.Constant) and id(node) not in documents | parts:
            yield node.value if isinstance(node.value, str) else ""


@cache
def sentences() -> dict[str, str]:
    """Return every sentence with a way out that names a command, an option or an address."""
    found = {}
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            own = {"door", "node_modules", "schemas", "requests.py"}  # no sentences of their own
            if own & set(path.parts):
                continue
            for text in texts(ast.parse(path.read_text())):
                if " " in text.strip() and "\n" not in text and in_question(text):
                    found[text] = f"{path.relative_to(ROOT)}: {text}"
    return found


def in_question(text: str) -> bool:
    return bool(COMMAND.search(text) or OPTION.search(text) or re.search(r"(?<!\w)/v1/", text))


def test_there_is_a_method_for_each_command_that_a_sentence_names() -> None:
    found = sentences()
    assert len(found) > 80
    for text, where in found.items():
        quoted = text.startswith("holotype ")  # by the sentence that it is put into
        told = in_python(f"'{text}'" if quoted else text)
        for command in COMMAND.findall(told):
            known = [one for one in ONLY_TYPED if command in one or one in command]
            assert known, where
        assert not ADDRESS.search(told) or any(one in told for one in OF_A_FOLDER), where


def test_what_is_told_is_there() -> None:
    methods = {name: getattr(OpenCollection, name) for name in dir(OpenCollection)}
    assert set(METHODS.values()) <= set(methods)
    assert {one.partition("(")[0] for one in ADDRESSES.values()} <= set(methods)
    arguments = {
        name
        for method in (*methods.values(), holotype.open)
        if callable(method) and not isinstance(method, type)
        for name in _parameters(method)
    }
    arguments |= {option for protocol in PROTOCOLS.values() for option in protocol.options}
    for text, where in sentences().items():
        for option in OPTION.findall(text):
            told = in_python(f"see --{option}").removeprefix("see ").partition("=")[0]
            assert told in arguments | set(NO_ARGUMENTS) or Path(ROOT / told).is_file(), where


def _parameters(method: object) -> list[str]:
    return list(inspect.signature(method).parameters) if inspect.isfunction(method) else []


@pytest.mark.parametrize(
    ("sentence", "told"),
    [
        (
            "tune it with 'holotype tune c --space base --as t --where 'genus=A b'' and go on",
            'tune it with tune(space="base", name="t", where="genus=A b") and go on',
        ),
        (
            "use 'holotype eval c --space t --protocol kfold'",
            'evaluate(space="t", protocol="kfold")',
        ),
        ("run 'holotype review' on the collection", "run holotype.open(…).review() where it lies"),
        ("or take all back with 'holotype undo --to'", "or take all back with undo(since=…)"),
        (
            "run 'holotype collection trust c', or",
            "run 'holotype collection trust c' in a terminal",
        ),
        ("such as --levels split,species or", 'such as levels=["split", "species"] or'),
        ("Say --column path=image file, or", 'Say columns={"path": "image file"}, or'),
        ("choose another --as", "choose another name"),
        ("go on with --resume", "go on with resume=True"),
        ("pip install --no-deps milvus-lite", "pip install --no-deps milvus-lite"),
        ("http://127.0.0.1/v1/images answers", "http://127.0.0.1/v1/images answers"),
        ("no image 'holotype  ' is there", "no image 'holotype  ' is there"),
        ("'a--b.jpg' and x--y are no pictures", "'a--b.jpg' and x--y are no pictures"),
    ],
)
def test_ways_out_are_told_as_they_would_be_typed(sentence: str, told: str) -> None:
    assert told in in_python(sentence)
    assert in_python(in_python(sentence)) == in_python(sentence)
