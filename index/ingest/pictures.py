"""Pictures into a collection: decode, encode and store side by side, resumable at any moment."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..arrays import Embeddings, Pixels
from ..collection import Collection
from ..encoders import Encoder
from ..errors import HolotypeError, ManifestError, PictureError
from ..manifests.columns import NO_NAMES
from ..manifests.image_ids import id_of_path
from ..manifests.manifest import Manifest, Progress
from ..manifests.problems import Problem, counts_by_reason
from ..manifests.untold import told_columns, with_untold
from ..pictures.reading import content_hash, perceptual_hash, read_bytes, read_with_size
from ..runtime import worker_count
from ..storage.canaries import keep_canaries
from ..storage.files_beside import list_files
from ..storage.records import DETAILS, Image, Space
from ..storage.sources import add_sources, folders_of
from ..storage.spaces import dropped_if_unused, is_unused
from ..taxonomy import RANKS
from ..trust import trust_encoder
from ..ways import option, way
from .copies import keep_copy, list_copies
from .corrections import Corrections, same_pictures
from .encoding import encoded
from .old_ids import under_old_ids
from .unordered import on_unordered

OTHER_PICTURE = "id of another picture"  # the reason of rows that must not replace it

_COMMIT_SECONDS = 1.0
_MANY = 500  # pictures for which importing PyTorch, some seconds, is soon made up for

_Row = tuple[int, Image]  # the manifest's row number, and what it says
_Entry = tuple[Image, Embeddings | None]


@dataclass
class IngestReport:
    """What an ingest did.

    Attributes:
        embedded: pictures that went through the encoder.
        unchanged: pictures that were there already, and so were skipped.
        problems: rows that were left out or need attention.
        left_as_stored: pictures whose rows were left out, and that an earlier ingest stored.
        corrections: what changed of images that were there before.
        seconds: wall time of decoding, encoding and storing.
        device: what the network ran on: cpu, cuda or mps.
        precision: what it computed in: float32, float16 or bfloat16.
        specimens: those that the rows are of, the left out ones too.
    """

    space: str
    embedded: int = 0
    unchanged: int = 0
    problems: list[Problem] = field(default_factory=list)
    left_as_stored: int = 0
    corrections: Corrections = field(default_factory=Corrections)
    seconds: float = 0.0
    device: str = ""
    precision: str = ""
    specimens: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON-ready values."""
        rate = self.embedded / self.seconds if self.seconds else 0.0
        return {
            "space": self.space,
            "embedded": self.embedded,
            "unchanged": self.unchanged,
            **self.corrections.to_dict(),
            "left_out": sum(problem.severity == "error" for problem in self.problems),
            "left_as_stored": self.left_as_stored,
            "left_out_by_reason": counts_by_reason(self.problems),
            "problems": [vars(problem) for problem in self.problems],
            **({"device": self.device, "precision": self.precision} if self.device else {}),
            "seconds": round(self.seconds, 2),
            "images_per_second": round(rate, 1),
        }


def ingest(
    manifest: Manifest | str | Path,
    collection: Collection,
    encoder: Encoder,
    *,
    space: str = "base",
    strict: bool = False,
    copy_images: bool = False,
    on_check: Progress | None = None,
    on_embed: Progress | None = None,
) -> IngestReport:
    """Embed a manifest's pictures into a space of a collection.

    Interrupted at any moment, it goes on where it was: what is stored is skipped by the hash of
    its content.

    Args:
        manifest: or what `Manifest.read` takes: a folder or a table.
        strict: store nothing where the manifest has any row with an error.
        copy_images: keep a copy of every picture inside the collection.
        on_check, on_embed: called with (done, in all) while checking and while embedding.

    Raises:
        LockedError: another process is writing to the collection.
        ManifestError: no picture that can be used; with `strict`, any bad row.
        MismatchError: the space belongs to another encoder.
    """
    if not isinstance(manifest, Manifest):
        manifest = Manifest.read(manifest)
    with collection.database.writing():
        there = any(known.name == space for known in collection.spaces())
        if there and not is_unused(collection.database, space):
            collection.check_encoder(space, encoder)  # refused before the long work
        checked, problems = manifest.check(decode=strict, progress=on_check)
        corrections = Corrections.of(collection.database)
        report = IngestReport(space, problems=problems, corrections=corrections)
        if strict or not len(checked):
            refuse(problems, "Nothing was stored")
        target = collection.add_space(
            space,
            encoder=encoder.name,
            fingerprint=encoder.fingerprint,
            views=encoder.views,
            dim=encoder.dim,
        )
        add_sources(collection.database, folders_of(checked.frame["_file"], checked.root))
        with suppress(HolotypeError):  # where it cannot be kept, the next search says what to do
            trust_encoder(encoder.name)
        with dropped_if_unused(collection.database, space, made=not there):
            keep_canaries(collection.database, target, encoder)
            start = time.perf_counter()
            images = _images(collection, checked)
            report.specimens = list(dict.fromkeys(image.specimen_id for image in images))
            rows = list(zip(checked.frame["_row"].tolist(), images, strict=True))
            todo = list(_without_stored(collection, target, rows, report, strict=strict))
            if len(todo) >= _MANY:
                import torch  # noqa: F401  (it scales pictures ten times faster than NumPy)
            with noting_stored(report, "pictures", report.unchanged + len(todo)):
                _Pipeline(collection, target, encoder, copy_images).run(todo, report, on_embed)
            report.seconds = time.perf_counter() - start
            report.device, report.precision = encoder.device, encoder.precision
            corrections.settle(collection.database)
            report.left_as_stored = _left_as_stored(collection, target, manifest, rows, report)
            report.problems = _as_written(report.problems, checked) + _on_unnamed(todo, problems)
            report.problems += _on_alone(todo)
            report.problems += on_unordered(rows)
            if not report.embedded and not report.unchanged:
                refuse(report.problems, "No picture can be used")
        return report


