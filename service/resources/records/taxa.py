"""`/v1/taxa`: what the gallery holds, as a list, as a tree, and one taxon by itself."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Query, Request, Response
from fastapi import Path as InPath
from fastapi.responses import JSONResponse

from holotype.index.collection import Collection
from holotype.index.errors import UsageError
from holotype.index.gallery.gallery import Gallery
from holotype.index.gallery.taxon_counts import taxa_of
from holotype.index.search.lookalikes import lookalikes, typical_images
from holotype.index.search.taxon_tree import Branch, branch_of, code_of
from holotype.index.taxonomy import RANKS

from ...engine import Engine, TheEngine
from ...schemas import answers, records
from ..etags import tagged
from .paging import Cursor, Limit

router = APIRouter(tags=["taxa"])

_MOST_CHILDREN = 200  # of one taxon; the tree has the others

Category = Annotated[str, Query(description="Tells taxa of one name apart.", examples=["Moth"])]
Kingdom = Annotated[str, Query(description="Tells taxa of one name apart.")]

_RANK = Query(
    description="Only taxa of this rank.",
    json_schema_extra={"enum": list(RANKS)},
    examples=["family"],
)


@router.get(
    "/taxa",
    summary="Every taxon of the gallery",
    responses={200: {"model": answers.Taxa, "description": "The taxa, coarse to fine, by name"}},
)
async def taxa(
    engine: TheEngine,
    rank: Annotated[str | None, _RANK] = None,
    space: Annotated[str | None, Query(description="Which space; by default the first.")] = None,
) -> JSONResponse:
    """List taxa with their rank, lineage, and numbers of images and specimens.

    Two taxa of one name in different categories or kingdoms are different taxa.
    """
    return await engine.read(_taxa, engine, rank, space)


@router.get(
    "/taxa/tree",
    summary="A taxon with those right below it",
    responses={200: {"model": records.TaxonBranch, "description": "One level of the tree"}},
)
async def tree(
    request: Request,
    engine: TheEngine,
    under: Annotated[
        str | None,
        Query(description="A rank and a taxon; without it the top.", examples=["family:Noctuidae"]),
    ] = None,
    category: Category = "",
    kingdom: Kingdom = "",
    after: Cursor = None,
    limit: Limit = 200,
    space: Annotated[str | None, Query(description="Which space; by default the first.")] = None,
) -> Response:
    """Return a taxon and the taxa right below it, with their numbers of images and specimens.

    Right below is the next rank that is named, so that children may be of several ranks. `here` is
    what is named no further; at the top, what has no name at all.
    """
    asked = AskedTaxon(*split(under), category, kingdom, space)
    async with engine.asked():
        found = await engine.query(tree_of, engine.collection, asked, after, limit)
    return tagged(request, found)


@router.get(
    "/taxa/{rank}/{name:path}",
    summary="A taxon, and what it is confused with",
    responses={200: {"model": records.TaxonRecord, "description": "The taxon"}},
)
async def one_taxon(
    request: Request,
    engine: TheEngine,
    rank: Annotated[str, InPath(json_schema_extra={"enum": list(RANKS)})],
    name: str,
    category: Category = "",
    kingdom: Kingdom = "",
    space: Annotated[str | None, Query(description="Which space; by default the first.")] = None,
) -> Response:
    """Return a taxon with its lineage, the taxa right below it, typical images and lookalikes.

    A lookalike's `share` is that of the taxon's specimens to which an image of it is the nearest of
    all other specimens' images; at most 100 specimens are asked about, evenly spread.
    """
    asked = AskedTaxon(rank, name, category, kingdom, space)
    async with engine.asked():
        found = await engine.query(taxon_of, engine.collection, asked)
    return tagged(request, found)


class AskedTaxon(NamedTuple):
    """A taxon by rank and name, and what tells it from others of that name; no rank for the top."""

    rank: str | None
    name: str
    category: str
    kingdom: str
    space: str | None


def split(under: str | None) -> tuple[str | None, str]:
    """Return rank and name of what is written as `family:Noctuidae`.

    Raises:
        UsageError: it is written otherwise.
    """
    if under is None:
        return None, ""
    rank, separator, name = under.partition(":")
    if not separator:
        raise UsageError(f"under is '{under[:80]}'; write a rank and a taxon: family:Noctuidae")
    return rank.strip(), name.strip()


def _branch(gallery: Gallery, asked: AskedTaxon) -> tuple[Branch, int]:
    if asked.rank is None:
        return branch_of(gallery), -1
    names = {"category": asked.category, "kingdom": asked.kingdom}
    code = code_of(gallery, asked.rank, asked.name, **names)
    return branch_of(gallery, asked.rank, code), code


def tree_of(
    collection: Collection, asked: AskedTaxon, after: str | None, limit: int
) -> dict[str, Any]:
    """Return a taxon and the taxa right below it, from a cursor on, as JSON-ready values."""
    gallery = collection.gallery(asked.space)
    branch, _ = _branch(gallery, asked)
    rest = branch.after(after)
    shown = rest[:limit]
    return {
        "space": gallery.space.name,
        **branch.to_dict(),
        "children": [child.to_dict() for child in shown],
        "total": len(branch.children),
        "next": shown[-1].cursor if len(rest) > limit else None,
    }


def taxon_of(collection: Collection, asked: AskedTaxon) -> dict[str, Any]:
    """Return a taxon with typical images and what it is confused with, as JSON-ready values."""
    gallery = collection.gallery(asked.space)
    branch, code = _branch(gallery, asked)
    rank = str(asked.rank)
    return {
        "space": gallery.space.name,
        **branch.to_dict(),
        "children": [child.to_dict() for child in branch.children[:_MOST_CHILDREN]],
        "total": len(branch.children),
        "examples": typical_images(collection, gallery, rank, code),
        "confused_with": [one.to_dict() for one in lookalikes(gallery, rank, code)],
    }


def _taxa(engine: Engine, rank: str | None, space: str | None) -> JSONResponse:
    return JSONResponse(taxa_of(engine.collection.gallery(space), rank))
