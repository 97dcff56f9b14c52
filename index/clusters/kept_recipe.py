"""Recipes of a collection: kept with the space that holds the embeddings."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from ..collection import Collection
from ..database.checksums import write_checksum
from ..database.schema import checksum_sql
from ..errors import CorruptError
from ..gallery.gallery import Gallery
from ..identification.changes import Changes, Fitted, changes_since
from ..storage.records import now
from .recipe import Recipe

_FIND = f"SELECT *, checksum = {checksum_sql('recipes')} AS whole FROM recipes WHERE space_id = ?"


@dataclass(frozen=True, eq=False)
class KeptRecipe:
    """A stored recipe.

    Attributes:
        changes: images and determinations that have changed since it was fitted.
    """

    recipe: Recipe
    changes: Changes


def keep_recipe(collection: Collection, gallery: Gallery, recipe: Recipe) -> None:
    """Store what was fitted on a gallery of the encoder's own vectors, in place of an earlier one.

    Raises:
        LockedError, ReadOnlyError: the collection cannot be written to.
    """
    state = gallery.state
    values = (gallery.space.source_id, recipe.to_bytes(), state.last_seq, state.count)
    with collection.database.writing(), collection.database.transaction() as connection:
        connection.execute(
            "INSERT OR REPLACE INTO recipes "
            "(space_id, content, last_seq, count, labelled, created_at) VALUES (?, ?, ?, ?, ?, ?)",
            (*values, gallery.labelled, now()),
        )
        write_checksum(connection, "recipes", gallery.space.source_id)


def kept_recipe(collection: Collection, gallery: Gallery) -> KeptRecipe | None:
    """Return the stored recipe of the space that a gallery is of; None without one.

    One that is damaged, or of another version, is none: it is fitted anew from what is named.
    """
    for found in collection.database.read(_FIND, (gallery.space.source_id,)):
        if not found["whole"]:
            break
        with suppress(CorruptError):
            recipe = Recipe.from_bytes(found["content"])
            fitted = Fitted(found["last_seq"], found["count"], found["labelled"])
            return KeptRecipe(recipe, changes_since(collection.database, gallery, fitted))
    return None
