"""What OpenAPI tells of the service, made true where the framework would not: problems, methods."""

from __future__ import annotations

import re
from typing import Any

from fastapi import FastAPI

PROBLEM_TYPE = "application/problem+json"

_PARAMETER = re.compile(r"\{[^}]*\}")


class DescribedApp(FastAPI):
    """An application whose description says that errors are problems."""

    def openapi(self) -> dict[str, Any]:
        """Return the description, made once."""
        if not self.openapi_schema:
            told = super().openapi()
            for operations in told["paths"].values():
                for operation in operations.values():
                    _as_problem(operation["responses"].get("default", {}))
        return self.openapi_schema or {}


def _as_problem(response: dict[str, Any]) -> None:
    content = response.get("content", {})
    if "application/json" in content:
        content[PROBLEM_TYPE] = content.pop("application/json")


def methods_of(app: FastAPI, path: str) -> list[str]:
    """Return the methods that a path is described with; of several templates the most special's.

    A path that is not described has none.
    """
    paths: dict[str, dict[str, Any]] = app.openapi()["paths"]
    for template in sorted(paths, key=_special, reverse=True):
        pattern = "(.+)".join(map(re.escape, _PARAMETER.split(template)))
        if re.fullmatch(pattern, path, re.DOTALL):
            return sorted(method.upper() for method in paths[template])
    return []


def _special(template: str) -> int:
    """Return how many characters of a template are its own."""
    return len(_PARAMETER.sub("", template))
