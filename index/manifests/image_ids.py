"""Ids of images that can be part of an address: browsers rewrite `..` and `//` in paths."""

from __future__ import annotations

import re

_TURNS = re.compile(r"(?:^|/)(?:\.{0,2})(?:/|$)|\\|[\x00-\x1f\x7f-\x9f]")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_SUB_PAGES = ("thumbnail", "picture")  # of an image's own address


def id_of_path(path: str) -> str:
    r"""Return the id of a picture that is given none: its path, as far as an address can hold it.

    >>> id_of_path("a/../b//c.jpg"), id_of_path("../b.jpg"), id_of_path("/data/x.jpg")
    ('b/c.jpg', 'b.jpg', 'data/x.jpg')
    >>> id_of_path("a\\b.jpg")
    'a/b.jpg'
    """
    if not _TURNS.search(path):
        return path  # as nearly every one can be
    parts: list[str] = []
    for part in _CONTROLS.sub("_", path.replace("\\", "/")).split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def fault_of_id(image_id: str) -> str | None:
    """Return why an id cannot be asked for, or None.

    >>> fault_of_id("a/../b")
    "image_id 'a/../b' holds a part '..', which no address can; give another"
    >>> fault_of_id("http://museum.org/object/17")
    """
    parts = image_id.split("/")
    for part in (".", ".."):
        if part in parts:
            return (
                f"image_id '{image_id}' holds a part '{part}', which no address can; give another"
            )
    if _CONTROLS.search(image_id):
        return f"image_id {image_id!r} holds a control character; give another"
    if len(parts) > 1 and parts[-1] in _SUB_PAGES:
        return (
            f"image_id '{image_id}' ends like the address of a {parts[-1]}; give another, such as "
            f"'{image_id}.jpg'"
        )
    return None
