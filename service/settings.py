"""What only the service reads of the environment: who may ask, how much, and for how long."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from holotype.index.settings import read_environment


class ServiceSettings(BaseSettings):
    """Keys, and the bounds of a request in size, time and turns."""

    model_config = SettingsConfigDict(env_prefix="HOLOTYPE_", frozen=True)

    api_keys: str = Field(
        "",
        repr=False,
        description="Keys that requests must send, as read:<sha256 of the key in hex>, write: for "
        "one that may also change the collection and start jobs, or admin: for one that may also "
        "train, ingest folders and delete evaluations and spaces, separated by commas; needed to "
        "serve other machines than this one.",
    )
    ingest_root: str = Field(
        "",
        description="Folder of this machine below which folders and manifests lie that a job may "
        "ingest; without it no job ingests.",
    )
    decoders: int = Field(
        2, ge=1, description="Processes that decode what is uploaded, each started when needed."
    )
    decoder_seconds: float = Field(
        1.5,
        gt=0,
        description="Longest that decoding an uploaded picture may take, in seconds of a "
        "processor; by the clock, twice as long. All pictures of a request together may take "
        "twice as long as one.",
    )
    decoder_bytes: int = Field(
        300_000_000,
        gt=0,
        description="Most memory that decoding an uploaded picture may take, in bytes.",
    )
    max_header_bytes: int = Field(
        16_384, ge=1024, description="Largest header of a request with its address, in bytes."
    )
    max_json_bytes: int = Field(
        1_000_000,
        gt=0,
        description="Largest request body in JSON, and largest text field of a form, in bytes.",
    )
    max_held_bytes: int = Field(
        100_000_000,
        gt=0,
        description="Most bytes of request bodies that are held in memory at once, and as many of "
        "answers; small ones are not counted. Whoever comes then is told to come again.",
    )
    max_waiting: int = Field(
        64,
        gt=0,
        description="Most questions that wait or are answered at once, and as many requests for "
        "records and pictures; whoever comes then is told to come again.",
    )
    max_share: float = Field(
        0.5,
        gt=0,
        le=1,
        description="Share of what others have left of HOLOTYPE_MAX_WAITING and of "
        "HOLOTYPE_MAX_HELD_BYTES that one of several API keys may take.",
    )
    max_connections: int = Field(
        512,
        gt=0,
        description="Most open connections; beyond that the one that has kept the service waiting "
        "longest is closed.",
    )
    header_seconds: float = Field(
        10, gt=0, description="Longest wait for the whole header of a request, in seconds."
    )
    keep_alive_seconds: int = Field(
        5, gt=0, description="Longest wait for the next request of a connection, in seconds."
    )
    stall_seconds: float = Field(
        10,
        gt=0,
        description="Time over which HOLOTYPE_MIN_BYTES_PER_SECOND is counted, in seconds; twice "
        "that after its last byte a client that stopped has been closed.",
    )
    min_bytes_per_second: int = Field(
        5_000,
        gt=0,
        description="Slowest that a client may send a body or read an answer, in bytes a second.",
    )
    log_format: Literal["text", "json"] = Field(
        "text", description="How the log is written: lines for people, or a JSON object a line."
    )
    log_requests: bool = Field(
        False,
        description="Write a line for every request: method, route, status and seconds; never what "
        "was sent.",
    )
    answer_seconds: float = Field(
        120, gt=0, description="Longest that a request may wait for its answer, in seconds."
    )
    stop_seconds: int = Field(
        5,
        gt=0,
        description="How long requests under way may go on when the service is stopped, in "
        "seconds; 3 seconds later the process ends whatever it does.",
    )


def service_settings() -> ServiceSettings:
    """Return the service's settings as the environment has them now.

    Raises:
        UsageError: an environment variable has a value that cannot be.
    """
    return read_environment(ServiceSettings)
