"""The shapes of what the service returns, for OpenAPI; tests hold real answers against them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from . import examples


class Hit(BaseModel):
    """A gallery image near the query; the ranks that are known follow under their own names."""

    model_config = ConfigDict(extra="allow")

    image_id: str = Field(examples=["Xestia_c-nigrum_0004"])
    specimen_id: str = Field(examples=["Xestia_c-nigrum_0004"])
    score: float = Field(description="Cosine to the query.", ge=-1.01, le=1.01, examples=[0.83])
    species: str = Field(
        description="Empty where the specimen is not named to species.",
        examples=["Xestia c-nigrum"],
    )


class Determination(BaseModel):
    """A taxon, its rank, and the probability that it is right."""

    rank: str
    taxon: str
    confidence: float | None = Field(
        description="null where calibration is none: nothing is known of it.", ge=0, le=1
    )
    qualifier: str


class Probability(BaseModel):
    """A taxon and the probability that the specimen belongs to it."""

    taxon: str
    p: float = Field(
        description="Where calibration is none, its share of the neighbours' votes.", ge=0, le=1
    )
    percent: str = Field(
        description="p for people, with as many digits as tell it from 1 - risk.",
        examples=["94.6 %"],
    )


class PictureTaxon(BaseModel):
    """What one of several pictures of a specimen would be called by itself."""

    picture: str
    far: bool = Field(description="It is unlike anything known.")
    rank: str | None = Field(description="The finest that is named; null where nothing is.")
    taxon: str | None
    p: float | None = Field(ge=0, le=1)
    percent: str | None


class Unnamed(BaseModel):
    """Specimens that nobody has named and that the query is like."""

    specimens: list[str] = Field(description="Their ids, the nearest first.")
    images: list[str] = Field(description="Their images among the neighbours.")
    at_least: bool = Field(description="All neighbours are such; a larger k may show more.")


class SpacesUsed(BaseModel):
    """What the parts of an answer come from."""

    neighbours: str = Field(description="The space that was searched.", examples=["tuned"])
    determination: str = Field(
        description="The space whose calibration gives the probabilities, or whose neighbours "
        "vote.",
        examples=["base"],
    )


class Changes(BaseModel):
    """What has changed in a space; a picture that took another's place is in both counts."""

    images_added: int
    images_removed: int
    specimens_determined: int = Field(description="Of the other images, also where it was undone.")


class Seen(BaseModel):
    """What has seen the picture that is asked about."""

    encoder: bool | None = Field(description="null where nobody knows what it was trained on.")
    space: bool
    calibration: bool


class Fit(BaseModel):
    """On how much something was fitted."""

    images: int
    specimens: int
    recorded: bool = Field(
        description="False where no record was kept, so that all that was there then counts."
    )


class Fits(BaseModel):
    """What a space was fitted on."""

    encoder: Fit | None = Field(description="null where nobody knows what it was trained on.")
    space: Fit | None = Field(description="null where the space is no projection.")


