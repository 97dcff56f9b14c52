"""The examples of records in OpenAPI: one for each operation, and each as its model has it."""

from __future__ import annotations

from typing import Any

import httpx2
from pydantic import BaseModel

from holotype.service.schemas import answers, clusters, records, work

_TAGS = {
    *("images", "specimens", "determinations", "taxa", "spaces", "queues", "clusters"),
    *("jobs", "evaluations"),
}
_PICTURES = ("image/jpeg", "image/png")  # there is no use in an example of one


def test_examples_are_what_their_models_say() -> None:
    models = [
        model
        for module in (answers, clusters, records, work)
        for model in vars(module).values()
        if isinstance(model, type) and issubclass(model, BaseModel)
    ]
    given = 0
    for model in models:
        extra = model.model_config.get("json_schema_extra")
        if isinstance(extra, dict) and "example" in extra:
            model.model_validate(extra["example"], strict=True)
            given += 1
    assert given > 20


def test_every_operation_on_records_has_an_example(client: httpx2.Client) -> None:
    api = client.get("/openapi.json").json()
    models = api["components"]["schemas"]
    without = [
        (method, path)
        for path, methods in api["paths"].items()
        for method, operation in methods.items()
        if _TAGS & set(operation.get("tags", []))
        for content in contents(operation)
        if not any(shows(media, kind, models) for kind, media in content.items())
    ]
    assert without == []


def contents(operation: dict[str, Any]) -> list[dict[str, Any]]:
    """What an operation takes and gives, by media type."""
    bodies = [operation["requestBody"]["content"]] if "requestBody" in operation else []
    good = [one for status, one in operation["responses"].items() if status.startswith("2")]
    return bodies + [response["content"] for response in good if "content" in response]


def shows(media: dict[str, Any], kind: str, models: dict[str, Any]) -> bool:
    """Whether there is an example of the whole, or of every field of it."""
    model = models.get(media.get("schema", {}).get("$ref", "").rpartition("/")[2], {})
    fields = model.get("properties", {}).values()
    each = bool(fields) and all("examples" in field for field in fields)
    given = bool({"example", "examples"} & set(media)) or "example" in model
    return kind in _PICTURES or given or each
