"""Pages and API below a prefix: addresses are made in one place, from the root of the service."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from holotype.service.app import create_app

from ..conftest import ROOT

SERVICE = ROOT / "service"
BUNDLES = sorted((SERVICE / "static").glob("*.js"))
TEMPLATES = sorted((SERVICE / "templates").glob("*.html"))
SHEETS = sorted((SERVICE / "static").glob("*.css"))

_ABSOLUTE = {
    "script": re.compile(r"""["'`]/[A-Za-z$][^"'`]*"""),
    "template": re.compile(r"""\b(?:href|src|action|poster|data-[a-z-]+)=["']/[^"']*"""),
    "sheet": re.compile(r"""url\(["']?/[^)]*"""),
}


@pytest.mark.parametrize(
    ("kind", "files"), [("script", BUNDLES), ("template", TEMPLATES), ("sheet", SHEETS)]
)
def test_no_address_begins_at_the_host(kind: str, files: list[Path]) -> None:
    assert files
    found = {file.name: _ABSOLUTE[kind].findall(file.read_text(encoding="utf-8")) for file in files}
    assert {name: absolute for name, absolute in found.items() if absolute} == {}


def test_a_page_below_a_prefix_links_below_it(served_folder: Path) -> None:
    app = create_app(served_folder)
    with TestClient(app, base_url="http://127.0.0.1", root_path="/a museum") as below:
        for path in ("/", "/explore", "/review", "/collection", "/evaluate", "/docs"):
            page = below.get(f"/a museum{path}")
            assert page.status_code == 200
            links = re.findall(r'\b(?:href|src)="(/[^"]*)"', page.text)
            assert len(links) > 8
            assert [link for link in links if not link.startswith("/a%20museum/")] == []
            assert 'data-root="/a%20museum"' in page.text
            assert page.text.count('aria-current="page"') >= 1
