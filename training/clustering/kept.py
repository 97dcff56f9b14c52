"""Fitting how the unnamed specimens of a collection are clustered, and keeping it there."""

from __future__ import annotations

from collections.abc import Callable

from holotype.index.clusters.kept_recipe import keep_recipe, kept_recipe
from holotype.index.clusters.recipe import Recipe
from holotype.index.collection import Collection

from .fit import fit_recipe

_FEW = 0.05  # share of the images and specimens whose change asks for no new recipe


def recipe_for(
    collection: Collection,
    *,
    space: str | None = None,
    seed: int = 0,
    on_fit: Callable[[], None] = lambda: None,
) -> Recipe:
    """Return the recipe of a space, fitted anew where there is none or much has changed since.

    It is fitted on the named species and kept with the space that holds the embeddings. Naming a
    few clusters, or adding a small batch, leaves it as it is.

    Args:
        space: any that shows the embeddings; by default the oldest.
        seed: of all that is drawn.
        on_fit: called before one is fitted, which takes a while.

    Raises:
        LockedError, ReadOnlyError: the collection cannot be written to.
    """
    with collection.writing():
        _, gallery = collection.gallery_and_source(space)
        kept = kept_recipe(collection, gallery)
        if kept is not None:
            changes = kept.changes
            changed = max(changes.images_removed, changes.specimens_determined)
            named = int((gallery.labels("species").codes >= 0).sum())
            if changed <= _FEW * named:
                return kept.recipe
        on_fit()
        species = gallery.labels("species").codes
        there = species >= 0
        vectors = gallery.index.rows(there.nonzero()[0])
        recipe = fit_recipe(vectors, species[there], gallery.specimens[there], seed=seed)
        keep_recipe(collection, gallery, recipe)
        return recipe
