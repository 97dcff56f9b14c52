"""A manifest with two imaging set-ups, the second of them simulated."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from holotype.index.errors import ManifestError, UsageError
from holotype.index.files.durable import write_durably
from holotype.index.manifests.manifest import Manifest, Progress
from holotype.index.manifests.problems import Problem
from holotype.index.pictures.reading import read_bytes, read_picture
from holotype.index.runtime import workers

from .degrade import Degradation, degrade, picture_rng

SETUP_COLUMN = "imaging"
CLEAN, DEGRADED = "clean", "degraded"


@dataclass(frozen=True)
class SecondSetup:
    """What was written.

    Attributes:
        manifest: the table of both set-ups.
        pictures: how many were degraded.
        problems: rows of the source that were left out or need attention.
        how: the simulated set-up.
    """

    manifest: Path
    pictures: int
    problems: list[Problem]
    how: Degradation

    def to_dict(self) -> dict[str, Any]:
        """Return what was done as JSON-ready values."""
        return {
            "manifest": str(self.manifest),
            "pictures": self.pictures,
            "problems": [vars(problem) for problem in self.problems],
            "setup": asdict(self.how),
        }


def add_second_setup(
    source: Manifest,
    folder: Path,
    *,
    how: Degradation | None = None,
    seed: int = 0,
    on_picture: Progress | None = None,
) -> SecondSetup:
    """Degrade every picture of a manifest, and write a manifest of the pictures and their copies.

    Both rows of a picture have its specimen, names and split; the column `imaging` tells them
    apart. The same source, set-up and seed give the same files.

    Args:
        folder: for `manifest.csv` and `degraded/`; made where it does not exist.
        how: the set-up; by default 72 px, blur, cast, noise, JPEG 35.
        seed: of the noise.
        on_picture: called with (done, in all).

    Raises:
        UsageError: the manifest has a column `imaging` already, or the folder a manifest.
        ManifestError: no picture of it can be used.
    """
    table = folder / "manifest.csv"
    if table.exists():  # it may be the source itself
        raise UsageError(f"{table} exists already; name a new folder")
    if SETUP_COLUMN in source.frame:
        raise UsageError(
            f"The manifest has a column '{SETUP_COLUMN}' already, which would tell the set-ups "
            "apart; rename it"
        )
    checked, problems = source.check(decode=True)
    if not len(checked):
        raise ManifestError("No picture of the manifest can be used, so none was degraded")
    how = how or Degradation()
    (folder / DEGRADED).mkdir(parents=True, exist_ok=True)
    files = dict(zip(checked.frame["sha256"], checked.frame["_file"], strict=True))

    def copy(sha256: str) -> None:
        picture = read_picture(read_bytes(Path(files[sha256])), name=files[sha256])
        write_durably(folder / _place(sha256), degrade(picture, how, picture_rng(sha256, seed)))

    with workers() as pool:
        for done, _ in enumerate(pool.map(copy, files), 1):
            if on_picture:
                on_picture(done, len(files))
    write_durably(table, _both(checked).to_csv(index=False).encode())
    return SecondSetup(table, len(checked), problems, how)


def _place(sha256: str) -> str:
    """Return the path of a picture's copy inside the folder."""
    return f"{DEGRADED}/{sha256}.jpg"


def _both(checked: Manifest) -> pd.DataFrame:
    """Return the rows of the pictures and below them those of their copies."""
    frame = checked.frame
    own = [name for name in frame.columns if not name.startswith("_") and name != "sha256"]
    clean = frame[own].assign(path=frame["_file"], **{SETUP_COLUMN: CLEAN})
    copies = clean.assign(
        path=frame["sha256"].map(_place),
        image_id=clean["image_id"] + f" ({DEGRADED})",
        **{SETUP_COLUMN: DEGRADED},
    )
    return pd.concat([clean, copies], ignore_index=True)
