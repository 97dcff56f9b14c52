"""Copies of what a collection holds, and whether it is whole."""

from __future__ import annotations

from pathlib import Path

from holotype.index.errors import UsageError

from .backend import Backend
from .shown.report import Report


class Copies:
    """Copies of a collection."""

    _backend: Backend

    def export(
        self,
        path: str | Path | None = None,
        *,
        determinations: str | Path | None = None,
        space: str | None = None,
        overwrite: bool = False,
    ) -> Report:
        """Write a row an image as Parquet or CSV, the determinations as Darwin Core, or both.

        Args:
            path: a .parquet file, with the vectors that are searched, which replaces an earlier
                one; or a .csv file for a spreadsheet, without.
            determinations: a .csv file: a row for each time that a specimen was named.
            space: whose vectors; by default the first.
            overwrite: replace .csv files.

        Raises:
            UsageError: no file is named, one has another ending, or is there already.
        """
        if path is None and determinations is None:
            raise UsageError("Name a file, .parquet or .csv, or one for determinations, or both")
        told: dict[str, object] = {}
        both = {Path(one).resolve() for one in (path, determinations) if one is not None}
        if path is not None and determinations is not None and len(both) == 1:
            raise UsageError(f"Images and determinations both go to {path}; name two files")
        if path is not None:
            told |= self._backend.export(Path(path), space, overwrite=overwrite)
        if determinations is not None:
            file = _ending(determinations, ".csv")
            if file.exists() and not overwrite:
                raise UsageError(f"{file} is there already; name another file, or overwrite=True")
            told |= self._backend.export_determinations(file)
        return Report("Exported", told, self._backend.thumbnail)

    def snapshot(self, to: str | Path) -> Report:
        """Copy the collection as it stands at one moment, with checksums.

        Args:
            to: a folder that does not exist yet; `holotype collection restore` reads it.
        """
        return Report("Snapshot", self._backend.snapshot(Path(to)), self._backend.thumbnail)

    def verify(self, *, pictures: bool = False) -> Report:
        """Check the database, the vectors and the index files; `report["ok"]` says whether whole.

        Args:
            pictures: also compare every picture with its stored hash.
        """
        told = self._backend.verify(pictures=pictures)
        return Report("Whole" if told["ok"] else "Damaged", told, self._backend.thumbnail)


def _ending(named: str | Path, ending: str) -> Path:
    if Path(named).suffix.lower() != ending:
        raise UsageError(f"{named} does not end in {ending}; name a file that does")
    return Path(named)
