"""The pages speak every language in full, and their scripts are what the sources say."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from holotype.service.pages.strings import LANGUAGES, table

from ..conftest import ROOT

SERVICE = ROOT / "service"
SCRIPTS = sorted((SERVICE / "web" / "src").rglob("*.ts"))
TEMPLATES = sorted((SERVICE / "templates").glob("*.html"))

_KEY = re.compile(r"""(?:\bt|\bcount|\bsentence|\bsaid)\(\s*["'`]([a-z_]+\.[a-z_.]+)""")


def used() -> dict[str, Path]:
    """Every key that a template or a script names, and where."""
    found = {}
    for file in (*SCRIPTS, *TEMPLATES):
        text = file.read_text(encoding="utf-8")
        found.update({key.rstrip("."): file for key in _KEY.findall(text)})
    return found


def test_every_sentence_is_there_in_every_language() -> None:
    for key, said in table().items():
        assert said.keys() == LANGUAGES.keys(), key
        assert all(text.strip() for text in said.values()), key


def test_translations_have_the_same_places() -> None:
    for key, said in table().items():
        places = [sorted(re.findall(r"\{\w+\}", text)) for text in said.values()]
        assert places[1:] == places[:-1], key


def test_what_is_counted_has_a_form_for_one_and_one_for_more() -> None:
    counted = {key for key, said in table().items() if re.search(r"\{n\} [a-z]", said["en"])}
    told = {key for key in counted if not key.endswith((".one", ".other"))}
    stems = {key.rpartition(".")[0] for key in counted - told}
    assert {f"{stem}.{form}" for stem in stems for form in ("one", "other")} <= table().keys()
    # Of some; more than a limit; and a difference such as +1.0.
    assert told == {
        *("collection.adding", "identify.answered", "identify.at_most"),
        *("explore.too_many", "evaluate.points"),
    }


def test_every_key_that_is_named_exists() -> None:
    keys = table().keys()
    stems = {key.rpartition(".")[0] for key in keys}  # of common.rank.family, answer.added.one
    assert {key: file.name for key, file in used().items() if key not in keys | stems} == {}


def test_no_sentence_is_left_over() -> None:
    texts = "\n".join(file.read_text(encoding="utf-8") for file in (*SCRIPTS, *TEMPLATES))
    quoted = set(re.findall(r"[\"'`]([a-z_]+\.[a-z_.]*)", texts))
    # Of one of many, such as common.rank.family, the code names only how the key begins.
    named = {key for key in quoted if not key.endswith(".")}
    begun = tuple(key for key in quoted if key.endswith("."))
    left = [
        key
        for key in table()
        if key not in named and key.rpartition(".")[0] not in named and not key.startswith(begun)
    ]
    assert left == []


@pytest.mark.parametrize(
    ("header", "language"),
    [("", "en"), ("es-MX,es;q=0.9,en;q=0.8", "es"), ("fr, en;q=0.2, es;q=0.7", "es"), ("de", "en")],
)
def test_a_page_speaks_as_its_browser_asks(client: TestClient, header: str, language: str) -> None:
    answer = client.get("/", headers={"Accept-Language": header})
    assert f'<html lang="{language}">' in answer.text
    assert answer.headers["content-language"] == language
    assert (">Identificar<" in answer.text) == (language == "es")


def test_a_language_that_is_chosen_is_remembered(client: TestClient) -> None:
    try:
        assert '<html lang="es">' in client.get("/?language=es").text
        assert '<html lang="es">' in client.get("/docs").text
        assert '<html lang="es">' in client.get("/docs?language=xx").text
        assert '<html lang="en">' in client.get("/?language=en").text
    finally:
        client.cookies.clear()


@pytest.mark.parametrize("entry", [path.name for path in SCRIPTS if path.parent.name == "src"])
def test_a_script_is_what_the_sources_say(entry: str) -> None:
    bundle = SERVICE / "static" / entry.replace(".ts", ".js")
    *sources, told = bundle.read_text(encoding="utf-8").split(" */")[0].split(": ")[1].split()
    digest = hashlib.sha256()
    for source in sources:
        path = SERVICE / "web" / source
        digest.update(path.read_bytes() if path.is_file() else b"gone")
    assert digest.hexdigest() == told, f"service/static/{bundle.name} is stale; run 'make web'"
