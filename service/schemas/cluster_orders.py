"""What is asked of clusters: a clustering, and decisions about one of its clusters."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from .orders import LONGEST, Number, Order

# Names in JSON are texts.
_Key = Annotated[int, Field(strict=False)]


class StartClustering(Order):
    """Which stored images are clustered, and how."""

    where: list[str] = Field(
        [],
        fail_fast=True,
        description="Conditions on the images, such as split=batch; see docs/filters.md.",
    )
    space: str | None = Field(None, description="Which space; by default the first.")
    k: int | None = Field(None, description="How many clusters, where that is known.")
    method: str = Field("auto", description="How they are found; see docs/clustering.md.")
    seed: int = Field(0, ge=0, lt=2**32, description="The same one gives the same clusters.")
    risk: float = Field(0.1, description="Share of what is set aside that may be wrong.")
    prior: float = Field(0.5, description="Share expected to be of species not in the gallery.")
    by: str = Field(max_length=LONGEST, description="Who asks, for the record.")


class Sign(Order):
    """Who decides, and why."""

    by: str = Field(max_length=LONGEST, description="Who decides, for the record.")
    why: str = Field("", max_length=LONGEST, description="Why, for the record.")


class Decide(Sign):
    """Who decides, why, and about which version of the cluster."""

    version: Number = Field(
        description="Of the cluster that was looked at; refused where it has changed since."
    )


class Name(Decide):
    """A name for a cluster."""

    name: str = Field(max_length=LONGEST, description="A species or a higher taxon.")
    under: str = Field("", max_length=LONGEST, description="Where a new name belongs.")


class Place(Decide):
    """A place for a cluster."""

    under: str = Field(max_length=LONGEST, description="A rank and a taxon: genus=Xestia.")


class Merge(Decide):
    """Clusters that go into one."""

    others: dict[_Key, Number] = Field(description="Their numbers, and the versions looked at.")


class Split(Decide):
    """A cluster taken apart."""

    parts: int = Field(2, description="Into how many sub-clusters.")


class Move(Decide):
    """Images that leave a cluster."""

    images: list[str] = Field(fail_fast=True, description="Their ids.")
    to: int | Literal["new"] | None = Field(description="Another cluster, new, or null for none.")
    to_version: Number | None = Field(None, description="Of the other cluster that was looked at.")
