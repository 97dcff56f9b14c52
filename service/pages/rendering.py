"""Rendering: templates, the addresses of static files, and the navigation."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from urllib.parse import urlencode

from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader
from starlette.requests import Request

from holotype.version import __version__

from ..addresses import above_of, path_of, root_of
from .strings import COOKIE, LANGUAGES, counter, grouped, language_of, texts, translator

# The pages of a collection in the navigation, in its order: the key of its word, and its path
# below the root.
NAVIGATION = (
    ("identify", ""),
    ("explore", "explore"),
    ("review", "review"),
    ("collection", "collection"),
    ("evaluate", "evaluate"),
    ("api", "docs"),
)

FOLDER_NAVIGATION = (("collections", ""), ("api", "docs"))  # where several are served

_YEAR = 365 * 24 * 3600  # seconds


def rendered(
    request: Request, template: str, *, strings: tuple[str, ...] = (), **values: object
) -> HTMLResponse:
    """Return a page in the language of the request.

    Args:
        strings: the files of the table of strings that the page's script needs, beside `common`
            and `problem`.
        values: what the template shows.
    """
    language, root = language_of(request), root_of(request.scope)
    page = _templates().get_template(template)
    response = HTMLResponse(
        page.render(
            language=language,
            languages={code: _switched(request, code) for code in LANGUAGES},
            language_names=LANGUAGES,
            navigation=request.app.state.navigation,
            above=above_of(request.scope),
            root=root,
            here=path_of(request.scope).removeprefix("/"),
            asset=lambda name: f"{root}/static/{_versioned(name)}",
            strings=texts(language, ("common", "problem", *strings)),
            t=translator(language),
            count=counter(language),
            grouped=lambda number: grouped(language, number),
            **values,
        ),
        headers={"Content-Language": language, "Vary": "Accept-Language, Cookie"},
    )
    if request.query_params.get("language") == language:
        response.set_cookie(COOKIE, language, max_age=_YEAR, httponly=True, samesite="lax")
    return response


def _switched(request: Request, language: str) -> str:
    """Return the address of the same page in a language."""
    others = [pair for pair in request.query_params.multi_items() if pair[0] != "language"]
    return "?" + urlencode([*others, ("language", language)])


@cache
def _templates() -> Environment:
    loader = PackageLoader("holotype.service", "templates")
    templates = Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    templates.globals.update(version=__version__)
    return templates


@cache
def _versioned(name: str) -> str:
    """Return the name of a static file with a query, another one whenever its content changes."""
    content = files("holotype.service").joinpath("static", name).read_bytes()
    return f"{name}?v={hashlib.sha256(content).hexdigest()[:12]}"
