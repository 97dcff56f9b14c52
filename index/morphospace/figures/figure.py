"""A map as a figure that a journal prints: SVG, PDF or PNG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from ...arrays import Embeddings, Flags, Floats, Ids, Pixels
from ...errors import UsageError
from ...files.durable import replacing
from .groups import Groups
from .lettering import Sheet as Lettered
from .lettering import place_labels
from .outlines import anchor, density, hulls
from .palette import COLOURS, MARKS, MOST_TOLD_APART, UNNAMED, by_place, darker, in_turn
from .style import DOTS, INK, MUTED, RASTERED_FROM, STYLE, Sheet, sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Shade = Literal["auto", "hulls", "density", "none"]
Format = Literal["svg", "pdf", "png"]

FORMATS: tuple[Format, ...] = get_args(Format)
SHADES: tuple[Shade, ...] = get_args(Shade)

_MOST_NAMED = 150  # groups whose names are set in the map: the largest
_LEGEND, _BAR = 120.0, 58.0  # points beside the map
_THUMBNAIL = 24.0  # points, the long side of a picture
_FAR_NAME, _FAR_PICTURE = 0.2, 0.05  # what a point of distance costs, by images under the box
_MANY = 40  # names from which on they are small and genera are abbreviated


@dataclass(frozen=True, eq=False)
class Picture:
    """What a figure shows.

    Attributes:
        coordinates: float32 [n, 2], n at least 1.
        placed, far: bool [n].
        groups: what the images are coloured by.
        method: `umap` or `pca`.
        explained: of a map by `pca`, the share of the variance along each axis.
        shade: what lies under the images: hulls of the groups, the density of all, or nothing.
        thumbnails: pictures of groups by their position, uint8 [height, width, 3].
    """

    coordinates: Embeddings
    placed: Flags
    far: Flags
    groups: Groups
    method: str = "umap"
    explained: Sequence[float] = ()
    shade: Shade = "auto"
    thumbnails: Mapping[int, Pixels] = field(default_factory=dict)


@dataclass(frozen=True)
class Drawn:
    """What a figure could show.

    Attributes:
        names: how the groups' names are given: `legend`, `map`, `scale` of numbers, or `none`.
        unlabelled: groups whose name found no place in the map, or are too many.
    """

    names: Literal["legend", "map", "scale", "none"]
    unlabelled: Sequence[str]


def draw(picture: Picture, path: Path) -> Drawn:
    """Draw a map into a file, whose ending says of which format; it appears whole or not at all.

    Up to 14 groups stand in a legend, told apart by colour and mark; the names of more are set in
    the map beside their images. The same picture gives the same bytes.

    Raises:
        UsageError: the ending is none of svg, pdf and png.
    """
    import matplotlib as mpl

    kind = path.suffix.lower().lstrip(".")
    if kind not in FORMATS:
        raise UsageError(f"{path} ends in none of {', '.join(f'.{one}' for one in FORMATS)}")
    dates: dict[str, dict[str, Any]] = {
        "svg": {"Date": None},
        "pdf": {"CreationDate": None},
        "png": {},
    }
    with mpl.rc_context(STYLE):
        page, drawn = _drawn(picture)
        with replacing(path) as temporary:
            page.figure.savefig(temporary, format=kind, dpi=DOTS, metadata=dates[kind])
    return drawn


def _drawn(picture: Picture) -> tuple[Sheet, Drawn]:
    groups = picture.groups
    names = _naming(picture)
    beside = {"legend": _LEGEND, "scale": _BAR}.get(names, 0.0)
    page = sheet(picture.coordinates, beside=beside, ticks=picture.method == "pca")
    _label_axes(page.axes, picture)
    looks = _looks(picture, names)
    _shade(page, picture, looks)
    if groups.numbers is not None:
        _measured(page, picture, groups.numbers)
        return page, Drawn("scale", ())
    for group in (-1, *reversed(range(len(groups.names)))):
        colour, mark = looks[group] if group >= 0 else (UNNAMED, "o")
        _scatter(page.axes, picture, groups.codes == group, colour, mark)
    if names == "map" or picture.thumbnails:
        left_out = _letter(page, picture, looks, named=names == "map")
    else:
        left_out = []
    if names == "legend":
        _legend(page, picture, looks)
    elif picture.placed.any():
        _key_of_placed(page, picture)
    return page, Drawn(names, left_out)


def _naming(picture: Picture) -> Literal["legend", "map", "scale", "none"]:
    groups = picture.groups
    if groups.numbers is not None:
        return "scale"
    if not groups.names:
        return "none"
    return "legend" if len(groups.names) <= MOST_TOLD_APART else "map"


def _looks(picture: Picture, names: str) -> list[tuple[str, str]]:
    """Return the colour and mark of every group."""
    count = len(picture.groups.names)
    if names != "map":
        return in_turn(count)
    anchors = np.array([anchor(picture.coordinates[of]) for of in _members(picture)])
    return [(COLOURS[colour], MARKS[0]) for colour in by_place(anchors.reshape(-1, 2))]


def _members(picture: Picture) -> list[Ids]:
    """Return the images of every group."""
    codes = picture.groups.codes
    order = np.argsort(codes, kind="stable")
    bounds = np.searchsorted(codes[order], np.arange(len(picture.groups.names) + 1))
    return [order[start:stop] for start, stop in pairwise(bounds)]


def _label_axes(axes: Axes, picture: Picture) -> None:
    if picture.method != "pca":  # the axes of UMAP mean nothing by themselves
        return
    shares = [f" ({share:.1%})".replace("%", " %") for share in picture.explained] or ["", ""]
    axes.set_xlabel(f"Principal axis 1{shares[0]}", labelpad=2)
    axes.set_ylabel(f"Principal axis 2{shares[1]}", labelpad=2)


def _size(n: int) -> float:
    """Return the area of a mark, in square points: many images have small ones."""
    return float(np.clip(6000 / n, 0.5, 18))


def _scatter(axes: Axes, picture: Picture, of: Flags, colour: str, mark: str) -> None:
    """Draw images as marks: filled where the map was fitted on them, hollow where placed."""
    n = len(picture.coordinates)
    size, many = _size(n), n >= RASTERED_FROM
    common = {"marker": mark, "rasterized": many, "zorder": 3}
    inside = picture.coordinates[of & ~picture.placed]
    edge = "none" if many else darker(colour, 0.7)
    axes.scatter(*inside.T, s=size, c=colour, linewidths=0.25, edgecolors=edge, **common)
    hollow = picture.coordinates[of & picture.placed]
    if len(hollow):
        axes.scatter(*hollow.T, s=size, c="none", linewidths=0.6, edgecolors=colour, **common)
    far = picture.coordinates[of & picture.far]
    if len(far):
        axes.scatter(*far.T, s=max(3 * size, 6), c=INK, marker="x", linewidths=0.5, zorder=4)


def _shade(page: Sheet, picture: Picture, looks: Sequence[tuple[str, str]]) -> None:
    shade = picture.shade
    if shade == "auto":
        shade = "density" if len(picture.coordinates) >= RASTERED_FROM else "hulls"
    if picture.groups.numbers is not None and shade == "hulls":
        shade = "none"
    if shade == "density":
        x, y, height = density(picture.coordinates, page.limits)
        greys = ["#f2f2f0", "#e4e4e1", "#d4d4d0", "#c3c3be"]
        page.axes.contourf(x, y, height, levels=[0.02, 0.1, 0.3, 0.6, 1.01], colors=greys, zorder=1)
    if shade == "hulls":
        for (colour, _), of in zip(looks, _members(picture), strict=True):
            for corners in hulls(picture.coordinates[of], page.limits):
                page.axes.fill(
                    *corners.T, facecolor=f"{colour}1c", edgecolor=f"{colour}88", lw=0.5, zorder=2
                )


def _measured(page: Sheet, picture: Picture, numbers: Floats) -> None:
    """Colour images by a number, with its scale beside the map."""
    codes, axes = picture.groups.codes, page.axes
    size, many = _size(len(codes)), len(codes) >= RASTERED_FROM
    _scatter(axes, picture, codes < 0, UNNAMED, "o")
    known = codes >= 0
    drawn = axes.scatter(
        *picture.coordinates[known].T,
        s=size,
        c=numbers[codes[known]],
        cmap="cividis",
        linewidths=0,
        rasterized=many,
        zorder=3,
    )
    box = axes.get_position()
    place = (box.x1 + 0.02, box.y0 + box.height / 4, 0.015, box.height / 2)
    bar = page.figure.colorbar(drawn, cax=page.figure.add_axes(place))
    bar.set_label(picture.groups.column)


def _legend(page: Sheet, picture: Picture, looks: Sequence[tuple[str, str]]) -> None:
    """Set the names beside the map, with how many images each has."""
    from matplotlib.lines import Line2D

    groups = picture.groups
    shown = [
        (f"{name} ({count})", colour, mark, colour)
        for name, count, (colour, mark) in zip(groups.names, groups.counts, looks, strict=True)
    ]
    unnamed = int((groups.codes < 0).sum())
    if unnamed:
        shown.append((f"no {groups.column} ({unnamed})", UNNAMED, "o", UNNAMED))
    shown += _keys_of_placed(picture)
    lines = [
        Line2D([], [], ls="", marker=mark, mfc=fill, mec=darker(colour, 0.7), mew=0.4, ms=4.5)
        for _, colour, mark, fill in shown
    ]
    box = page.axes.get_position()
    legend = page.figure.legend(
        lines,
        [_wrapped(text) for text, *_ in shown],
        loc="center left",
        bbox_to_anchor=(box.x1 + 0.01, (box.y0 + box.y1) / 2),
        title=groups.column,
        frameon=False,
        handletextpad=0.3,
        borderaxespad=0,
    )
    for text in legend.get_texts()[: len(groups.names)]:
        text.set_style("italic" if groups.italic else "normal")


def _keys_of_placed(picture: Picture) -> list[tuple[str, str, str, str]]:
    keys = []
    if picture.placed.any():
        keys.append((f"placed later ({int(picture.placed.sum())})", MUTED, "o", "none"))
    if picture.far.any():
        keys.append((f"far from all ({int(picture.far.sum())})", INK, "x", "none"))
    return keys


def _key_of_placed(page: Sheet, picture: Picture) -> None:
    """Say in a corner what hollow marks and crosses are."""
    words = {"o": "hollow", "x": "crossed"}
    text = "; ".join(f"{words[mark]}: {name}" for name, _, mark, _ in _keys_of_placed(picture))
    page.axes.text(0.005, 0.005, text, transform=page.axes.transAxes, fontsize=5, color=MUTED)


def _wrapped(text: str) -> str:
    import textwrap

    return "\n".join(textwrap.wrap(text, 26)) or text


def _letter(
    page: Sheet, picture: Picture, looks: Sequence[tuple[str, str]], *, named: bool
) -> list[str]:
    """Set names and pictures in the map, each tied to its images, and return names left out."""
    groups = picture.groups
    chosen = list(range(min(len(groups.names), _MOST_NAMED))) if named else []
    chosen += [group for group in picture.thumbnails if group not in chosen]
    members = _members(picture)
    anchors = np.array([anchor(picture.coordinates[members[group]]) for group in chosen])
    texts = (groups.short_names() if len(groups.names) >= _MANY else groups.names) if named else ()
    style: dict[str, Any] = {
        "fontsize": 7.0 if len(chosen) < _MANY else 5.2,
        "style": "italic" if groups.italic else "normal",
    }
    words = [texts[group] if named else "" for group in chosen]
    letters = page.text_sizes(words, **style)
    letters[[not word for word in words]] = 0
    pictures = np.array([_picture_size(picture.thumbnails.get(group)) for group in chosen])
    sizes = np.stack(
        (np.maximum(letters[:, 0], pictures[:, 0]), letters[:, 1] + pictures[:, 1]), axis=1
    )
    points = page.in_points(picture.coordinates)
    at = page.in_points(anchors)
    cost = _FAR_NAME if not picture.thumbnails else _FAR_PICTURE
    boxes = place_labels(Lettered(page.width, page.height, points), at, sizes, per_unit=cost)
    for group, word, box, where, size in zip(chosen, words, boxes, at, letters, strict=True):
        if not np.isnan(box[0]):
            _tie(page, box, where, looks[group][0])
            _set_name(page, word, box, looks[group][0], style)
            _set_picture(page, picture.thumbnails.get(group), box, float(size[1]), looks[group][0])
    lost = [
        groups.names[group] for group, box in zip(chosen, boxes, strict=True) if box[0] != box[0]
    ]
    return (lost + list(groups.names[_MOST_NAMED:])) if named else lost


def _tie(page: Sheet, box: Floats, where: Floats, colour: str) -> None:
    """Draw a line from a name's box to what it names, where it lies apart."""
    end = np.clip(where, box[:2], box[2:])
    if np.linalg.norm(end - where) < 4:
        return
    line = page.in_map(np.stack((where, end)))
    page.axes.plot(*line.T, color=darker(colour), lw=0.4, zorder=5, solid_capstyle="round")


