"""What jobs of each kind may be asked for: options by name, each checked before the work."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

LONGEST = 500  # characters of a name or a reason
_MOST_NAME = 64  # characters of a space's name
_SEEDS = 2**32


class JobOptions(BaseModel):
    """Options of a job; a value of another type is refused, never turned into one that fits."""

    model_config = ConfigDict(extra="forbid", strict=True)


def _where(what: str) -> Any:
    said = f"{what}, such as split=train; see docs/filters.md."
    return Field([], fail_fast=True, description=said)


_SEED: Any = Field(0, ge=0, lt=_SEEDS, description="The same one gives the same.")


class Tune(JobOptions):
    """A better space in closed form, in seconds."""

    name: str = Field("tuned", max_length=_MOST_NAME, description="What the space is called.")
    where: list[str] = _where("Learn from these images only")


class Train(JobOptions):
    """A better encoder, by gradients: minutes to hours."""

    name: str = Field("trained", max_length=_MOST_NAME, description="What the space is called.")
    preset: str = Field("default", max_length=LONGEST, description="A recipe; docs/presets.md.")
    where: list[str] = _where("Learn from these images only")
    minutes: float | None = Field(None, ge=0.1, le=1e6, description="The most that it may take.")
    loss: str | None = Field(None, max_length=LONGEST, description="A loss; docs/losses.md.")
    seed: int = Field(0, ge=0, lt=2**63, description="The same one gives the same run.")
    config: dict[str, Any] = Field(
        {},
        description="Tables of settings that differ from the preset; docs/training.md. An encoder "
        "to start from is no choice of a request: it is the space's.",
    )
    resume: bool = Field(
        False, description="Go on with a run of that name that was cancelled or killed."
    )


class Calibrate(JobOptions):
    """Confidence at every rank."""

    seed: int = _SEED


class Map(JobOptions):
    """The map of a space; null takes what the kept map was made with."""

    method: Literal["umap", "pca"] = Field("umap", description="How it is made.")
    n_neighbors: int | None = Field(None, ge=2, le=200, description="Of UMAP; 15.")
    min_dist: float | None = Field(None, ge=0, le=1, description="Of UMAP; 0.1.")
    seed: int | None = Field(None, ge=0, lt=_SEEDS, description="Another seed, another map.")
    sample: int | None = Field(
        None, ge=100, lt=2**63, description="Fit on so many at most and place the rest; 100,000."
    )
    anew: bool = Field(False, description="Make it even where a kept one serves.")


class Review(JobOptions):
    """Names of many specimens compared, which the curation queues rest on."""


class Cluster(JobOptions):
    """Which stored images without a species are clustered, and how."""

    where: list[str] = _where("Only these images")
    k: int | None = Field(None, ge=1, lt=2**63, description="How many, where that is known.")
    method: str = Field("auto", max_length=LONGEST, description="See docs/clustering.md.")
    seed: int = _SEED
    risk: float = Field(
        0.1, gt=0, lt=1, description="Share of what is set aside that may be wrong."
    )
    prior: float = Field(
        0.5, ge=0, lt=1, description="Share expected to be of species not in the gallery."
    )
    by: str = Field(
        min_length=1, max_length=LONGEST, pattern=r"\S", description="Who asks, for the record."
    )


class Evaluate(JobOptions):
    """A protocol of `holotype eval` and its options; one that it does not take is refused."""

    protocol: Literal[
        "leave-one-out",
        "split",
        "kfold",
        "leave-site-out",
        "transfer",
        "learning-curve",
        "grid",
        "unseen-species",
        "identification",
    ] = Field("leave-one-out", description="Who asks whom; docs/measuring.md.")
    query: list[str] = _where("Images that ask")
    gallery: list[str] = _where("Images that answer")
    spaces: list[str] = Field(
        [], max_length=2, description="Two spaces that are compared, in place of one."
    )
    allow_leak: bool = Field(
        False, description="Measure where specimens or copies cross, with both figures."
    )
    classifiers: list[str] = Field(
        [], max_length=20, description="Fitted on each gallery and asked alike: knn, mlp …"
    )
    folds: int = Field(5, ge=2, le=1000, description="Of kfold.")
    group: str = Field("specimen", max_length=LONGEST, description="Column that stays whole.")
    site: str | None = Field(None, max_length=LONGEST, description="Column of sites; site.")
    per_taxon: bool = Field(False, description="Draw so many images of every taxon.")
    setup: str = Field("imaging", max_length=LONGEST, description="Column of set-ups.")
    copies: int = Field(2, ge=0, le=100, description="Degraded copies of each gallery picture.")
    simulate: Literal["random", "exact"] = Field(
        "random", description="Another set-up for every copy, or exactly that of degrade."
    )
    networks: int = Field(0, ge=0, le=100, description="Small networks of each kind.")
    unlabelled: list[str] = _where("Images of the target's set-up without labels")
    replicates: int = Field(5, ge=1, le=100, description="Draws of every size.")
    leave_out: str | None = Field(
        None, max_length=LONGEST, description="A rank of which taxa are kept out of the gallery."
    )
    share: float = Field(0.25, gt=0, lt=1, description="With leave_out: that share of them.")
    far: list[str] = _where("Far novel images")
    seeds: int = Field(1, ge=1, le=100, description="How many draws.")
    seed: int = _SEED
    risk: float = Field(0.05, gt=0, lt=1, description="Accepted share of wrong answers.")
    prior: float = Field(0.2, ge=0, lt=1, description="Stated share of novel specimens.")


class Identify(JobOptions):
    """Stored images, or pictures that are uploaded with the request."""

    where: list[str] = _where("Of stored images these only")
    risk: float = Field(0.05, gt=0, lt=1, description="Share of given answers that may be wrong.")
    prior: float = Field(
        0.2, ge=0, lt=1, description="Share expected to be of species not in the gallery."
    )
    only: list[str] = _where("Compare with these only")


class Ingest(JobOptions):
    """A folder or a manifest below the folder of HOLOTYPE_INGEST_ROOT."""

    source: str = Field(
        min_length=1, max_length=4096, description="Its path, relative to that folder."
    )
    levels: list[str] = Field(
        [], max_length=20, description="What the levels of folders are, from the top."
    )
    columns: dict[str, str] = Field(
        {}, description="Which column of the table is what, such as species: label."
    )
    strict: bool = Field(False, description="Store nothing if any row has an error.")
    copy_images: bool = Field(False, description="Keep a copy of every picture.")
