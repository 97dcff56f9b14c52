"""Records of a collection that is served."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from holotype.index.errors import HolotypeError, NotFoundError, PictureError, UsageError
from holotype.index.ingest.pictures import IngestReport, refuse
from holotype.index.ingest.said import FIELDS
from holotype.index.manifests.manifest import Manifest
from holotype.index.manifests.problems import Problem
from holotype.index.manifests.vector_file import holds_vectors

from ..backend import Adding, Signed, Told
from ..progress import progress
from .held import Served
from .http import ServiceError, path_of
from .pictures import upload_of

_PAGE = 1000  # images of a page


class RemoteRecords(Served):
    """Records; see `Backend`."""

    def info(self) -> Told:
        """Return counts and spaces."""
        told: Told = self._service.get(path_of("spaces"))
        return told

    def add(self, adding: Adding) -> Told:
        """Store pictures one by one, and report."""
        report, notes = self.added(adding)
        told = report.to_dict()
        return {**told, "notes": notes} if notes else told

    def added(self, adding: Adding) -> tuple[IngestReport, list[str]]:
        """Store pictures one by one; return what was stored, and what the service notes."""
        checked, problems = _read(adding)
        if adding.strict or not len(checked):
            refuse(problems, "Nothing was stored")
        space = next(one["name"] for one in self.info()["spaces"] if not one["tuned_from"])
        report, notes = IngestReport(space, problems=problems), list[str]()
        lacking: dict[str, str] = {}
        records = checked.frame.to_dict("records")
        with progress("Adding") as update:
            for done, record in enumerate(records, 1):
                try:
                    stored = self._put(record, checked.extra_columns)
                except (PictureError, UsageError) as error:
                    row, path = int(record["_row"]), str(record["path"])
                    report.problems.append(Problem(row, path, str(error), reason="refused"))
                except HolotypeError as error:
                    sent = f"{done - 1} of {len(records)} pictures were sent before"
                    raise type(error)(f"{error} ({sent}; add the same again)") from error
                else:
                    report.embedded += bool(stored["embedded"])
                    report.unchanged += not stored["embedded"]
                    report.specimens.append(stored["image"]["specimen_id"])
                    notes += stored["notes"]
                    lacking |= stored["left_out"]
                update(done, len(records))
        report.specimens = list(dict.fromkeys(report.specimens))
        notes += [f"Space '{one}' lacks what was added: {why}" for one, why in lacking.items()]
        return report, notes

    def _put(self, record: dict[Any, Any], own: Sequence[str]) -> Told:
        fields = {name: record[name] for name in FIELDS if record.get(name)}
        metadata = {name: record[name] for name in own if record[name]}
        if metadata:
            fields["metadata"] = json.dumps(metadata)
        file = upload_of(Path(record["_file"]), 1)
        place = path_of("images", record["image_id"])
        told: Told = self._service.form("PUT", place, [("image", file)], fields)
        return told

    def image(self, image_id: str) -> Told:
        """Return an image's record."""
        told: Told = self._service.get(path_of("images", image_id))
        return told

    def pages(self, where: Sequence[str], limit: int | None) -> Iterator[Told]:
        """Yield images in pages of at most `limit`, each with the total."""
        after = None
        while True:
            page = self._service.get(
                path_of("images"), where=list(where), after=after, limit=limit or _PAGE
            )
            after = page.pop("next")
            yield page
            if after is None:
                return

    def specimen(self, specimen_id: str) -> Told:
        """Return a specimen with its images."""
        return self._whole(path_of("specimens", specimen_id), "images")

    def _whole(self, place: str, name: str, **params: Any) -> Told:
        """Return all pages at an address as one."""
        told: Told = self._service.get(place, limit=_PAGE, **params)
        after = told.pop("next")
        while after is not None:
            page = self._service.get(place, limit=_PAGE, after=after, **params)
            told[name] += page[name]
            after = page["next"]
        return told

    def history(self, specimen_id: str) -> Told:
        """Return what a specimen was called."""
        told: Told = self._service.get(path_of("specimens", specimen_id, "history"))
        return told

    def taxa(self, rank: str | None, space: str | None) -> Told:
        """Return the taxa of a space."""
        told: Told = self._service.get(path_of("taxa"), rank=rank, space=space)
        return told

    def tree(self, under: str | None, space: str | None) -> Told:
        """Return a taxon and those right below it; None for the top."""
        return self._whole(path_of("taxa", "tree"), "children", under=under, space=space)

    def taxon(self, rank: str, name: str, space: str | None) -> Told:
        """Return a taxon, and what it is confused with."""
        told: Told = self._service.get(path_of("taxa", rank, name), space=space)
        return told

    def describe(self, image_id: str, said: Told) -> Told:
        """Correct what is said of an image, and return its record with notes."""
        answer = self._service.ask("PATCH", path_of("images", image_id), json=said)
        told: Told = answer.json()
        return told

    def determine(self, specimen_id: str, name: str, qualifier: str, signed: Signed) -> Told:
        """Give a specimen a name, and return the determination."""
        said = {"specimen_id": specimen_id, "name": name, "qualifier": qualifier}
        told: Told = self._service.post(path_of("determinations"), {**said, **vars(signed)})
        return told

    def undo_determination(self, determination_id: int, signed: Signed) -> Told:
        """Take a determination back, and return the undo."""
        place = path_of("determinations", determination_id, "undo")
        told: Told = self._service.post(place, vars(signed))
        return told

    def undo_many(self, determination_ids: Sequence[int], signed: Signed) -> Told:
        """Take back determinations that still count; return the undos and what was left alone."""
        said = {"determination_ids": list(determination_ids), **vars(signed)}
        told: Told = self._service.post(path_of("determinations", "undo"), said)
        return told

    def chosen(self, where: Sequence[str]) -> list[str]:
        """Return the ids of the images that satisfy conditions."""
        pages = self.pages(where, None)
        return [image["image_id"] for page in pages for image in page["images"]]

    def delete(self, image_ids: Sequence[str], signed: Signed) -> None:
        """Delete images; none where one of them is not there."""
        different = list(dict.fromkeys(image_ids))
        try:
            for image_id in different:
                self.image(image_id)
        except NotFoundError as error:
            raise NotFoundError(f"{error}; nothing was deleted") from None
        for done, image_id in enumerate(different):
            try:
                place = path_of("images", image_id)
                self._service.ask("DELETE", place, params=vars(signed))
            except HolotypeError as error:
                raise ServiceError(
                    f"{error} ({done} of {len(different)} images were deleted before)"
                ) from error


def _read(adding: Adding) -> tuple[Manifest, list[Problem]]:
    """Return the good rows of what is added, and every problem.

    Raises:
        UsageError: an option that is the service's own matter, or vectors.
    """
    if adding.encoder is not None or adding.space is not None:
        raise UsageError(
            "A service embeds pictures into every space that it can; leave out encoder and space"
        )
    source = adding.source
    if isinstance(source, str | Path) and holds_vectors(Path(source)):
        raise UsageError(
            f"{source} holds vectors; load them with holotype.open(…).add(…) where the collection "
            "lies"
        )
    if adding.pictures:
        raise UsageError("pictures is for vectors; a folder or table says where its own lie")
    if isinstance(source, pd.DataFrame):
        source = Manifest.from_pandas(source, columns=adding.columns)
    if not isinstance(source, Manifest):
        source = Manifest.read(
            source, levels=adding.levels, columns=adding.columns, named=adding.named
        )
    with progress("Checking") as update:
        return source.check(decode=adding.strict, progress=update)
