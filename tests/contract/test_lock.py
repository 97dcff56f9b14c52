"""Every package that is asked for is pinned, and to a version that will do."""

from __future__ import annotations

import re
import tomllib

from tests.conftest import ROOT

UNPINNED = {"bench", "milvus"}  # peers to compare with; milvus-lite is installed on its own


def names(requirements: list[str]) -> set[str]:
    found = {re.split(r"[\s\[<>=!~;]", one)[0] for one in requirements}
    return {re.sub(r"[-_.]+", "-", one).lower() for one in found} - {"holotype"}


def test_the_lock_names_what_the_program_and_its_extras_ask_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = names(project["dependencies"])
    for extra, wanted in project["optional-dependencies"].items():
        asked |= set() if extra in UNPINNED else names(wanted)
    lock = (ROOT / "requirements.lock").read_text().splitlines()
    assert asked <= names(lock)
    assert all(re.fullmatch(r"[\w.-]+==[\w.+]+( ; .+)?", line) for line in lock if line)
    assert lock == sorted(lock, key=lambda line: re.split("==| ", line)[0])
