"""An encoder that is better, put into a collection: its checkpoint, its embeddings, its map."""

from __future__ import annotations

import datetime
import hashlib
import os
import re
import shutil
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holotype.index.collection import Collection
from holotype.index.encoders import accelerated, load_encoder
from holotype.index.encoders.architecture import Architecture
from holotype.index.encoders.checkpoint import save_checkpoint
from holotype.index.encoders.model import Preprocessing
from holotype.index.encoders.trained_on import list_images
from holotype.index.errors import UsageError
from holotype.index.ingest.stored import embed_stored
from holotype.index.storage.records import Space
from holotype.index.storage.spaces import EXTERNAL, check_name, list_spaces
from holotype.index.trust import trust_encoder
from holotype.index.vectors.projection import Projection
from holotype.index.ways import option

from .asked import Asked
from .metric.config import TrainConfig
from .metric.pictures import Labelled
from .metric.train import Watch

if TYPE_CHECKING:
    from torch import Tensor, nn

_DIGITS = 8  # of the weights' digest, after the name of a checkpoint and of its embeddings


@dataclass(frozen=True, eq=False)
class NewEncoder:
    """A trained network, and what its card says of it.

    Attributes:
        weights: all that makes it another than its start; they give the checkpoint its name.
        network, architecture, preprocessing, beside: see `save_checkpoint`.
        start: name of the encoder that it was trained from.
        pictures: those that it learned from.
        rank: of the taxa that it learned.
        unnamed: sha256 of the pictures that it saw without their names.
        card: what else is said.
    """

    weights: Mapping[str, Tensor]
    network: nn.Module
    architecture: Architecture
    preprocessing: Preprocessing
    start: str
    pictures: Labelled
    rank: str
    beside: tuple[Architecture, nn.Module] | None = None
    unnamed: Sequence[str] = ()
    card: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class MadeSpace(ABC):
    """What was trained and is better, on its way into the collection."""

    collection: Collection
    base: Space
    asked: Asked
    config: TrainConfig

    @abstractmethod
    def _encoder(self) -> NewEncoder:
        """Return what a checkpoint is written of."""

    @abstractmethod
    def _projection(self, name: str) -> Projection:
        """Return the map through which embeddings are shown, given the name of their space."""

    def keep(self, watch: Watch) -> dict[str, Any]:
        """Write the checkpoint, embed all pictures with it, and show them under the name.

        Broken off, it leaves the collection as it was: what is replaced goes last.
        """
        there = {space.name: space for space in self.collection.spaces()}
        folder = self._save()
        try:
            encoder = load_encoder(f"checkpoint:{folder}", views=self.base.views)
            trust_encoder(encoder.name)
            watch.on_phase("Embedding with the trained encoder")
            encoder = accelerated(encoder)
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
            "trained_from": self.base.name,
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
        made = self._encoder()
        digest = hashlib.sha256()
        for tensor in made.weights.values():
            digest.update(tensor.cpu().contiguous().numpy().tobytes())
        home = Path(os.path.realpath(self.collection.folder / "models"))  # it is trusted by this
        folder = home / f"{self.asked.name}-{digest.hexdigest()[:_DIGITS]}"
        save_checkpoint(
            folder,
            made.network,
            architecture=made.architecture,
            preprocessing=made.preprocessing,
            card=self._card(made, folder),
            beside=made.beside,
            replace_existing=True,
        )
        return folder

    def _card(self, made: NewEncoder, folder: Path) -> dict[str, Any]:
        pictures = made.pictures
        names = pictures.names[pictures.ranks.index(made.rank)]
        taxa = {names[code] for code in set(pictures.of(made.rank).tolist()) if code >= 0}
        hashes = sorted([*(image.sha256 for image in pictures.images), *made.unnamed])
        return {
            "name": self.asked.name,
            "start": made.start,
            "made": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            "taxa": sorted(taxa),
            "data": hashlib.sha256("\n".join(hashes).encode()).hexdigest(),
            "licence": _licence(pictures),
            "images": list_images(folder, hashes),
            "config": asdict(self.config),
            "where": list(self.asked.where),
            **made.card,
        }


def _licence(pictures: Labelled) -> str:
    """Return what is said of the rights in the pictures, which a user has to weigh."""
    said = {str(image.details.get("licence") or "") for image in pictures.images}
    named = "; ".join(sorted(said - {""}))
    some = " of some" if "" in said and named else ""
    return f"trained on pictures under: {named or 'not stated'}{some}"


def require_base(collection: Collection, base: Space) -> Space:
    """Return the space that training starts from, which others may have removed meanwhile.

    Raises:
        UsageError: they have.
    """
    if base.space_id not in {space.space_id for space in list_spaces(collection.database)}:
        raise UsageError(
            f"Space '{base.name}', which training started from, has been removed meanwhile; "
            f"train from another with {option('space')}"
        )
    return base


def check_names(collection: Collection, name: str, base: Space) -> None:
    """Refuse, before the work, a name that is taken by something else.

    Raises:
        UsageError: saying by what.
    """
    check_name(name)
    check_name(f"{name}-{'0' * _DIGITS}")
    spaces = {space.space_id: space for space in list_spaces(collection.database)}
    source = spaces[require_base(collection, base).source_id]
    if base.encoder.startswith(EXTERNAL):
        raise UsageError(
            f"Space '{base.name}' holds vectors that were made elsewhere; training needs a space "
            "of an encoder that is at hand: ingest the pictures with one, and name it with "
            + option("space")
        )
    if base.projection_id is not None:
        raise UsageError(f"Space '{base.name}' is a projection; train from '{source.name}'")
    shown = next((space for space in spaces.values() if space.name == name), None)
    if shown is None:
        return
    below = spaces.get(shown.base_space_id or -1)
    if below is None or not re.fullmatch(re.escape(name) + f"-[0-9a-f]{{{_DIGITS}}}", below.name):
        raise UsageError(
            f"Space '{name}' exists and was not made by training; choose another {option('as')}"
        )
    if below.name == base.name:
        raise UsageError(
            f"Training from '{base.name}' would replace it; choose another {option('as')}"
        )
