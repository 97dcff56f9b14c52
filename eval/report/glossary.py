"""The section that explains every term of a report."""

from __future__ import annotations

import tomllib
from pathlib import Path

from .blocks import Section, Terms

_TERMS = Path(__file__).parent / "templates" / "terms.toml"


def glossary(*groups: str) -> Section:
    """Return the section with the terms of some groups of `terms.toml`, group by group."""
    known = tomllib.loads(_TERMS.read_text("utf-8"))
    terms = (term for group in groups for term in known[group].items())
    return Section("terms", "Terms", (Terms(tuple(terms)),))
