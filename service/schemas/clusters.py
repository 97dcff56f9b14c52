"""The shapes of clusters and decisions, for OpenAPI; tests hold real answers against them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from . import examples


class NearTaxon(BaseModel):
    """A known taxon near a cluster."""

    taxon: str = Field(examples=["Xestia baja"])
    cosine: float = Field(description="Of the two centres.", ge=-1.01, le=1.01, examples=[0.71])


class ParentTaxon(BaseModel):
    """What a cluster hangs under."""

    rank: str = Field(examples=["genus"])
    taxon: str = Field(examples=["Xestia"])
    p: float | None = Field(
        description="The mean probability over its members; null where the collection is not "
        "calibrated, or a person placed it there.",
        ge=0,
        le=1,
    )


class Cluster(BaseModel):
    """A cluster as it is now."""

    model_config = ConfigDict(json_schema_extra={"example": examples.CLUSTER})

    id: int = Field(examples=[12])
    version: int = Field(
        description="The last decision that touched it; send it with a decision.", examples=[30]
    )
    state: str = Field(description="open, placed, named, merged, rejected or set aside.")
    size: int = Field(description="Images.", ge=0)
    image_ids: list[str]
    medoid: str | None = Field(description="The image that is nearest to all others.")
    typical: list[str] = Field(description="Up to five images, the most typical first.")
    outliers: list[str] = Field(description="Images far from the rest, the farthest first.")
    coherence: float | None = Field(
        description="Mean cosine of its images to the mean of the others; null for one image."
    )
    parent: ParentTaxon | None
    nearest: list[NearTaxon]
    name: str = Field(description="Provisional, or as it was named.", examples=["Xestia sp. 1"])
    probably: str | None = Field(
        description="The provisional taxon of an earlier clustering that it probably is."
    )


class KnownGroup(BaseModel):
    """Specimens that were set aside with one answer, as identification gave it."""

    id: int
    version: int
    state: str
    size: int
    image_ids: list[str]
    medoid: str | None
    typical: list[str]
    outliers: list[str]
    coherence: float | None
    rank: str = Field(examples=["species"])
    taxon: str = Field(examples=["Xestia baja"])
    p: float = Field(description="The mean probability of the answer.", ge=0, le=1)
    name: str


class Clustering(BaseModel):
    """A clustering as it is now."""

    model_config = ConfigDict(json_schema_extra={"example": examples.CLUSTERING})

    id: int
    source: str
    made_by: str
    made_at: str
    set_aside: list[KnownGroup] = Field(description="What was known already, by its answers.")
    clusters: list[Cluster] = Field(description="The others, the largest first.")
    k: int = Field(description="How many clusters there are.", ge=0)
    parameters: dict[str, Any]
    next: str | None = Field(
        description="Send it as 'after' for smaller clusters; null where there are no more."
    )


class ClusteringRecord(BaseModel):
    """What is known of a clustering without its clusters."""

    clustering_id: int
    space: str
    source: str
    parameters: dict[str, Any]
    made_by: str
    made_at: str


class Clusterings(BaseModel):
    """All clusterings, oldest first."""

    model_config = ConfigDict(json_schema_extra={"example": examples.CLUSTERINGS})

    clusterings: list[ClusteringRecord]


class Decision(BaseModel):
    """What somebody decided, or an undo of that."""

    model_config = ConfigDict(json_schema_extra={"example": examples.DECISION})

    decision_id: int
    clustering_id: int
    kind: str = Field(examples=["name"])
    what: str = Field(examples=["name cluster 12 as Xestia viridis"])
    clusters: list[int] = Field(description="The clusters that it is about.")
    decided_by: str
    decided_at: str
    remarks: str
    undoes: int | None
    stands: bool = Field(description="It has not been undone.")


class Decisions(BaseModel):
    """Decisions and undos, oldest first, or newest first where that was asked for."""

    model_config = ConfigDict(json_schema_extra={"example": examples.DECISIONS})

    decisions: list[Decision]
    next: int | None = Field(
        description="Send it as 'after' for those that follow; null where there are no more."
    )


class Decided(BaseModel):
    """A decision, and the cluster as it is then."""

    model_config = ConfigDict(json_schema_extra={"example": examples.DECIDED})

    decision: Decision
    cluster: Cluster | KnownGroup


class Accepted(BaseModel):
    """The decisions that were made."""

    decisions: list[int] = Field(examples=[[31, 32]])


class Undone(BaseModel):
    """The undos that were written."""

    undos: list[int] = Field(examples=[[33]])


class Event(BaseModel):
    """A determination or an undo, and what it did to the accepted name of its specimen."""

    model_config = ConfigDict(json_schema_extra={"example": examples.EVENT})

    determination_id: int
    specimen_id: str
    taxon: str
    qualifier: str
    origin: str = Field(description="import, human or machine.")
    determined_by: str
    determined_at: str
    remarks: str
    undoes: int | None
    stands: bool
    before: str
    after: str
    decision_id: int | None = Field(description="The decision about clusters it is part of.")


class History(BaseModel):
    """What a specimen was called, oldest first."""

    model_config = ConfigDict(json_schema_extra={"example": examples.HISTORY})

    specimen_id: str
    events: list[Event]
