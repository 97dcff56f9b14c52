"""Where the pictures of a table lie, however their paths are spelled."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote

from ..errors import PictureError
from .problems import some

_URL = re.compile(r"([a-z][a-z0-9+.-]+)://(.*)", re.IGNORECASE | re.DOTALL)
_DRIVE = re.compile(r"([A-Za-z]):[\\/]")
_MOST = 8  # files that are looked at, where many names are alike


@dataclass(frozen=True)
class Found:
    """A file that a path means.

    Attributes:
        file: the absolute path.
        spelling: what the path has otherwise than the file; empty where it is its own name.
    """

    file: str
    spelling: str = ""


@dataclass
class Paths:
    """The paths of one table; folders are listed once each.

    Args:
        root: absolute; relative paths start from it.
    """

    root: str
    _listed: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    _near: dict[str, list[str]] = field(default_factory=dict)

    def plain(self, path: str) -> str:
        """Return the absolute path of a file under its own name."""
        return os.path.normpath(os.path.join(self.root, path))

    def find(self, path: str) -> Found:
        """Return the one file that a path means which does not exist as it is written.

        Raises:
            PictureError: there is none, or there are several; saying what is wrong.
        """
        if "\0" in path:
            raise PictureError(f"{path!r} is not a file name (embedded null byte); correct it")
        self._refuse_elsewhere(path)
        for spelling, written in _spellings(path):
            file = self.plain(written)
            if spelling and os.path.exists(file):
                return Found(file, spelling)
        for spelling, written in _spellings(path):
            file = self.plain(written)
            near = self._nearly(file)
            if len(near) > 1:
                names = some((f"'{os.path.basename(file)}'" for file in near), " and ")
                raise PictureError(f"{path} may be {names}; write the path as the file has it")
            if near:
                return Found(
                    near[0], " and ".join(filter(None, [spelling, _letters(file, near[0])]))
                )
        raise PictureError(self._missing(path))

    def _refuse_elsewhere(self, path: str) -> None:
        url = _URL.fullmatch(path.strip("\"'"))
        if url and url[1].lower() != "file":
            raise PictureError(
                f"{path} is an address on the net; Holotype does not download: fetch the picture "
                "first and name the file"
            )
        host = url[2].partition("/")[0] if url else ""
        if host not in ("", "localhost", "~", ".", "..") and not _DRIVE.match(f"{host}/"):
            raise PictureError(
                f"{path} names a file of the machine '{host}'; a file of this one is file:///…"
            )
        if os.name == "nt":
            return
        plain = unquote(url[2].lstrip("/")) if url else path.strip("\"'")
        drive = _DRIVE.match(plain)
        if drive or plain.startswith("\\\\"):
            where = f"the drive {drive[1].upper()}: of" if drive else "a share of"
            raise PictureError(
                f"{path} is on {where} another machine (Windows){self._below(plain)}; write the "
                "path relative to the table"
            )

    def _below(self, path: str) -> str:
        """Return a hint at a file below the table that has the end of a path of another machine."""
        parts = path.replace("\\", "/").split("/")
        for first in range(1, len(parts)):
            end = "/".join(parts[first:])
            if end and os.path.isfile(self.plain(end)):
                return f"; '{end}' is there"
        return ""

    def name_of(self, file: str) -> str:
        """Return how a table would name a file: relative to the root where it lies below it."""
        inside = os.path.relpath(file, self.root)
        return file if inside.split(os.sep)[0] == ".." else inside.replace(os.sep, "/")

    def _nearly(self, file: str) -> list[str]:
        """Return the files and folders whose path differs in case or Unicode form alone."""
        folder, name = os.path.split(file)
        found = [
            os.path.join(place, one)
            for place in self._folders(folder)
            for one in self._names(place, name)
        ]
        return found[:_MOST]

    def _folders(self, folder: str) -> list[str]:
        """Return what `_nearly` does of a folder, kept: many files lie in one."""
        if folder not in self._near:
            is_top = folder == os.path.dirname(folder)
            self._near[folder] = [folder] if is_top else self._nearly(folder)
        return self._near[folder]

    def _names(self, folder: str, name: str) -> list[str]:
        """Return the names in a folder that are spelled like one; itself alone where it is."""
        if os.path.lexists(os.path.join(folder, name)):
            return [name]
        if folder not in self._listed:
            names: dict[str, list[str]] = {}
            try:
                for one in sorted(os.listdir(folder)):
                    names.setdefault(_folded(one), []).append(one)
            except OSError:
                names = {}
            self._listed[folder] = names
        return self._listed[folder].get(_folded(name), [])

    def _missing(self, path: str) -> str:
        shown = self.plain(path)
        if "\ufffd" in path:
            return f"{shown} has a name that is not UTF-8; rename the file"
        folder = os.path.dirname(shown)
        while not os.path.isdir(folder) and folder != os.path.dirname(folder):
            folder = os.path.dirname(folder)
        if folder != os.path.dirname(shown):
            return (
                f"{shown} does not exist ({folder} is the last folder that does); correct the path"
            )
        return f"{shown} does not exist; correct the path"


def _spellings(path: str) -> Iterator[tuple[str, str]]:
    """Yield what a path may mean, and what is then spelled otherwise; the path itself first."""
    seen = {path}
    yield "", path
    written = path
    changed: list[str] = []
    for name, respelled in (
        ("quotes", lambda text: text.strip("\"'")),
        ("file://", _without_scheme),
        ("~", lambda text: os.path.expanduser(text) if text.startswith(("~/", "~\\")) else text),
        ("backslashes", lambda text: text.replace("\\", "/")),
        ("%20", unquote),
        ("spaces", lambda text: "/".join(part.strip() for part in text.split("/"))),
    ):
        new = respelled(written)
        if new != written:
            written, changed = new, [*changed, name]
        if written not in seen:
            seen.add(written)
            yield " and ".join(changed), written


def _without_scheme(path: str) -> str:
    url = _URL.fullmatch(path)
    if not url or url[1].lower() != "file":
        return path
    host, slash, rest = url[2].partition("/")
    return slash + rest if host in ("", "localhost") else url[2]


def _letters(written: str, file: str) -> str:
    """Return what differs between a path and the file that it means."""
    one, other = (unicodedata.normalize("NFC", name) for name in (written, file))
    return "Unicode form" if one == other else "letter case"


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
