"""Every limit, as a named setting with a sentence; environment variables `HOLOTYPE_…` override."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from .errors import UsageError

Kind = TypeVar("Kind", bound=BaseSettings)


class Settings(BaseSettings):
    """Limits and machine choices, read once from the environment."""

    model_config = SettingsConfigDict(env_prefix="HOLOTYPE_", frozen=True)

    max_pixels: int = Field(
        40_000_000, gt=0, description="Largest picture that is decoded, in pixels (width x height)."
    )
    max_scans: int = Field(
        100,
        gt=0,
        description="Most scans of a JPEG, each of which takes the time of its pixels; one of "
        "HOLOTYPE_MAX_PIXELS may have a fifth of it.",
    )
    max_decoded_bytes: int = Field(
        1_000_000_000,
        gt=0,
        description="Most memory that one picture may take while it is decoded, in bytes.",
    )
    max_file_bytes: int = Field(
        400_000_000, gt=0, description="Largest file that is read as a picture, in bytes."
    )
    max_table_bytes: int = Field(
        1_000_000_000, gt=0, description="Largest manifest that is read, in bytes."
    )
    max_upload_bytes: int = Field(
        20_000_000, gt=0, description="Largest request body the service reads, in bytes."
    )
    max_k: int = Field(1000, gt=0, description="Most neighbours one search may ask for.")
    max_images_per_query: int = Field(
        5, gt=0, description="Most pictures of one specimen that one identification may use."
    )
    max_filters: int = Field(
        32, gt=0, description="Most filters, such as family=Noctuidae, that one question may have."
    )
    max_filter_characters: int = Field(100_000, gt=0, description="Longest filter, in characters.")
    max_filter_values: int = Field(
        1000,
        gt=0,
        le=30_000,  # SQLite takes 32,766
        description="Most different values that the filters of one question may name.",
    )
    max_text_characters: int = Field(
        1000, gt=0, description="Longest description that a search by text may ask with."
    )
    max_checked_bytes: int = Field(
        128 << 20,
        ge=0,
        description="Largest database that is checked as a whole before its first answer, in "
        "bytes; a larger one is checked by 'holotype collection verify'.",
    )
    thumbnail_pixels: int = Field(
        256, ge=16, description="Long side of the thumbnails that pages show, in pixels."
    )
    device: Literal["auto", "cpu", "cuda", "mps"] = Field(
        "auto", description="Where encoders run; auto takes CUDA, then MPS, then the CPU."
    )
    engine: Literal["auto", "torch"] = Field(
        "auto",
        description="What runs image networks on a CPU; auto takes ONNX Runtime, torch PyTorch.",
    )
    training_keep_seconds: float = Field(
        60.0,
        ge=0,
        description="Least time between two states of a training run on disk, in seconds; "
        "'holotype train --resume' goes on from the last.",
    )
    cache: Path = Field(
        Path("~/.cache/holotype"),
        description="Folder of what can be made again, such as networks prepared for the CPU.",
    )
    batch_size: int = Field(
        0, ge=0, description="Pictures per encoder batch; 0 lets the device decide."
    )
    index_kind: Literal["auto", "flat", "flat16", "ivf", "hnsw", "sq8"] = Field(
        "auto", description="Kind of vector index; auto goes by the number of vectors."
    )
    check_index_files: bool = Field(
        True,
        description="Compare a whole index file with its checksums before its first answer; "
        "otherwise only its header and size.",
    )
    milvus_token: str = Field(
        "", repr=False, description="Token or user:password of a Milvus server; never stored."
    )
    milvus_timeout: float = Field(
        60, gt=0, description="Longest wait for one answer of a Milvus server, in seconds."
    )
    milvus_index: Literal["FLAT", "HNSW"] = Field(
        "FLAT",
        description="Kind of index in a Milvus server, remembered by the collections that are made "
        "with it: exact, or a graph for millions of vectors.",
    )
    milvus_token_in_clear: bool = Field(
        False,
        description="Send the token of a Milvus over a connection to another machine that is not "
        "encrypted.",
    )
    config: Path = Field(
        Path("~/.config/holotype"),
        description="Folder of what is remembered of this user: which stores and encoders "
        "collections may use, and the key that signs index files.",
    )
    trusted_stores: str = Field(
        "",
        description="Addresses of stores that any collection may use, separated by commas; others "
        "are asked for by 'holotype collection trust'.",
    )
    trusted_encoders: str = Field(
        "",
        description="Names of encoders that are loaded for any collection, separated by commas; "
        "others are asked for by 'holotype collection trust'.",
    )
    trusted_indexes: bool = Field(
        False,
        description="Open index files that other users wrote; only where everybody who can write "
        "to a collection is known, since a malicious one can do anything.",
    )
    max_dim: int = Field(65_536, gt=0, description="Longest vectors of a space, in dimensions.")
    max_expanded_bytes: int = Field(
        512 << 20,
        gt=0,
        description="Most that a Parquet file may become when it is decoded, in bytes; one that "
        "becomes at most 8 times as large as it is may always be read.",
    )
    max_manifest_values: int = Field(
        100_000_000, gt=0, description="Most values, rows times columns, that a manifest may hold."
    )
    max_field_bytes: int = Field(
        65_536, gt=0, description="Longest single value of a manifest or vector file, in bytes."
    )
    max_encoder_side: int = Field(
        4096, gt=0, description="Largest side of the squares that an encoder takes, in pixels."
    )
    max_record_bytes: int = Field(
        512 << 20,
        ge=1 << 20,
        lt=1 << 31,
        description="Largest value that is read from a collection's database, in bytes.",
    )
    threads: int = Field(
        0, ge=0, description="Threads for decoding and encoding; 0 takes every core."
    )


@cache
def settings() -> Settings:
    """Return the process's settings.

    Raises:
        UsageError: an environment variable has a value that cannot be.
    """
    return read_environment(Settings)


def read_environment(kind: type[Kind]) -> Kind:
    """Return settings of one kind as the environment has them now.

    Raises:
        UsageError: an environment variable has a value that cannot be.
    """
    try:
        return kind()
    except ValidationError as error:
        first = error.errors()[0]
        name = f"HOLOTYPE_{first['loc'][0]}".upper()
        raise UsageError(f"{name} is '{first['input']}': {first['msg']}; correct it") from error