class Answer(BaseModel):
    """One answer for one specimen, with its evidence."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "example": {
                "image": "unknown.jpg",
                "determination": {
                    "rank": "genus",
                    "taxon": "Xestia",
                    "confidence": 0.96,
                    "qualifier": "sp.",
                },
                "unknown": False,
                "ranks": {
                    "genus": [
                        {"taxon": "Xestia", "p": 0.96, "percent": "96 %"},
                        {"taxon": "Noctua", "p": 0.03, "percent": "3 %"},
                    ],
                    "species": [{"taxon": "Xestia c-nigrum", "p": 0.71, "percent": "71 %"}],
                },
                "neighbours": [
                    {
                        "image_id": "Xestia_c-nigrum_0004",
                        "specimen_id": "Xestia_c-nigrum_0004",
                        "score": 0.83,
                        "species": "Xestia c-nigrum",
                        "genus": "Xestia",
                    }
                ],
                "novelty": 0.38,
                "novelty_in_words": "no more than usual",
                "novelty_p": 0.62,
                "p_known": 0.91,
                "species_set": ["Xestia c-nigrum", "Xestia triangulum"],
                "unnamed": None,
                "pictures": [],
                "spaces": {"neighbours": "base", "determination": "base"},
                "basis": "The determination rests on the calibration of space 'base', and the "
                "neighbours shown are of that space.",
                "calibration": "fitted",
                "calibration_changes": {
                    "images_added": 0,
                    "images_removed": 0,
                    "specimens_determined": 0,
                },
                "calibration_note": "",
                "why": "The neighbours agree on genus Xestia (96 %), but species Xestia c-nigrum "
                "has only 71 %; the nearest is Xestia c-nigrum at cosine 0.83.",
                "notes": [],
                "fitted_on": {"encoder": None, "space": False, "calibration": False},
            }
        },
    )

    image: str = Field(description="What was asked about.")
    determination: Determination | None = Field(description="null where it is unknown.")
    unknown: bool
    ranks: dict[str, list[Probability]] = Field(description="Coarse to fine, best first.")
    neighbours: list[Hit] = Field(description="Best first; none of the query's own specimen.")
    novelty: float | None = Field(
        description="How unlike anything known, near 1 for what is unlike everything: the share of "
        "specimens of known species that lie nearer to theirs; null without a calibration, and "
        "where nothing that is named may be compared with it.",
        ge=0,
        le=1,
    )
    novelty_in_words: str = Field(
        description="The same for people: no more than usual, more than usual, entirely."
    )
    novelty_p: float | None = Field(
        description="1 - novelty, how rare a nearest neighbour this far is. It is high for "
        "ordinary specimens and will go with 1.0: use novelty.",
        ge=0,
        le=1,
        deprecated=True,
    )
    p_known: float | None = Field(
        description="The probability that the gallery holds its species; null likewise.", ge=0, le=1
    )
    species_set: list[str] | None = Field(
        description="Holds the true species with 95 % probability, if the gallery does; null "
        "likewise."
    )
    unnamed: Unnamed | None = Field(
        description="Specimens that nobody has named and that it is like; null without."
    )
    pictures: list[PictureTaxon] = Field(
        description="Of several pictures, what each would be called by itself; else empty."
    )
    spaces: SpacesUsed
    basis: str = Field(description="What the determination and the neighbours rest on.")
    calibration: str = Field(
        description="What the figures rest on: fitted; stale, where something has changed since; "
        "none, where they are shares of the neighbours' votes and no checked probabilities."
    )
    calibration_changes: Changes | None = Field(
        description="What has changed since the calibration was fitted; null without one."
    )
    calibration_note: str = Field(
        description="What to bear in mind about the figures, and what to do; empty where fitted."
    )
    why: str = Field(description="The reason, in one sentence.")
    notes: list[str] = Field(
        description="What else to bear in mind about this answer, such as pictures that disagree."
    )
    fitted_on: Seen = Field(
        description="Which of them were fitted on this picture or another of its specimen: their "
        "figures are surer than a new picture's."
    )


class Hits(BaseModel):
    """The gallery images nearest to a query, best first."""

    space: str = Field(examples=["base"])
    hits: list[Hit]
    fitted_on: Seen | None = Field(
        None,
        description="Where one of them was fitted on the picture that is asked with, or another of "
        "its specimen: the cosines are not those of a new picture.",
    )
    notes: list[str] | None = Field(None, description="The same in a sentence.")


class Taxon(BaseModel):
    """A taxon of the gallery."""

    taxon: str = Field(examples=["Noctuidae"])
    rank: str = Field(examples=["family"])
    lineage: dict[str, str] = Field(examples=[{"category": "Moth", "family": "Noctuidae"}])
    images: int = Field(examples=[540])
    specimens: int = Field(examples=[540])


class Taxa(BaseModel):
    """The taxa of a gallery, coarse to fine, by name."""

    model_config = ConfigDict(json_schema_extra={"example": examples.TAXA})

    space: str = Field(examples=["base"])
    taxa: list[Taxon]


class NamedTaxon(BaseModel):
    """The taxon that a specimen is accepted as."""

    rank: str = Field(examples=["species"])
    taxon: str = Field(examples=["Xestia c-nigrum"])


class ImageRecord(BaseModel):
    """A stored image and what is known of it."""

    model_config = ConfigDict(json_schema_extra={"example": examples.IMAGE})

    image_id: str = Field(examples=["Xestia_c-nigrum_0004"])
    specimen_id: str = Field(examples=["Xestia_c-nigrum_0004"])
    sha256: str = Field(description="Of the picture's file.")
    width: int = Field(examples=[320])
    height: int = Field(examples=[240])
    split: str = Field(examples=["train"])
    determination: NamedTaxon | None = Field(description="The accepted one.")
    lineage: dict[str, str] = Field(
        description="The ranks that are named.",
        examples=[{"category": "Moth", "genus": "Xestia", "species": "Xestia c-nigrum"}],
    )
    details: dict[str, str] = Field(
        description="Date, locality, licence and the like, if known.",
        examples=[{"date": "2021-06-12"}],
    )
    metadata: dict[str, str] = Field(
        description="The collection's own columns.", examples=[{"sex": "f"}]
    )


SpecimenVersion = Annotated[
    int,
    Field(
        description="Of its specimen; a determination that gives it is refused where somebody "
        "determined the specimen since.",
        ge=0,
        examples=[0],
    ),
]


class StoredPicture(BaseModel):
    """A picture that was put into the collection."""

    model_config = ConfigDict(json_schema_extra={"example": examples.STORED_PICTURE})

    image: ImageRecord
    created: bool = Field(description="Whether the id is new.")
    version: SpecimenVersion
    embedded: list[str] = Field(
        description="The spaces that it was embedded into now.", examples=[["base"]]
    )
    left_out: dict[str, str] = Field(
        description="The spaces that lack it, each with the reason.", examples=[{}]
    )
    notes: list[str] = Field(
        description="What changed of an image that was there, and what its owner should know.",
        examples=[["1 label changed (a.jpg: Xestia baja -> Xestia c-nigrum)."]],
    )


class SpaceRecord(BaseModel):
    """A space: one encoder's embeddings, or another space through a projection."""

    name: str = Field(examples=["base"])
    encoder: str = Field(examples=["bundled"])
    fingerprint: str
    views: int
    dim: int
    tuned_from: str | None
    fitted_on: Fits
    embeddings: int
    index: str | None = Field(examples=["flat"])


