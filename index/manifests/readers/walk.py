"""The files below a folder: pictures by their content, and what is told of all the others.

Links to folders are followed, for reading only: each folder is read once, and none that holds the
folder that the walk began in. So a walk ends, whatever leads where.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

from ...database.connection import FILE as DATABASE
from ...files.regular import open_regular
from ...pictures.kinds import HEAD, READ_SUFFIXES, is_read, kind_of, why_unread
from ..problems import Problem, counted, some

_BY_CONTENT = re.compile("[0-9a-f]{64}")  # how a collection names its files
_LEFT_FOLDERS = (
    *("@eadir", "#recycle", "#snapshot", "$recycle.bin", "system volume information", "__macosx"),
    *("lost+found", "*.lrdata", "*.lrlibrary"),
)
_LEFT_FILES = (
    *("thumbs.db", "ehthumbs*.db", "desktop.ini", "picasa.ini", "zbthumbnail.info", "icon\r"),
    *("*.xmp", "*.aae", "*.thm", "*.pp3", "*.dop", "*.cos", "*.on1", "*.lrcat*", "*.lrmdb"),
    *("*_original", "*~", "*.bak", "~$*", "*.part", "*.crdownload", "*.download", "*.tmp"),
)

_TABLES = (".csv", ".tsv", ".xlsx", ".parquet")

_Key = tuple[int, int]  # a folder's device and number


@dataclass
class Walk:
    """What lies below a folder.

    Attributes:
        root: the folder.
        pictures: relative to it, in the order of their names.
        problems: of everything else, one each for what is left out, one for what is passed over.
    """

    root: Path
    pictures: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    _seen: dict[_Key, str] = field(default_factory=dict)
    _links: list[str] = field(default_factory=list)
    _followed: list[str] = field(default_factory=list)
    _left: list[str] = field(default_factory=list)
    _others: list[str] = field(default_factory=list)
    _collections: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._above = _folders_above(self.root)
        self._enter("")
        while self._links:  # after all plain folders, so that these keep their own names
            self._follow(self._links.pop(0))
        self.pictures = sorted(path for path in self.pictures if not self._is_copy(path))
        self._others = [path for path in self._others if not self._collection_of(path)]
        self._tell()

    def _enter(self, inside: str) -> None:
        """Look through a folder and what lies below it, links to other folders apart."""
        below = [inside]
        while below:
            folder = below.pop()
            try:
                if self._is_seen(folder):
                    continue
                with os.scandir(self.root / folder) as found:
                    entries = sorted(found, key=lambda entry: entry.name)
            except OSError as error:
                self._leave_out(folder, f"the folder cannot be read ({error.strerror})", "folder")
                continue
            if any(entry.name == DATABASE for entry in entries):
                self._collections.append(folder)
            for entry in entries:
                self._sort_in(entry, os.path.join(folder, entry.name), below)

    def _is_seen(self, folder: str) -> bool:
        """Return whether a folder has been read, under another name; from now on it has."""
        first = self._seen.setdefault(_key(self.root / folder), folder)
        if first != folder:
            self._note(f"{folder} is what is read as {first}; each is read once", folder)
        return first != folder

    def _sort_in(self, entry: os.DirEntry[str], path: str, below: list[str]) -> None:
        is_folder = os.path.isdir(entry.path)
        if _is_left(entry.name, is_folder):
            self._left.append(path + "/" * is_folder)
        elif is_folder and entry.is_symlink():
            self._links.append(path)
        elif is_folder:
            below.append(path)
        elif entry.is_symlink() and not os.path.exists(entry.path):
            leads = shown_name(os.readlink(entry.path))
            self._leave_out(path, f"the link leads to {leads}, which does not exist", "broken link")
        else:
            self._take(entry, path)

    def _take(self, entry: os.DirEntry[str], path: str) -> None:
        """Sort a file in by what it is."""
        if os.path.splitext(entry.name)[1].lower() in READ_SUFFIXES:
            self.pictures.append(path)  # what is in it, the check says
            return
        kind = kind_of(entry.name, _head(entry.path))
        if is_read(kind):
            self.pictures.append(path)
        elif kind:
            self._leave_out(path, why_unread(kind), f"{kind} picture")
        else:
            self._others.append(path)

    def _follow(self, link: str) -> None:
        target = os.path.realpath(self.root / link)
        try:
            key = _key(target)
        except OSError as error:
            self._leave_out(link, f"the link cannot be followed ({error.strerror})", "broken link")
            return
        if key in self._above:
            message = f"the link leads to {target}, which holds {self.root}; it is not followed"
            self._leave_out(link, message, "link in a circle")
        elif key in self._seen:
            first = self._seen[key] or str(self.root)
            self._note(f"{link} is a link to what is read as {first}; each is read once", link)
        else:
            self._followed.append(f"{link} -> {target}")
            self._enter(link)

    def _is_copy(self, path: str) -> bool:
        """Return whether a picture is a copy or thumbnail of a collection that lies in the way."""
        if not (self._collections and _BY_CONTENT.match(os.path.basename(path))):
            return False
        return "" in self._collections or self._collection_of(path)

    def _collection_of(self, path: str) -> bool:
        return any(own and path.startswith(f"{own}/") for own in self._collections)

    def _tell(self) -> None:
        if self._followed:
            links = counted(len(self._followed), "link to a folder was", "links to folders were")
            self._note(f"{links} followed ({some(self._followed)})", reason="link followed")
        if self._left:
            count = counted(len(self._left), "file or folder", "files and folders")
            message = f"{count} that systems and programs leave behind, or that are hidden"
            self._note(f"{message}, passed over ({some(self._left)})", reason="left behind")
        if self._others:
            suffixes = Counter(os.path.splitext(name)[1].lower() or name for name in self._others)
            kinds = some(f"{number} {suffix}" for suffix, number in suffixes.most_common())
            count = counted(
                len(self._others), "file that is no picture", "files that are no pictures"
            )
            message = f"{count} passed over ({kinds}; such as {self._others[0]})"
            tables = [name for name in self._others if name.lower().endswith(_TABLES)]
            if tables:
                message += f"; if {tables[0]} is the table of the pictures, give it as the source"
            self._note(message, reason="no picture")

    def _leave_out(self, path: str, message: str, reason: str) -> None:
        shown = shown_name(path)
        self.problems.append(Problem(0, shown, f"{shown}: {message}", reason=reason))

    def _note(self, message: str, path: str = "", reason: str = "link") -> None:
        self.problems.append(Problem(0, shown_name(path), shown_name(message), "note", reason))


def shown_name(path: str) -> str:
    """Return a name with a mark in place of every byte that is not UTF-8."""
    return os.fsencode(path).decode(errors="replace")


def _is_left(name: str, is_folder: bool) -> bool:
    """Return whether systems and photo managers leave files of a name behind, or it is hidden."""
    if name.startswith("."):
        return True
    patterns = _LEFT_FOLDERS if is_folder else _LEFT_FILES
    return any(fnmatch(name.lower(), pattern) for pattern in patterns)


def _folders_above(root: Path) -> set[_Key]:
    real = Path(os.path.realpath(root))
    return {_key(folder) for folder in real.parents}


def _key(folder: str | Path) -> _Key:
    about = os.stat(folder)
    return about.st_dev, about.st_ino


def _head(path: str) -> bytes:
    try:
        with open_regular(Path(path)) as file:
            return file.read(HEAD)
    except (OSError, ValueError):
        return b""
