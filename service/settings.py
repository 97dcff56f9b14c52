"""What only the service reads of the environment."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """Who may ask."""

    model_config = SettingsConfigDict(env_prefix="HOLOTYPE_", frozen=True)

    api_keys: str = Field(
        "",
        repr=False,
        description="Keys that requests must send, as read:<sha256 of the key in hex>, separated "
        "by commas; needed to serve other machines than this one.",
    )
