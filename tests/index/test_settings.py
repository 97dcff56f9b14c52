"""Every limit has a name and a sentence, and a value that cannot be is refused."""

from __future__ import annotations

import pytest

from holotype.index.errors import UsageError
from holotype.index.settings import Settings, settings


def test_every_setting_has_a_sentence() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert field.description.endswith("."), name


def test_the_environment_overrides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLOTYPE_MAX_K", "7")
    assert settings().max_k == 7


@pytest.mark.parametrize(
    ("name", "value"),
    [("MAX_PIXELS", "many"), ("MAX_PIXELS", "0"), ("DEVICE", "tpu"), ("BATCH_SIZE", "-1")],
)
def test_a_value_that_cannot_be_is_named_with_its_setting(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"HOLOTYPE_{name}", value)
    with pytest.raises(UsageError, match=f"HOLOTYPE_{name} is '{value}'"):
        settings()
