"""The file of an index: a header with a digest of every block, then its arrays.

    HOLOTYPE INDEX 1, length of the header (8 bytes, little endian), header (JSON), arrays

Header and arrays begin at multiples of 4096 bytes, so that the arrays of a large index are mapped,
not read: opening takes no memory, and processes share the pages. The database keeps the sha256 of
the header; the header keeps those of the arrays, in blocks that are checked in parallel. The header
is signed with the user's own key: what another user's program wrote is not opened, but built anew.
"""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..arrays import Bytes, Ids
from ..errors import CorruptError
from ..files.plain_json import read_json
from ..runtime import workers
from .base import BuiltIndex, Parts
from .kinds.auto import KINDS
from .signature import is_own, signature

_MAGIC = b"HOLOTYPE INDEX 1"
_PREFIX = len(_MAGIC) + 8
_PAGE = 4096
_BLOCK = 64 << 20
_MOST_HEADER = 16 << 20  # bytes; the digests of 16 TB
_MAPPED_FROM = 256 << 20  # bytes; a smaller file is read into memory, where nothing can change it

Buffer = bytes | memoryview
_verified: set[tuple[str, int, int, int, str]] = set()


@dataclass(frozen=True, eq=False)
class Contents:
    """What an index file holds.

    Attributes:
        index: the index.
        covered: int64 [n], the sequence numbers of its rows.
    """

    index: BuiltIndex
    covered: Ids


def packed(index: BuiltIndex, covered: Ids, why: str) -> tuple[list[Buffer], str]:
    """Return the pieces of an index's file, to be written in their order, and its digest.

    Args:
        index: the index.
        covered: int64 [n], the sequence numbers of its rows.
        why: one sentence on why it is of its kind.
    """
    about = {"kind": index.kind, "why": why, "count": len(index), "card": index.card}
    return pack_arrays(about, {**index.parts, "covered": covered})


def pack_arrays(about: Mapping[str, Any], arrays: Parts) -> tuple[list[Buffer], str]:
    """Return the pieces of a file of arrays, and its digest; `about` is put into the header."""
    body: list[Buffer] = []
    described = []
    start = 0
    for name, array in arrays.items():
        data = np.ascontiguousarray(array)
        size = data.nbytes + -data.nbytes % _PAGE
        raw = data.reshape(-1).view(np.uint8).data
        body += [raw, bytes(size - data.nbytes)]
        described.append(
            {"name": name, "dtype": data.dtype.str, "shape": data.shape, "start": start}
            | {"size": size, "sha256": [_digest(*block) for block in _blocks(raw, size)]}
        )
        start += size
    content = {**about, "parts": described, "size": start}
    header = _header(content | {"signature": signature(_signed(content))})
    return [header, *body], hashlib.sha256(header).hexdigest()


def read_header(path: Path, digest: str) -> Mapping[str, Any]:
    """Return what a file says about its index: kind, why, count, card, parts.

    Raises:
        CorruptError: it is missing, is not the file of that digest, is of another format, has
            another size, or was not written by this user.
    """
    size, data = _read_start(path)
    if hashlib.sha256(data).hexdigest() != digest:
        raise CorruptError(f"{path} is damaged (its checksum differs)")
    if not data.startswith(_MAGIC):
        raise CorruptError(f"{path} is of another version of Holotype")
    header = _own_header(path, data[_PREFIX:])
    if size != len(data) + header["size"]:
        raise CorruptError(f"{path} is damaged ({size} bytes; {len(data) + header['size']} needed)")
    return header | {"start": len(data)}


def open_index(
    path: Path, digest: str, *, verify: bool = True, mapped_from: int = _MAPPED_FROM
) -> Contents:
    """Open an index file.

    Args:
        path: the file.
        digest: what `packed` gave.
        verify: compare every block with its digest, unless this process has done so already;
            otherwise only the header and the sizes.
        mapped_from: bytes from which on a file is mapped, not read.

    Raises:
        CorruptError: the file is missing or damaged.
    """
    header, arrays = open_arrays(path, digest, verify=verify, mapped_from=mapped_from)
    if header["kind"] not in KINDS:
        raise CorruptError(f"{path} holds no index")
    covered = arrays.pop("covered")
    contents = Contents(KINDS[header["kind"]].from_parts(header["card"], arrays), covered)
    if not len(contents.index) == len(covered) == header["count"]:
        raise CorruptError(f"{path} holds another number of vectors than it says")
    return contents


