"""The collections of a folder, as the service lists them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class ListedCollection(BaseModel):
    """A collection below its name, or why it cannot be asked."""

    name: str = Field(examples=["moths"])
    address: str = Field(
        description="Where its pages begin; its API is below, under v1.", examples=["/moths/"]
    )
    images: int | None = Field(None, ge=0, description="How many it holds.", examples=[1200])
    specimens: int | None = Field(None, ge=0, examples=[800])
    species: int | None = Field(None, ge=0, examples=[141])
    why_not: str | None = Field(
        None, description="Why it cannot be asked, in one sentence; null where it can."
    )


class ListedCollections(BaseModel):
    """Every collection of the folder, by name."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "collections": [
                        {
                            "name": "moths",
                            "address": "/moths/",
                            "images": 1200,
                            "specimens": 800,
                            "species": 141,
                            "why_not": None,
                        }
                    ]
                }
            ]
        }
    )

    collections: list[ListedCollection]
