"""Jobs that ingest: folders and manifests below one folder of this machine, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from holotype.index.collection import Collection
from holotype.index.errors import HolotypeError, PictureError, UsageError
from holotype.index.ingest.pictures import IngestReport, ingest
from holotype.index.manifests.manifest import Manifest
from holotype.index.manifests.paths import Paths
from holotype.index.manifests.problems import Problem
from holotype.index.manifests.vector_file import holds_vectors
from holotype.index.runtime import worker_count
from holotype.index.search.search import encoder_of
from holotype.index.storage.records import Space
from holotype.index.visible import guarded
from holotype.index.ways import way, way_there

from ...engine import Engine
from ...jobs import Telling, Work
from . import orders
from .tables import job_table

_COLUMNS = ("row", "path", "severity", "reason", "message")
_SHOWN = 100  # problems that the result holds; the table holds all


def ingest_work(engine: Engine, space: str, asked: orders.Ingest) -> Work:
    """Return the work of ingesting pictures into the space that holds a space's vectors.

    Raises:
        UsageError: no folder is set, or what is asked for does not lie below it.
    """
    root = ingest_root(engine)
    source = below(root, asked.source)
    collection = engine.collection
    target = collection.source(collection.space(space))

    def work(tell: Telling) -> dict[str, Any]:
        try:
            with collection.writing():
                report = _ingested(collection, target, root, source, asked, tell)
                told = _told(collection, root, report, tell.job_id)
        except HolotypeError as error:
            raise type(error)(_without(root, str(error))) from error
        engine.renew()
        return told

    return work


def _ingested(
    collection: Collection,
    target: Space,
    root: Path,
    source: Path,
    asked: orders.Ingest,
    tell: Telling,
) -> IngestReport:
    refuse_links_out(root, source)
    if holds_vectors(source):
        raise UsageError(f"{source} holds vectors; store them with {way_there('ingest')}")
    manifest = only_below(Manifest.read(source, levels=asked.levels, columns=asked.columns), root)
    encoder = encoder_of(target, threads=max(1, worker_count() - 1))
    tell.phase("Checking")
    return ingest(
        manifest,
        collection,
        encoder,
        space=target.name,
        strict=asked.strict,
        copy_images=asked.copy_images,
        on_check=tell,
        on_embed=_embedding(tell),
    )


def _embedding(tell: Telling) -> Any:
    """Return what is told how many pictures are embedded, of how many."""
    begun = False

    def progress(done: int, total: int) -> None:
        nonlocal begun
        if not begun:
            begun = True
            tell.phase("Embedding")
        tell(done, total)

    return progress


def _told(collection: Collection, root: Path, report: IngestReport, job_id: str) -> dict[str, Any]:
    """Write all problems into the job's table, and return the report with the first of them."""
    told = report.to_dict()
    problems = [
        {**problem, "message": _without(root, problem["message"])} for problem in told["problems"]
    ]
    with job_table(collection, job_id, _COLUMNS) as rows:
        for problem in problems:
            rows.writerow({name: guarded(problem[name]) for name in _COLUMNS})
    return {**told, "problems": problems[:_SHOWN], "table": f"/v1/jobs/{job_id}/table"}


def ingest_root(engine: Engine) -> Path:
    """Return the folder below which jobs may ingest.

    Raises:
        UsageError: none is set, or it is not there.
    """
    named = engine.limits.ingest_root
    if not named:
        raise UsageError(
            "No job ingests here: set HOLOTYPE_INGEST_ROOT to a folder of the machine that serves, "
            f"or upload pictures with {way('ingest')}"
        )
    root = Path(os.path.realpath(named))
    if not root.is_dir():
        raise UsageError("HOLOTYPE_INGEST_ROOT names no folder of the machine that serves")
    return root


def below(root: Path, named: str) -> Path:
    """Return what lies below a folder under a relative path.

    Args:
        root: free of links.

    Raises:
        UsageError: it leads elsewhere, or nothing is there.
    """
    outside = UsageError(
        f"source is '{named[:80]}'; give a path below the folder of HOLOTYPE_INGEST_ROOT, without "
        "'..' and links that lead out of it"
    )
    if "\0" in named or Path(named).is_absolute() or ".." in Path(named).parts:
        raise outside
    try:
        found = Path(os.path.realpath(root / named))
        if not _is_below(str(found), root):
            raise outside
        if not found.exists():
            raise UsageError(f"source is '{named[:80]}'; nothing is there")
    except OSError as error:  # a name that is too long
        raise UsageError(f"source is '{named[:80]}' ({error.strerror}); correct it") from error
    return found


def refuse_links_out(root: Path, source: Path) -> None:
    """Refuse a folder that holds a link which leads out of the folder of all ingests.

    Raises:
        UsageError: naming the link.
    """
    for link in _links(source) if source.is_dir() else ():
        if not _is_below(os.path.realpath(link), root):
            raise UsageError(
                f"{link} is a link that leads out of the folder of HOLOTYPE_INGEST_ROOT; put the "
                "pictures there themselves"
            )


def _links(folder: Path) -> Iterator[str]:
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = os.path.join(place, name)
            if os.path.islink(path):
                yield path


def only_below(manifest: Manifest, root: Path) -> Manifest:
    """Return a manifest without the rows whose pictures lie elsewhere; they are its problems."""
    paths = Paths(os.path.realpath(manifest.root))
    written = manifest.frame["path"].tolist()
    inside = [_is_below(os.path.realpath(_file_of(paths, path)), root) for path in written]
    if all(inside):
        return manifest
    rows = manifest.frame["_row"].tolist()
    sentence = "lies outside of the folder of HOLOTYPE_INGEST_ROOT, so it is not read"
    problems = [
        Problem(int(row), path, f"{path} {sentence}", reason="outside of the folder")
        for row, path, good in zip(rows, written, inside, strict=True)
        if not good
    ]
    return Manifest(manifest.frame[inside], manifest.root, [*manifest.problems, *problems])


def _file_of(paths: Paths, path: str) -> str:
    """Return the file that a manifest's path means, as checking it would find it."""
    plain = paths.plain(path)
    if "\0" in path or os.path.exists(plain):
        return plain.replace("\0", "")
    try:
        return paths.find(path).file
    except PictureError:  # which the check tells
        return paths.root


def _is_below(path: str, root: Path) -> bool:
    return os.path.commonpath([path, root]) == str(root)


def _without(root: Path, sentence: str) -> str:
    """Return a sentence without where the folder lies."""
    return sentence.replace(f"{root}{os.sep}", "").replace(str(root), "the folder")