class Spaces(BaseModel):
    """What a collection holds, and its spaces, oldest first."""

    model_config = ConfigDict(json_schema_extra={"example": examples.SPACES})

    collection: str
    images: int = Field(examples=[1100])
    specimens: int = Field(examples=[1100])
    taxa: dict[str, int] = Field(description="By rank.", examples=[{"genus": 70, "species": 100}])
    splits: dict[str, int] = Field(description="Images by split.", examples=[{"train": 823}])
    spaces: list[SpaceRecord]


class RemovedSpaces(BaseModel):
    """Spaces that were removed, the tuned ones first."""

    removed: list[str] = Field(examples=[["tuned"]])


class Calibration(BaseModel):
    """What turns the evidence of a space into probabilities, and whether it is up to date."""

    space: str = Field(examples=["base"])
    calibration: str = Field(description="fitted, stale or none.", examples=["fitted"])
    changes: Changes | None = Field(description="Since it was fitted; null without one.")
    fitted: dict[str, Any] | None = Field(description="When and on what; null without one.")


class Job(BaseModel):
    """Work that takes longer than an answer."""

    model_config = ConfigDict(json_schema_extra={"example": examples.JOB})

    job_id: str
    kind: str = Field(examples=["calibrate"])
    space: str = Field(examples=["base"])
    state: str = Field(
        description="running, done, failed, cancelled, or interrupted by the end of the service.",
        examples=["running"],
    )
    percent: int = Field(
        description="How much is done; of the phase, where there is one.",
        ge=0,
        le=100,
        examples=[35],
    )
    phase: str = Field(
        description="What it is at, where it has several things to do; else empty.",
        examples=["Embedding"],
    )
    options: dict[str, Any] = Field(
        description="What was asked for, beside the space.", examples=[{"seed": 1}]
    )
    result: dict[str, Any] | None = Field(description="What it gave, once it is done.")
    error: str | None = Field(description="Why it failed or was interrupted, in one sentence.")
    created_at: str
    changed_at: str


class Jobs(BaseModel):
    """The last jobs, oldest first."""

    model_config = ConfigDict(json_schema_extra={"example": {"jobs": [examples.JOB]}})

    jobs: list[Job]


class Evidence(BaseModel):
    """A picture to compare with."""

    image_id: str
    taxon: str = Field(description="Empty where it has no name.")
    cosine: float | None = Field(ge=-1.01, le=1.01)


class QueueEntry(BaseModel):
    """What one should look at, and why."""

    place: int = Field(description="In the queue, from 1.", ge=1)
    score: float = Field(description="By which the queue is ordered; no probability.", ge=0, le=1)
    specimen_ids: list[str] = Field(description="One; of duplicates all that share a picture.")
    image_ids: list[str] = Field(description="The images of the first of them.")
    taxa: list[str] = Field(description="What each is called; empty for no name.")
    reason: str = Field(
        examples=[
            "It fits the 11 specimens of Xestia baja better than the 10 other specimens of its own "
            "Xestia c-nigrum."
        ]
    )
    proposed: dict[str, str] | None = Field(description="By rank; null where none is proposed.")
    evidence: list[Evidence]
    versions: list[int] = Field(
        description="The last determination or undo of each specimen, 0 for none; send them with "
        "a decision."
    )


class QueuePage(BaseModel):
    """A part of a curation queue."""

    model_config = ConfigDict(json_schema_extra={"example": examples.QUEUE})

    queue: str
    space: str
    total: int = Field(description="Entries of the whole queue.", ge=0)
    offset: int = Field(ge=0)
    entries: list[QueueEntry]
    left_out: dict[str, int] = Field(description="Specimens that were not judged, by the reason.")
