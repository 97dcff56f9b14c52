"""What only the service reads of the environment."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """Who may ask, and what one question may cost."""

    model_config = SettingsConfigDict(env_prefix="HOLOTYPE_", frozen=True)

    api_keys: str = Field(
        "",
        repr=False,
        description="Keys that requests must send, as read:<sha256 of the key in hex>, separated "
        "by commas; needed to serve other machines than this one.",
    )
    decoders: int = Field(
        2, ge=1, description="Processes that decode what is uploaded, each started when needed."
    )
    decoder_seconds: float = Field(
        1.5,
        gt=0,
        description="Longest that decoding an uploaded picture may take, in seconds of a "
        "processor; by the clock, twice as long.",
    )
    decoder_bytes: int = Field(
        300_000_000,
        gt=0,
        description="Most memory that decoding an uploaded picture may take, in bytes.",
    )