@contextmanager
def noting_stored(report: IngestReport, what: str, total: int) -> Iterator[None]:
    """Note on what ends the work, such as a full disk, how far it came."""
    try:
        yield
    except Exception as error:
        stored = report.embedded + report.unchanged
        error.add_note(
            f"{stored} of {total} {what} are stored; done again, it goes on with the others"
        )
        raise


def _as_written(problems: list[Problem], checked: Manifest) -> list[Problem]:
    """Return problems with the paths that the manifest has, not those that it led to."""
    written = dict(zip(checked.frame["_row"].tolist(), checked.frame["path"], strict=True))
    return [replace(one, path=written.get(one.row, one.path)) for one in problems]


def _on_unnamed(todo: Sequence[_Row], problems: Sequence[Problem]) -> list[Problem]:
    """Return a note where new images are all without a name: an identification needs some.

    Args:
        problems: where they tell already which column may hold names, there is no more to say.
    """
    if not todo or any(any(image.lineage) for _, image in todo):
        return []
    if any(problem.message.startswith(NO_NAMES) for problem in problems):
        return []
    message = (
        "the table or folder names no taxon, so the new pictures have no name; to name them, "
        "ingest again from folders of species, or with a column 'species'; where it is called "
        f"otherwise, say so: {option('column', 'species=Label')}"
    )
    return [Problem(0, "", message, "note", "name")]


def _on_alone(todo: Sequence[_Row]) -> list[Problem]:
    """Return a note where new images are all specimens of their own: most often nobody said."""
    if len(todo) < 2 or any(image.specimen_id != image.image_id for _, image in todo):
        return []
    message = (
        "nothing says which pictures show one specimen, so each of the "
        f"{len(todo)} new ones counts as one of its own; where several show one, the figures of "
        f"{way('eval')} are too high: "
        f"give a column 'specimen_id', or say {option('column', 'specimen_id=Number')} of a table, "
        f"{option('levels', 'species,specimen_id')} of folders"
    )
    return [Problem(0, "", message, "note", "specimen")]


def _left_as_stored(
    collection: Collection,
    space: Space,
    manifest: Manifest,
    rows: Sequence[_Row],
    report: IngestReport,
) -> int:
    """Return how many pictures stay as they are stored, since their rows were left out."""
    left = {
        problem.row
        for problem in report.problems
        if problem.severity == "error" and problem.reason != OTHER_PICTURE
    }
    if not left:
        return 0
    used = {image.image_id for row, image in rows if row not in left}
    frame = manifest.frame
    ids = set(frame.loc[frame["_row"].isin(left), "image_id"]) - used
    return len(ids & collection.embedded(space).keys())


def refuse(problems: list[Problem], what: str) -> None:
    """Raise what the first error among the problems says, if there is one.

    Raises:
        ManifestError: the message begins with `what`.
    """
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        rest = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        reasons = [f"{reason}: {count}" for reason, count in counts_by_reason(errors).items()]
        if len(errors) > 1 and any(error.reason for error in errors):
            rest += f"; in all {', '.join(reasons)}"
        raise ManifestError(f"{what}: {errors[0]}{rest}")


def _images(collection: Collection, manifest: Manifest) -> Sequence[Image]:
    """Return the images of a checked manifest; sizes and perceptual hash are not known yet."""
    extra = manifest.extra_columns
    images = [
        Image(
            image_id=record["image_id"],
            specimen_id=record["specimen_id"],
            path=record["_file"],
            sha256=record["sha256"],
            phash=0,
            width=0,
            height=0,
            split=record["split"],
            lineage=tuple(record[rank] for rank in RANKS),
            details={name: record[name] for name in DETAILS},
            metadata={name: record[name] for name in extra if record[name]},
        )
        for record in manifest.frame.to_dict("records")
    ]
    ids = zip(manifest.frame["image_id"], manifest.frame["path"], strict=True)
    former = {one: path for one, path in ids if one != path and one == id_of_path(path)}
    return under_old_ids(collection.database, images, former)


