"""Stores and encoders that this user allows collections to use, remembered outside of them.

A collection may come from anybody. That its vectors lie in a store, or that its encoder is fetched
from a hub or read from a folder, is only what its database says; it is used where the user said so
on this machine, by making it, with `holotype collection trust`, or in a setting.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from .errors import EncoderError, HolotypeError, StoreError
from .files.durable import write_durably
from .files.plain_json import read_json
from .files.regular import Limit, read_regular
from .settings import settings
from .ways import way

FILE = "trust.json"

_EXTERNAL = "external:"  # vectors that were made elsewhere: nothing is ever loaded
_NEVER_FETCHED = "bundled"  # part of what is installed
_LONGEST = Limit(16 << 20, "of what is remembered")
_WAIT = 10  # seconds for another process to write the file
_UNUSABLE = (OSError, RuntimeError, Timeout)  # the second where a user has no home


@dataclass(frozen=True)
class NamedStore:
    """The store that a collection names.

    Attributes:
        collection_id: tells the collection from every other.
        address: of the store, as the collection keeps it.
        store_id: names the collection's tables there.
    """

    collection_id: str
    address: str
    store_id: str

    @property
    def is_trusted(self) -> bool:
        """Whether this user lets this collection use this store."""
        if self.address in _listed(settings().trusted_stores):
            return True
        return self._entry.items() <= _remembered("stores").items()

    @property
    def _entry(self) -> dict[str, str]:
        # A restored snapshot is a collection of the same id with tables of its own.
        return {f"{self.collection_id} {self.store_id}": self.address}

    def trust(self) -> None:
        """Remember that it may be used, by this collection alone.

        Raises:
            HolotypeError: the user's folder cannot be written to.
        """
        if not self.is_trusted:
            _remember("stores", self._entry)

    def require_trust(self, folder: Path) -> None:
        """Refuse to connect to a store that nobody here has asked for.

        Raises:
            StoreError: saying what to do.
        """
        if not self.is_trusted:
            raise StoreError(
                f"{folder} keeps its vectors in {self.address}, which you have not said may be "
                f"used; if you know it, run {way('collection trust', str(folder))}, or name it in "
                "HOLOTYPE_TRUSTED_STORES"
            )


def needs_trust(encoder: str) -> bool:
    """Return whether an encoder of that name is fetched from somewhere, or read from a folder.

    >>> [needs_trust(name) for name in ("bundled:320", "external:dinov2", "hf-hub:a/b")]
    [False, False, True]
    """
    return encoder.partition(":")[0] != _NEVER_FETCHED and not encoder.startswith(_EXTERNAL)


def trusts_encoder(encoder: str) -> bool:
    """Return whether this user lets an encoder of that name be loaded because a collection asks."""
    named = _listed(settings().trusted_encoders)
    return not needs_trust(encoder) or encoder in named or encoder in _remembered("encoders")


def trust_encoder(encoder: str) -> None:
    """Remember that an encoder may be loaded, whichever collection asks for it.

    Raises:
        HolotypeError: the user's folder cannot be written to.
    """
    if not trusts_encoder(encoder):
        _remember("encoders", {encoder: True})


def require_trusted_encoder(encoder: str) -> None:
    """Refuse to load an encoder that only a collection asks for.

    Raises:
        EncoderError: saying what to do.
    """
    if not trusts_encoder(encoder):
        raise EncoderError(
            f"The collection asks for encoder '{encoder}', which is fetched or read from outside "
            f"of it, and you have not used it here; if you know it, run {way('collection trust')} "
            "on the collection, or name it in HOLOTYPE_TRUSTED_ENCODERS"
        )


def _listed(names: str) -> list[str]:
    return [name.strip() for name in names.split(",") if name.strip()]


def _read() -> dict[str, Any]:
    """Return what is remembered; nothing where the file is not there or not ours."""
    try:
        return read_json(read_regular(settings().config.expanduser() / FILE, _LONGEST), dict)
    except (*_UNUSABLE, ValueError):
        return {}


def _remembered(what: str) -> dict[str, Any]:
    found = _read().get(what)
    return found if isinstance(found, dict) else {}


def _remember(what: str, entries: dict[str, Any]) -> None:
    try:
        folder = own_folder()
        with FileLock(folder / "trust.lock", timeout=_WAIT, mode=0o600):
            kept = _read()
            kept[what] = {**_remembered(what), **entries}
            text = json.dumps(kept, indent=2, ensure_ascii=False) + "\n"
            write_durably(folder / FILE, text.encode())
            (folder / FILE).chmod(0o600)
    except _UNUSABLE as error:
        raise HolotypeError(
            f"What you trust cannot be kept in {settings().config} ({error}); name another folder "
            "in HOLOTYPE_CONFIG, or use HOLOTYPE_TRUSTED_STORES and HOLOTYPE_TRUSTED_ENCODERS"
        ) from error


def own_folder() -> Path:
    """Return the user's folder of what is remembered, made where there is none.

    Raises:
        OSError, RuntimeError: it cannot be made; the second where a user has no home.
    """
    folder = settings().config.expanduser()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder
