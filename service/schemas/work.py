"""The shapes of what long work leaves, for OpenAPI; tests hold real answers against them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from . import examples


class Evaluation(BaseModel):
    """What was measured, and how."""

    model_config = ConfigDict(json_schema_extra={"example": examples.EVALUATION})

    evaluation_id: str = Field(examples=["20260504T081500123-3f2a91bc"])
    job_id: str = Field(description="Of the job that measured it.")
    protocol: str = Field(examples=["split"])
    spaces: list[str] = Field(
        description="One, or the two that were compared.", examples=[["base", "tuned"]]
    )
    options: dict[str, Any] = Field(
        description="Those that were given.", examples=[{"query": ["split=test"]}]
    )
    summary: str = Field(description="What was found, in one sentence; empty where none is written")
    has_report: bool = Field(description="Whether there is a page to look at.")
    made_at: str


class MeasuredFigures(Evaluation):
    """An evaluation with all its figures."""

    model_config = ConfigDict(
        json_schema_extra={"example": {**examples.EVALUATION, "figures": {"queries": 277}}}
    )

    figures: dict[str, Any] = Field(description="As `holotype eval --json` gives them.")


class Evaluations(BaseModel):
    """Evaluations, newest first."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"evaluations": [examples.EVALUATION], "total": 1, "next": None}
        }
    )

    evaluations: list[Evaluation]
    total: int = Field(ge=0)
    next: str | None = Field(description="Send it as `after` for more; null at the end.")