def _without_stored(
    collection: Collection,
    space: Space,
    images: Iterable[_Row],
    report: IngestReport,
    *,
    strict: bool,
) -> Iterator[_Row]:
    """Yield the images that need embedding; update the records of those that do not."""
    embedded = collection.embedded(space)
    stored = {image.image_id: image for image in collection.images()}
    images = list(images)
    told = told_columns(image for _, image in images)
    updates = []
    for row, said in same_pictures(images, stored, report.problems):
        old = stored.get(said.image_id)
        image = said if old is None else with_untold(said, old, told)
        taken = taken_id(row, image, old)
        if taken is not None:
            report.problems.append(taken)
            continue
        if old is not None and _is_copy(old.path):
            report.corrections.compare(replace(image, path=old.path), old)
        else:
            report.corrections.compare(image, old)
        if old is None or embedded.get(image.image_id) != image.sha256:
            yield row, image
            continue
        report.unchanged += 1
        same = replace(
            image,
            phash=old.phash,
            width=old.width,
            height=old.height,
            path=old.path if _is_copy(old.path) else image.path,
            row=old.row,
        )
        if same != old:
            updates.append((same, None))
    if strict:
        refuse(report.problems, "Nothing was stored")
    if updates:
        collection.store(space, updates)


def _is_copy(path: str) -> bool:
    """Return whether a stored path is that of a copy inside the collection."""
    return bool(path) and not Path(path).is_absolute()


def taken_id(row: int, new: Image, old: Image | None) -> Problem | None:
    """Return what to tell where an id names another picture, whose file is still there.

    Two folders often hold files of one name; the second must not replace the first.

    Args:
        row: of the manifest.
        new: what it says.
        old: what is stored under its id.
    """
    if old is None or old.sha256 == new.sha256:
        return None
    before, after = Path(old.path), Path(new.path)
    if not (before.is_absolute() and before.is_file()):
        return None
    if after.exists() and before.samefile(after):
        return None
    message = f"image_id '{new.image_id}' is that of {old.path}; give each its own"
    return Problem(row, new.path, message, reason=OTHER_PICTURE)


class _Pipeline:
    """Decoding and encoding in threads, while the calling thread stores what they finish."""

    def __init__(
        self, collection: Collection, space: Space, encoder: Encoder, copy_images: bool
    ) -> None:
        self.collection = collection
        self.space = space
        self.encoder = encoder
        self.copies = collection.folder if copy_images else None
        self.copied: deque[tuple[str, str]] = deque()  # (path, sha256), not listed yet

    def run(self, todo: list[_Row], report: IngestReport, progress: Progress | None) -> None:
        """Embed and store every row; what is finished is stored even when interrupted."""
        if self.copies is not None:
            list_copies(self.collection.database, [image for _, image in todo])
        waiting: list[_Entry] = []
        committed, done = time.monotonic(), 0
        size = self.encoder.batch_size
        if self.encoder.single_feeder:  # its batches are large, and every worker should have some
            size = min(size, max(8, len(todo) // (2 * worker_count())))
        tasks = _chunks(todo, size)
        try:
            with closing(encoded(tasks, self._work, self.encoder)) as batches:
                for (images, problems), vectors in batches:
                    waiting += zip(images, vectors, strict=True)
                    report.problems += problems
                    done += len(images) + len(problems)
                    if progress:
                        progress(done, len(todo))
                    if time.monotonic() - committed > _COMMIT_SECONDS:
                        self._commit(waiting, report)
                        committed = time.monotonic()
        finally:
            self._commit(waiting, report)

    def _commit(self, waiting: list[_Entry], report: IngestReport) -> None:
        copied = [self.copied.popleft() for _ in range(len(self.copied))]
        if copied:
            with self.collection.database.transaction() as connection:
                list_files(connection, copied)
        self.collection.store(self.space, waiting)
        report.embedded += len(waiting)
        waiting.clear()

    def _work(self, task: list[_Row]) -> tuple[tuple[list[Image], list[Problem]], list[Pixels]]:
        """Decode one batch; a picture that cannot be decoded becomes a problem."""
        self.collection.database.require_same()  # before a copy is written by its path
        images, pixels, problems = [], [], []
        for row, image in task:
            try:
                ready, views = self._decode(image)
            except PictureError as error:
                problems.append(Problem(row, image.path, str(error), reason="no readable picture"))
                continue
            images.append(ready)
            pixels.append(views)
        return (images, problems), pixels

    def _decode(self, image: Image) -> tuple[Image, Pixels]:
        """Read a picture once: its hashes, its size, its views and, where wanted, its copy."""
        path = Path(image.path)
        data = read_bytes(path)
        target = self.encoder.preprocessing.size
        picture, (width, height) = read_with_size(data, target=target, name=path)
        digest = content_hash(data)
        if self.copies is not None:
            path, made = keep_copy(data, digest, path.suffix, self.copies)
            if made:
                self.copied.append((path.as_posix(), digest))
        ready = replace(
            image,
            path=path.as_posix(),
            sha256=digest,
            phash=perceptual_hash(picture),
            width=width,
            height=height,
        )
        return ready, self.encoder.preprocess(picture)


def _chunks(rows: list[_Row], size: int) -> Iterator[list[_Row]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
