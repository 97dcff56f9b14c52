"""The shapes of determinations and specimens, for OpenAPI; tests hold real answers against them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from . import examples
from .answers import ImageRecord, SpecimenVersion
from .clusters import Event


class Determinations(BaseModel):
    """A page of determinations and undos, the newest first."""

    model_config = ConfigDict(json_schema_extra={"example": examples.DETERMINATIONS})

    determinations: list[Event]
    next: int | None = Field(
        description="Send it as 'after' for those before; null where there are no more.",
        examples=[1730],
    )


class LeftOut(BaseModel):
    """A specimen that was determined since it was looked at, and so was left as it is."""

    specimen_id: str = Field(examples=["trip-7"])
    why: str = Field(description="In one sentence.")


class LeftAlone(LeftOut):
    """A determination, or an undo, that was not taken back."""

    determination_id: int = Field(examples=[1731])


class Determined(BaseModel):
    """Determinations that were appended together."""

    model_config = ConfigDict(json_schema_extra={"example": examples.DETERMINED})

    determinations: list[Event]
    left_out: list[LeftOut]


class Undone(BaseModel):
    """Undos that were appended together."""

    model_config = ConfigDict(json_schema_extra={"example": examples.UNDONE})

    determinations: list[Event]
    left_out: list[LeftAlone]


class QueueDecided(BaseModel):
    """The determinations that a decision about a queue came to."""

    model_config = ConfigDict(json_schema_extra={"example": examples.QUEUE_DECIDED})

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

    model_config = ConfigDict(json_schema_extra={"example": examples.SPECIMEN})

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

    model_config = ConfigDict(json_schema_extra={"example": examples.IMAGES})

    images: list[ImageRecord]
    total: int = Field(description="All images that satisfy the conditions.", ge=0)
    next: str | None = Field(
        description="Send it as 'after' for those that follow; null where there are no more.",
        examples=["1730"],
    )


class PatchedImage(ImageRecord):
    """An image's record after a correction."""

    model_config = ConfigDict(json_schema_extra={"example": examples.PATCHED})

    notes: list[str] = Field(
        description="What changed, and what its owner should know.",
        examples=[["1 label changed (a.jpg: Xestia baja -> Xestia c-nigrum)."]],
    )


class StoredImage(PatchedImage):
    """One of many pictures that were put into the collection."""

    model_config = ConfigDict(json_schema_extra={"example": examples.STORED})

    created: bool = Field(description="Whether the id is new.")
    version: SpecimenVersion
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

    model_config = ConfigDict(json_schema_extra={"example": examples.STORED_PICTURES})

    images: list[StoredImage]
    problems: list[PictureProblem]


class ChildTaxon(BaseModel):
    """A taxon right below another."""

    rank: str = Field(examples=["genus"])
    taxon: str = Field(examples=["Xestia"])
    images: int = Field(ge=1, examples=[120])
    specimens: int = Field(ge=1, examples=[120])
    children: int = Field(description="How many taxa are right below it.", ge=0, examples=[6])


class Numbers(BaseModel):
    """Images and their specimens."""

    images: int = Field(ge=0)
    specimens: int = Field(ge=0)


class TaxonBranch(BaseModel):
    """A taxon, or the top of the tree, with the taxa right below it."""

    model_config = ConfigDict(json_schema_extra={"example": examples.BRANCH})

    space: str = Field(examples=["base"])
    rank: str | None = Field(description="null at the top.", examples=["family"])
    taxon: str | None = Field(examples=["Noctuidae"])
    lineage: dict[str, str] = Field(examples=[{"category": "Moth", "family": "Noctuidae"}])
    images: int = Field(description="Of it and everything below.", ge=0)
    specimens: int = Field(ge=0)
    here: Numbers = Field(description="What is named no further; at the top, not at all.")
    children: list[ChildTaxon] = Field(description="Coarse to fine, by name.")
    total: int = Field(description="All its children.", ge=0)
    next: str | None = Field(
        description="Send it as 'after' for those that follow; null where there are no more."
    )


class Lookalike(BaseModel):
    """A taxon that another of its rank is confused with."""

    taxon: str = Field(examples=["Xestia triangulum"])
    share: float = Field(
        description="Of the specimens asked about, those to which an image of it is the nearest.",
        ge=0,
        le=1,
        examples=[0.12],
    )
    cosine: float = Field(description="Of the two centres.", ge=-1.01, le=1.01, examples=[0.83])


class TaxonRecord(BaseModel):
    """A taxon by itself."""

    model_config = ConfigDict(json_schema_extra={"example": examples.TAXON})

    space: str = Field(examples=["base"])
    rank: str = Field(examples=["species"])
    taxon: str = Field(examples=["Xestia c-nigrum"])
    lineage: dict[str, str]
    images: int = Field(ge=1)
    specimens: int = Field(ge=1)
    here: Numbers = Field(description="What is named no further.")
    children: list[ChildTaxon] = Field(description="The first 200; the tree has them all.")
    total: int = Field(description="All its children.", ge=0)
    examples: list[str] = Field(description="Images near its centre, one a specimen.")
    confused_with: list[Lookalike] = Field(description="Those first that take most specimens.")
