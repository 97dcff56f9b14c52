"""What is wrong, as a page: for somebody who opened an address in a browser."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import Request
from fastapi.responses import HTMLResponse
from starlette.types import Scope

from ..addresses import path_of
from .rendering import rendered
from .strings import language_of, problem_title


def wants_page(scope: Scope) -> bool:
    """Return whether a browser asks for something to look at; programs and scripts do not."""
    asked = Request(scope).headers.get("accept", "")
    return scope["method"] in ("GET", "HEAD") and "text/html" in asked.lower()


def problem_page(
    scope: Scope, status: int, kind: str, title: str, detail: str, headers: Mapping[str, str]
) -> HTMLResponse:
    """Return a page that says what is wrong.

    Args:
        kind: the end of the problem's type, by which its title is translated.
        title: where the table of strings has no other.
    """
    request = Request(scope)
    page = rendered(
        request,
        "problem.html",
        heading=problem_title(language_of(request), kind) or title,
        detail=detail,
        home=path_of(scope) == "/",
    )
    page.status_code = status
    page.headers.update({**headers, "Vary": "Accept, Accept-Language, Cookie"})
    return page
