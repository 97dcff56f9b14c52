"""A network that is better, put into a collection: its checkpoint, its embeddings, its map."""

from __future__ import annotations

import datetime
import hashlib
import os
import shutil
from copy import deepcopy
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from holotype.index.collection import Collection
from holotype.index.encoders import load_encoder
from holotype.index.encoders.architecture import split
from holotype.index.encoders.checkpoint import save_checkpoint
from holotype.index.encoders.trained_on import list_images
from holotype.index.gallery.fitted import record_of
from holotype.index.ingest.stored import embed_stored
from holotype.index.storage.records import Space
from holotype.index.trust import trust_encoder
from holotype.index.vectors.projection import Projection

from .asked import Asked
from .domain.target import named_places
from .metric.config import TrainConfig
from .metric.gate import Verdict
from .metric.pictures import Labelled
from .metric.train import Outcome, Training, Watch
from .tuning.scatter import gather

DIGITS = 8  # of the weights' digest, after the name of a checkpoint and of its embeddings


@dataclass(frozen=True, eq=False)
class MadeSpace:
    """A network that is better, on its way into the collection."""

    collection: Collection
    base: Space
    training: Training
    outcome: Outcome
    asked: Asked
    config: TrainConfig

    def keep(self, watch: Watch) -> dict[str, Any]:
        """Write the checkpoint, embed all pictures with it, and tune over them.

        Broken off, it leaves the collection as it was: what is replaced goes last.
        """
        there = {space.name: space for space in self.collection.spaces()}
        folder = self._save()
        try:
            encoder = load_encoder(f"checkpoint:{folder}", views=self.base.views)
            trust_encoder(encoder.name)
            watch.on_phase("Embedding with the trained encoder")
            report = embed_stored(
                self.collection, encoder, folder.name, like=self.base, on_embed=watch.on_work
            )
            shown = self.collection.add_projected_space(
                self.asked.name,
                self.collection.space(folder.name),
                self._projection(folder.name),
                moves=True,
            )
        except BaseException:
            if folder.name not in there:
                self._drop(folder.name)
            raise
        self._drop_replaced(folder.name, there)
        return {
            "space": shown.name,
            "untuned_space": folder.name,
            "checkpoint": str(folder),
            "dim": shown.dim,
            "embedded": report.embedded,
            "problems": [f"{one.path}: {one.message}" for one in report.problems],
        }

    def _drop_replaced(self, name: str, there: dict[str, Space]) -> None:
        """Remove the embeddings that the name showed before."""
        before = there.get(self.asked.name)
        source = before.source_id if before is not None else None
        old = next((one for one in there.values() if one.space_id == source), None)
        if old is not None and old.name != name:
            self._drop(old.name)

    def _drop(self, name: str) -> None:
        """Remove embeddings with their checkpoint, unless a space shows them."""
        spaces = {space.name: space for space in self.collection.spaces()}
        if name in spaces:
            if spaces[name].space_id in {space.base_space_id for space in spaces.values()}:
                return
            self.collection.remove_space(name)
        shutil.rmtree(self.collection.folder / "models" / name, ignore_errors=True)

    def _save(self) -> Path:
        """Write the checkpoint into the collection, under a name that its weights give."""
        outcome, training = self.outcome, self.training
        network = training.make_network()
        network.load_state_dict(outcome.weights)
        digest = hashlib.sha256()
        for tensor in outcome.weights.values():
            digest.update(tensor.contiguous().numpy().tobytes())
        home = Path(os.path.realpath(self.collection.folder / "models"))
        folder = home / f"{self.asked.name}-{digest.hexdigest()[:DIGITS]}"
        start = training.start
        assert start.architecture is not None
        (own, _), old = split(start.architecture, start.network.image)
        beside = None
        if outcome.verdict.features == "trained+start":
            beside = old or (own, deepcopy(start.network.image).cpu())
        head = self.config.network.head if network.keep_head else ()
        save_checkpoint(
            folder,
            network.encoder_network,
            architecture=replace(own, head=(*own.head, *head)),
            preprocessing=start.preprocessing,
            card=self._card(folder),
            beside=beside,
            replace_existing=True,
        )
        return folder

    def _card(self, folder: Path) -> dict[str, Any]:
        pictures = self.training.pictures
        place = pictures.ranks.index("species")
        taxa = sorted({pictures.names[place][code] for code in pictures.species if code >= 0})
        target = self.training.target
        hashes = [image.sha256 for image in pictures.images]
        hashes += target.sha256s if target else []
        data = hashlib.sha256("\n".join(sorted(hashes)).encode()).hexdigest()
        return {
            "name": self.asked.name,
            "start": self.training.start.name,
            "made": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            "taxa": taxa,
            "data": data,
            "licence": _licence(pictures),
            "images": list_images(folder, hashes),
            "metrics": _metrics(self.outcome.verdict),
            "seen": self.outcome.seen,
            "config": asdict(self.config),
            "where": list(self.asked.where),
        }

    def _projection(self, name: str) -> Projection:
        """Return the map that judged best over the embeddings, fitted on what was trained on."""
        verdict, collection = self.outcome.verdict, self.collection
        gallery = collection.gallery(name)
        rows = named_places(collection, gallery, self.asked.where, self.config.domain)
        species = gallery.labels("species").codes[rows]
        scatter = gather(gallery.index.vectors[rows], species, exponent=verdict.exponent)
        projection = verdict.recipe.fit(scatter)
        fitted_on = record_of(collection.database, gallery.rows[rows[species >= 0]])
        card = {**projection.card, "where": list(self.asked.where), "judged": verdict.to_dict()}
        return replace(projection, card=card, fitted_on=fitted_on)


def _licence(pictures: Labelled) -> str:
    """Return what is said of the rights in the pictures, which a user has to weigh."""
    said = {str(image.details.get("licence") or "") for image in pictures.images}
    named = "; ".join(sorted(said - {""}))
    some = " of some" if "" in said and named else ""
    return f"trained on pictures under: {named or 'not stated'}{some}"


def _metrics(verdict: Verdict) -> dict[str, Any]:
    """Return the figures of the judgement as cards hold them: estimate, low, high."""
    return {
        f"{who} {kind} recall@1 ({figures[f'{kind}_queries']} pictures kept back)": {
            "estimate": figures[f"{kind}_recall_at_1"],
            "low": figures[f"{kind}_interval"][0],
            "high": figures[f"{kind}_interval"][1],
        }
        for who, figures in (("start", verdict.start), ("trained", verdict.trained))
        for kind in ("known", "unseen")
        if f"{kind}_recall_at_1" in figures
    }
