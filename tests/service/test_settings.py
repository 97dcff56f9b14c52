"""Every setting has its sentence in docs/service.md, and a value that cannot be is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic_settings import BaseSettings

from holotype.index.errors import UsageError
from holotype.index.settings import Settings
from holotype.service.settings import ServiceSettings, service_settings

DOCS = Path(__file__).parents[2] / "docs" / "service.md"


def row(name: str, model: type[BaseSettings]) -> str:
    """A setting's row of the table in docs/service.md; write what the test asks for."""
    field = model.model_fields[name]
    default = field.default
    shown = f"{default:,}" if type(default) is int else str(default)
    shown = shown.lower() if isinstance(default, bool) else shown
    return f"| `HOLOTYPE_{name.upper()}` | {shown} | {field.description} |"


@pytest.mark.parametrize("model", [Settings, ServiceSettings])
def test_every_setting_is_described(model: type[BaseSettings]) -> None:
    lines = DOCS.read_text().splitlines()
    assert [row(name, model) for name in model.model_fields if row(name, model) not in lines] == []


def test_no_setting_is_described_that_is_gone() -> None:
    known = {f"HOLOTYPE_{n.upper()}" for m in (Settings, ServiceSettings) for n in m.model_fields}
    described = {
        line.split("`")[1] for line in DOCS.read_text().splitlines() if line.startswith("| `HOLO")
    }
    assert described == known


@pytest.mark.parametrize(
    ("name", "value"), [("MAX_WAITING", "0"), ("MAX_SHARE", "2"), ("STALL_SECONDS", "soon")]
)
def test_a_value_that_cannot_be_is_named_with_its_setting(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"HOLOTYPE_{name}", value)
    with pytest.raises(UsageError, match=f"HOLOTYPE_{name} is '{value}'"):
        service_settings()
