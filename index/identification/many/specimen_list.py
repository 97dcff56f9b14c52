"""Files, folders, manifests and patterns as the specimens that they show."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ...errors import ManifestError, PictureError, UsageError
from ...manifests.paths import Paths
from ...pictures.inputs import named_file
from .outcomes import Outcome, Refusal, Specimen

_TABLES = frozenset({".csv", ".tsv", ".tab", ".txt", ".parquet"})
_MARKS = frozenset("*?[")


@dataclass
class SpecimenList:
    """Specimens, and what was listed and is no picture.

    Attributes:
        specimens: in the order of the arguments; of a table, in the order of its rows.
        passed_over: rows and files that cannot be asked about.
        notes: what else is told of folders and tables.
        single: the question is about one specimen and its files are named, so that one answer is
            expected and no list.
    """

    specimens: list[Specimen] = field(default_factory=list)
    passed_over: list[Outcome] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    single: bool = False

    @property
    def files(self) -> Iterator[str]:
        """The pictures of all specimens."""
        return (named_file(one) for specimen in self.specimens for one in specimen.pictures)


def specimens_of(arguments: Sequence[str], *, same_specimen: bool = False) -> SpecimenList:
    """Return the specimens that arguments stand for.

    Args:
        arguments: files, folders of pictures, manifests, and patterns such as `*.jpg`, which
            Windows shells pass on as they are; `**` is any folders.
        same_specimen: all pictures show one.

    Raises:
        ManifestError: a folder without pictures; a table that cannot be read.
        PictureError: the only argument is an address on the net.
        UsageError: a pattern that nothing matches; an empty argument.
    """
    asked = SpecimenList()
    named = 0
    for path in _expanded(arguments):
        if isinstance(path, Refusal):
            if len(arguments) == 1:
                raise PictureError(path.reason)
            asked.passed_over.append(Outcome(Specimen([]), None, refused=[path]))
        elif path.is_dir() or (path.suffix.lower() in _TABLES and path.exists()):
            _add_listed(asked, path)
        else:
            named += 1
            asked.specimens.append(Specimen([str(path)]))
    asked.single = named == len(arguments) == 1 and not _is_pattern(arguments[0])
    if same_specimen:
        asked.single = True
        pictures = [picture for specimen in asked.specimens for picture in specimen.pictures]
        asked.specimens = [Specimen(pictures)]
    return asked


def _expanded(arguments: Sequence[str]) -> Iterator[Path | Refusal]:
    for argument in arguments:
        if not argument.strip():
            raise UsageError("An argument is empty; name a picture, a folder, a table or a pattern")
        if not _is_pattern(argument):
            yield _named(argument)
            continue
        found = sorted(glob.glob(argument, recursive=True))
        if not found:
            raise UsageError(f"'{argument}' matches no file; correct the pattern or the folder")
        yield from map(Path, found)


def _named(argument: str) -> Path | Refusal:
    """Return what an argument names; of a URL the file of this machine, or why there is none."""
    path = Path(argument)
    if "://" not in argument or path.exists():
        return path
    try:
        return Path(Paths(str(Path.cwd())).find(argument).file)
    except PictureError as error:
        return Refusal(argument, str(error))


def _is_pattern(argument: str) -> bool:
    """Return whether an argument has to be expanded; a file may be called `[1].jpg`."""
    return bool(_MARKS.intersection(argument)) and not Path(argument).exists()


def _add_listed(asked: SpecimenList, source: Path) -> None:
    """Add the pictures of a folder or table, those of one `specimen_id` together."""
    from ...manifests.picture_files import listed_pictures  # pandas takes a second to load

    listed, problems = listed_pictures(source)
    groups: dict[str, list[str]] = {}
    for number, one in enumerate(listed):
        groups.setdefault(one.specimen_id or f"\0{number}", []).append(str(one.file))
    asked.specimens += [
        Specimen(files, "" if key.startswith("\0") else key) for key, files in groups.items()
    ]
    root = source if source.is_dir() else source.parent
    for problem in problems:
        if problem.severity == "error":
            refusal = Refusal(str(root / problem.path), f"{source}, {problem}")
            asked.passed_over.append(Outcome(Specimen([]), None, refused=[refusal]))
        else:
            asked.notes.append(f"{source}: {problem}")
    if not listed and not asked.passed_over:
        raise ManifestError(f"{source} holds no pictures; give a folder or table that has some")