def _set_name(page: Sheet, word: str, box: Floats, colour: str, style: dict[str, Any]) -> None:
    if not word:
        return
    x, y = page.in_map(np.array([[(box[0] + box[2]) / 2, box[1]]]))[0]
    page.axes.text(
        x,
        y,
        word,
        ha="center",
        va="bottom",
        color=darker(colour),
        zorder=7,
        # A halo of white would make letters of an SVG into shapes.
        bbox={"facecolor": "white", "alpha": 0.6, "edgecolor": "none", "pad": 0.2},
        **style,
    )


def _picture_size(pixels: Pixels | None) -> tuple[float, float]:
    if pixels is None:
        return 0.0, 0.0
    height, width = pixels.shape[:2]
    scale = _THUMBNAIL / max(height, width)
    return width * scale, height * scale


def _set_picture(
    page: Sheet, pixels: Pixels | None, box: Floats, above: float, colour: str
) -> None:
    """Set a picture into its box, over its name."""
    if pixels is None:
        return
    width, height = _picture_size(pixels)
    middle = (box[0] + box[2]) / 2
    corners = np.array(
        [[middle - width / 2, box[1] + above], [middle + width / 2, box[1] + above + height]]
    )
    (left, bottom), (right, top) = page.in_map(corners)
    page.axes.imshow(
        pixels, extent=(left, right, bottom, top), aspect="equal", zorder=6, interpolation="lanczos"
    )
    outline = [(left, bottom), (right, bottom), (right, top), (left, top)]
    page.axes.fill(*np.array(outline).T, facecolor="none", edgecolor=colour, lw=0.7, zorder=6)
    page.axes.set(xlim=page.limits[:2], ylim=page.limits[2:])
