"""The README of a checkpoint: what its card says, for people who find the folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from ..visible import visible
from .architecture import Architecture
from .model import Preprocessing

_NAMES = 200  # of one rank; more stand in the card
_PLAIN = frozenset("-,()%/ ")  # what Markdown gives no meaning inside a line, beside letters

_LOAD = """\
## How to load it

    holotype ingest PICTURES --to COLLECTION --encoder checkpoint:<folder>

or in Python, `holotype.load_encoder("checkpoint:<folder>")`. Nothing is fetched and no code of this
folder is run: it holds tensors (`model.safetensors`) and text (`card.json`).
"""


def readme(
    card: Mapping[str, Any], architecture: Architecture, preprocessing: Preprocessing
) -> str:
    """Return Markdown that says what a checkpoint is; names of taxa cannot become markup in it.

    Args:
        card: `taxa` (a number, names, or either by rank), `metrics` (numbers, or estimates with
            their bounds `low` and `high`, in groups or not), `licence`; all may be missing.
    """
    size, method = preprocessing.size, preprocessing.interpolation
    licence = card.get("licence") or card.get("license") or "not stated"
    lines = [
        f"# {_plain(card.get('name') or 'A trained encoder')}",
        "",
        "A checkpoint of Holotype: an encoder that turns pictures of specimens into vectors.",
        "",
        f"- Network: {_plain(str(architecture))}",
        f"- Input: {size} x {size} px, {_plain(method)}",
        f"- Licence: {_plain(licence)}",
        *_images(card.get("images")),
        "",
        *_taxa(card.get("taxa")),
        *_metrics(card.get("metrics")),
    ]
    return "\n".join(lines) + "\n" + _LOAD


def _images(images: object) -> Iterator[str]:
    if isinstance(images, Mapping):
        where = f"in `{images['file']}`" if "file" in images else "in `card.json`"
        yield f"- Trained on pictures whose sha256 are listed {where}; do not measure it on them"


def _taxa(taxa: object) -> Iterator[str]:
    if taxa is None:
        return
    yield from ("## Taxa seen in training", "")
    by_rank = taxa if isinstance(taxa, Mapping) else {"taxa": taxa}
    yield from (f"- {_plain(rank)}: {_names(names)}" for rank, names in by_rank.items())
    yield ""


def _names(names: object) -> str:
    if isinstance(names, str) or not isinstance(names, Sequence):
        return _plain(names)
    shown = ", ".join(_plain(name) for name in names[:_NAMES])
    more = f" and {len(names) - _NAMES} more, in `card.json`" if len(names) > _NAMES else ""
    return f"{len(names)} ({shown}{more})"


def _metrics(metrics: object) -> Iterator[str]:
    if not isinstance(metrics, Mapping) or not metrics:
        return
    yield from ("## Measured", "", "| measure | value | interval |", "|---|---|---|")
    for name, value, bounds in _rows((), metrics):
        yield f"| {_plain(name)} | {value} | {bounds} |"
    yield ""


def _rows(above: tuple[str, ...], metrics: Mapping[Any, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield (name, value, bounds) of every number, names of groups before its own."""
    for name, said in metrics.items():
        path = (*above, str(name))
        if isinstance(said, Mapping) and {"low", "high"} <= said.keys():
            value = next((said[key] for key in said if key not in ("low", "high")), "")
            yield (
                ", ".join(path),
                _number(value),
                f"{_number(said['low'])} to {_number(said['high'])}",
            )
        elif isinstance(said, Mapping):
            yield from _rows(path, said)
        else:
            yield ", ".join(path), _number(said), ""


def _number(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else _plain(value)


def _plain(value: object) -> str:
    """Return text that Markdown and HTML show as it is.

    >>> _plain("Xestia <b>c-nigrum</b> [x](y)")
    'Xestia &lt;b&gt;c-nigrum&lt;/b&gt; &#91;x&#93;(y)'
    """
    shown = escape(visible(str(value)), quote=False)
    return "".join(
        one if one.isalnum() or one in _PLAIN or one in "&;" else f"&#{ord(one)};" for one in shown
    )
