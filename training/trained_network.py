"""A network that learned to tell taxa apart, as a space of the collection."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

from holotype.index.encoders.architecture import split
from holotype.index.gallery.fitted import record_of
from holotype.index.vectors.projection import Projection

from .domain.target import named_places
from .made_space import MadeSpace, NewEncoder
from .metric.gate import Verdict
from .metric.train import Outcome, Training
from .tuning.scatter import gather


@dataclass(frozen=True, eq=False)
class TrainedNetwork(MadeSpace):
    """A network that is better, on its way into the collection."""

    training: Training
    outcome: Outcome

    def _encoder(self) -> NewEncoder:
        outcome, training, start = self.outcome, self.training, self.training.start
        network = training.make_network()
        network.load_state_dict(outcome.weights)
        assert start.architecture is not None
        (own, _), old = split(start.architecture, start.network.image)
        beside = None
        if outcome.verdict.features == "trained+start":
            beside = old or (own, deepcopy(start.network.image).cpu())
        head = self.config.network.head if network.keep_head else ()
        return NewEncoder(
            weights=outcome.weights,
            network=network.encoder_network,
            architecture=replace(own, head=(*own.head, *head), side=outcome.verdict.side),
            preprocessing=start.preprocessing,
            start=start.name,
            pictures=training.pictures,
            rank="species",
            beside=beside,
            unnamed=training.target.sha256s if training.target else (),
            card={"metrics": _metrics(outcome.verdict), "seen": outcome.seen},
        )

    def _projection(self, name: str) -> Projection:
        """Return the map that was settled on over the embeddings, fitted on what was trained on."""
        verdict, collection = self.outcome.verdict, self.collection
        gallery = collection.gallery(name)
        rows = named_places(collection, gallery, self.asked.where, self.config.domain)
        species = gallery.labels("species").codes[rows]
        scatter = gather(gallery.index.vectors[rows], species, exponent=verdict.exponent)
        projection = verdict.recipe.fit(scatter)
        fitted_on = record_of(collection.database, gallery.rows[rows[species >= 0]])
        card = {**projection.card, "where": list(self.asked.where), "judged": verdict.to_dict()}
        return replace(projection, card=card, fitted_on=fitted_on)


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
