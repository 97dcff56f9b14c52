"""Long work on a collection on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holotype.index.errors import UsageError
from holotype.index.identification.kept_calibration import kept_calibration

from ..backend import Told
from ..progress import progress
from .held import Held

if TYPE_CHECKING:
    import pyarrow as pa


class LocalWork(Held):
    """Long work; see `Backend`. What it needs is large, and imported when it is asked for."""

    def tune(self, space: str | None, options: Told) -> Told:
        """Make a tuned space, and report."""
        from holotype.training.spaces import tune_space

        return tune_space(self.collection, space=space, **options)

    def calibrate(self, space: str | None, seed: int) -> Told:
        """Fit confidence, and report."""
        from holotype.training.spaces import calibrate_space

        with progress("Calibrating") as update:
            return calibrate_space(self.collection, space=space, seed=seed, progress=update)

    def calibration(self, space: str | None) -> Told:
        """Return what a space's probabilities rest on."""
        gallery = self.collection.gallery(space)
        return told_calibration(kept_calibration(self.collection, gallery), gallery.space.name)

    def train(self, space: str | None, options: Told) -> Told:
        """Train an encoder, and report."""
        from holotype.training.asked import Asked
        from holotype.training.clip.space import train_clip_space
        from holotype.training.trained_space import train_space

        config = _config(options)
        asked = Asked(space, options["name"], options["where"], options["resume"])
        run = train_clip_space if config.method == "clip" else train_space
        return run(self.collection, config, asked)

    def map(
        self, space: str | None, options: Told, where: Sequence[str], columns: Sequence[str]
    ) -> pa.Table:
        """Return a map with columns."""
        from holotype.index.morphospace.map_table import map_columns
        from holotype.index.morphospace.morphospace import morphospace
        from holotype.index.morphospace.parameters import Wanted
        from holotype.index.search.filters import allowed_places

        made = dict(options)
        anew = made.pop("anew")
        allowed_places(self.collection, self.collection.gallery(space), where)
        shown = morphospace(self.collection, space=space, wanted=Wanted(**made), anew=anew)
        allowed = allowed_places(self.collection, shown.gallery, where)
        return map_columns(self.collection, shown, columns, allowed)

    def evaluate(
        self, space: str | None, protocol: str | None, said: Told, out: Path | None
    ) -> tuple[Told, str]:
        """Measure, and return the figures and where their report is; empty where there is none."""
        from holotype.eval.evaluations.measured import PAGE, evaluated

        with progress("Measuring"):
            figures = evaluated(self.collection, protocol, space=space, to=out, **said)
        page = out / PAGE if out is not None else None
        return figures, str(page.resolve()) if page is not None and page.is_file() else ""

    # Files ------------------------------------------------------------------------------------

    def export(self, path: Path, space: str | None, *, overwrite: bool) -> Told:
        """Write records and vectors as Parquet, or records as CSV."""
        from holotype.index.export.images import export_images

        rows = export_images(self.collection, path, space=space, overwrite=overwrite)
        return {"rows": rows, "file": str(path)}

    def export_determinations(self, path: Path) -> Told:
        """Write the determinations as Darwin Core."""
        from holotype.index.export.determinations import export_determinations

        count = export_determinations(self.collection, path)
        return {"determinations": count, "determinations_file": str(path)}

    def snapshot(self, to: Path) -> Told:
        """Copy the collection, and report."""
        from holotype.index.upkeep.snapshots import snapshot

        return dict(vars(snapshot(self.collection, to)))

    def verify(self, *, pictures: bool) -> Told:
        """Check the collection, and report."""
        from holotype.index.upkeep.info import verify

        found = verify(self.collection, pictures=pictures)
        return {"ok": not found.errors, **vars(found)}


def told_calibration(kept: Any, space: str) -> Told:
    """Return what is kept of a calibration as JSON-ready values."""
    if kept is None:
        return {"space": space, "calibration": "none", "changes": None, "fitted": None}
    fitted = {key: value for key, value in kept.to_dict().items() if key != "changes"}
    changes = kept.changes.to_dict()
    return {"space": space, "calibration": kept.state, "changes": changes, "fitted": fitted}


def _config(options: Told) -> Any:
    """Return the settings of a training; see `metric.config.read_config`."""
    from holotype.training.configuration import merged
    from holotype.training.metric.config import read_config

    over: dict[str, Any] = {}
    if options["minutes"] is not None:
        over["schedule"] = {"minutes": options["minutes"]}
    if options["loss"] is not None:
        over["loss"] = {"name": options["loss"], "miner": ""}
    if options["seed"] is not None:
        over["seed"] = options["seed"]
    config = read_config(options["preset"], None, merged(options["config"], over))
    if options["loss"] is not None and config.method == "clip":
        raise UsageError(f"loss is '{options['loss']}', and preset 'clip' has a loss of its own")
    return config
