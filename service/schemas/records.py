"""The shapes of determinations and specimens, for OpenAPI; tests hold real answers against them."""

from __future__ import annotations

from pydantic import BaseModel, Field

from .answers import ImageRecord
from .clusters import Event


class Determinations(BaseModel):
    """A page of determinations and undos, the newest first."""

    determinations: list[Event]
    next: int | None = Field(
        description="Send it as 'after' for those before; null where there are no more.",
        examples=[1730],
    )


class QueueDecided(BaseModel):
    """The determinations that a decision about a queue came to."""

    queue: str = Field(examples=["mislabels"])
    determinations: list[Event]


class AcceptedName(BaseModel):
    """The determination of a specimen that counts."""

    determination_id: int = Field(examples=[1731])
    rank: str | None = Field(description="null where the name was taken away.")
    taxon: str | None
    qualifier: str = Field(examples=["cf."])
    origin: str = Field(description="import or human.")
    determined_by: str
    determined_at: str
    remarks: str


class SpecimenRecord(BaseModel):
    """A specimen: its accepted name, and its images."""

    specimen_id: str
    version: int = Field(
        description="Its last determination or undo, 0 for none; send it with a decision."
    )
    determination: AcceptedName | None = Field(description="null where it never had one.")
    lineage: dict[str, str] = Field(
        description="The ranks that are named.",
        examples=[{"category": "Moth", "genus": "Xestia", "species": "Xestia c-nigrum"}],
    )
    images: list[ImageRecord]
    total: int = Field(description="Its images.", ge=1)
    next: str | None = Field(description="Send it as 'after' for more images; null for no more.")


class Images(BaseModel):
    """A page of images, oldest first."""

    images: list[ImageRecord]
    total: int = Field(description="All images that satisfy the conditions.", ge=0)
    next: str | None = Field(
        description="Send it as 'after' for those that follow; null where there are no more.",
        examples=["1730"],
    )


class PatchedImage(ImageRecord):
    """An image's record after a correction."""

    notes: list[str] = Field(
        description="What changed, and what its owner should know.",
        examples=[["1 label changed (a.jpg: Xestia baja -> Xestia c-nigrum)."]],
    )


class StoredImage(PatchedImage):
    """One of many pictures that were put into the collection."""

    created: bool = Field(description="Whether the id is new.")
    embedded: list[str] = Field(description="The spaces that it was embedded into now.")
    left_out: dict[str, str] = Field(
        description="The spaces that lack it, each with the reason.", examples=[{}]
    )


class PictureProblem(BaseModel):
    """A picture that was not stored."""

    name: str = Field(description="Of its file.", examples=["7.jpg"])
    detail: str = Field(description="Why, in one sentence.")


class StoredPictures(BaseModel):
    """What became of many pictures: each is in one of the two lists, in the order of the form."""

    images: list[StoredImage]
    problems: list[PictureProblem]
