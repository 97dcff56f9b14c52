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
        """Write records and vectors as Parquet, the determinations as Darwin Core, or both.

        Args:
            path: a .parquet file: a row an image, with the vector that is searched; an earlier
                export is replaced.
            determinations: a .csv file: a row for each time that a specimen was named.
            space: whose vectors; by default the first.
            overwrite: replace the file of `determinations`.

        Raises:
            UsageError: no file is named, one has another ending, or is there already.
        """
        if path is None and determinations is None:
            raise UsageError("Name a file: a .parquet file, determinations as a .csv file, or both")
        told: dict[str, object] = {}
        if path is not None:
            told |= self._backend.export(_ending(path, ".parquet"), space)
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