def open_arrays(
    path: Path, digest: str, *, verify: bool = True, mapped_from: int = _MAPPED_FROM
) -> tuple[Mapping[str, Any], dict[str, NDArray[Any]]]:
    """Return header and arrays of a file, as `open_index` does."""
    header = read_header(path, digest)
    data: Bytes = (
        np.memmap(path, np.uint8, "r", offset=header["start"])
        if header["size"] >= mapped_from
        else np.fromfile(path, np.uint8, offset=header["start"])
    )
    found = path.stat()
    identity = (str(path.absolute()), found.st_ino, found.st_mtime_ns, found.st_size, digest)
    if verify and identity not in _verified:
        _verify(path, header, data)
        _verified.add(identity)
    return header, {part["name"]: _array(part, data) for part in header["parts"]}


def check_index(path: Path, digest: str) -> None:
    """Compare every block of an index file with its digest, whoever wrote it.

    Raises:
        CorruptError: the file is missing or damaged.
    """
    header = read_header(path, digest)
    _verify(path, header, np.memmap(path, np.uint8, "r", offset=header["start"]))


def _read_start(path: Path) -> tuple[int, bytes]:
    """Return the size of a plain file, and all of it that may be a header."""
    try:
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode):
            raise CorruptError(f"{path} cannot be read (it is no plain file)")
        with path.open("rb") as file:
            start = file.read(_PREFIX)
            length = int.from_bytes(start[len(_MAGIC) :], "little")
            return found.st_size, start + file.read(min(length, found.st_size, _MOST_HEADER))
    except OSError as error:
        raise CorruptError(f"{path} cannot be read ({error.strerror})") from error


def _own_header(path: Path, text: bytes) -> dict[str, Any]:
    """Return a header that this user's program wrote."""
    try:
        header = read_json(text, dict)
        signed = header.pop("signature", None)
        own = is_own(_signed(header), signed)
    except (ValueError, RecursionError):
        own = False
    if not own:
        raise CorruptError(f"{path} was not written by you on this machine")
    return header


def _signed(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content).encode()


def _header(content: Mapping[str, Any]) -> bytes:
    text = json.dumps(content).encode()
    text += b" " * (-(len(text) + _PREFIX) % _PAGE)
    return _MAGIC + len(text).to_bytes(8, "little") + text


def _verify(path: Path, header: Mapping[str, Any], data: Bytes) -> None:
    blocks, wanted = [], []
    for part in header["parts"]:
        whole = np.asarray(data[part["start"] : part["start"] + part["size"]]).data
        blocks += list(_blocks(whole, part["size"]))
        wanted += part["sha256"]
    with workers() as pool:
        if list(pool.map(lambda block: _digest(*block), blocks)) != wanted:
            raise CorruptError(f"{path} is damaged (its checksum differs)")


def _blocks(data: memoryview, size: int) -> Iterator[tuple[memoryview, int]]:
    """Yield the blocks of an array, each with the number of zeros that follow it in the file."""
    for start in range(0, size, _BLOCK):
        block = data[start : start + _BLOCK]
        yield block, min(_BLOCK, size - start) - len(block)


def _digest(data: memoryview, zeros: int) -> str:
    digest = hashlib.sha256(data)
    digest.update(bytes(zeros))
    return digest.hexdigest()


def _array(part: Mapping[str, Any], data: Bytes) -> Any:
    dtype = np.dtype(part["dtype"])
    stop = part["start"] + dtype.itemsize * int(np.prod(part["shape"]))
    return np.asarray(data[part["start"] : stop]).view(dtype).reshape(part["shape"])
