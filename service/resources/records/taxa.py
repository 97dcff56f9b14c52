"""`/v1/taxa`: what the gallery holds, as a list, as a tree, and one taxon by itself."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi import Path as InPath
from fastapi.responses import JSONResponse

from holotype.index.gallery.taxon_counts import taxa_of
from holotype.index.search.taxon_records import (
    AskedTaxon,
    rank_and_name,
    taxon_record,
    tree_record,
)
from holotype.index.taxonomy import RANKS

from ...engine import Engine, TheEngine
from ...schemas import answers, records
from ..etags import tagged
from .paging import Cursor, Limit

router = APIRouter(tags=["taxa"])

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
    asked = AskedTaxon(*rank_and_name(under), category, kingdom, space)
    async with engine.asked():
        found = await engine.query(tree_record, engine.collection, asked, after, limit)
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
        found = await engine.query(taxon_record, engine.collection, asked)
    return tagged(request, found)


def _taxa(engine: Engine, rank: str | None, space: str | None) -> JSONResponse:
    return JSONResponse(taxa_of(engine.collection.gallery(space), rank))
