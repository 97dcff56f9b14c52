"""Whatever a method is given, it answers or refuses in one sentence."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn, cast

import numpy as np
import pandas as pd
import pytest

import holotype
from holotype.eval.evaluations.protocols import PROTOCOLS
from holotype.index.errors import HolotypeError, UsageError
from holotype.notebook.backend import Backend
from holotype.notebook.conditions import conditions
from holotype.notebook.door.arguments import kinds_of
from holotype.notebook.opened import OpenCollection
from holotype.notebook.work import OPTIONS

from .doors import opened_at

ODD: tuple[Any, ...] = (
    *(None, "", "x", "\ud800", "a\0b", "--resume", "family=", b"x", True, -1, 0, 10**30, 3.5),
    *(float("nan"), float("inf"), np.float64(2.5), np.int64(3), np.zeros(3), object()),
    *([], ["x"], ("x", 1), [object()], {}, {"a": object()}, {1: 2}, {"x": "y"}),
    *(Path("nowhere"), pd.DataFrame(), lambda: 1),
)

# Arguments that take more than their annotation's parts, and what is given beside each.
CHECKED_BELOW: dict[str, dict[str, Any]] = {
    "add.source": {},
    "evaluate.options": {},
    "identify.pictures": {},
    "merge.cluster": {"others": 2},
    "merge.others": {"cluster": 1},
    "move.cluster": {"image_ids": "1-0.png", "to": "new"},
    "move.to": {"cluster": 1, "image_ids": "1-0.png"},
    "name.cluster": {"name": "Xestia zeta"},
    "place.cluster": {"under": "genus=Xestia"},
    "search.picture": {},
    "search.vector": {},
    "undo.decision": {},
}
CLUSTER = ("accept", "cluster_now", "reject", "set_aside", "split")
CHECKED_BELOW |= {f"{name}.cluster": {} for name in CLUSTER}
WHERE = ("cluster", "delete", "images", "map", "search", "to_pandas", "train", "tune")
CHECKED_BELOW |= {f"{name}.where": {} for name in WHERE}
CHECKED_BELOW |= {f"{name}.only": {} for name in ("identify", "identify_all")}
BESIDE: dict[str, dict[str, Any]] = {
    "search.where": {"image_id": "1-0.png"},
    "identify.only": {"image_id": "1-0.png"},
    "identify_all.only": {"source": "nowhere/*.jpg"},
}


class Untouched:
    """A backend that nothing may reach."""

    place = "nowhere"

    def __getattr__(self, name: str) -> NoReturn:
        raise AssertionError(f"{name} was asked")


def arguments() -> Iterator[tuple[str, inspect.Parameter]]:
    """Yield every argument of every public method."""
    for name in dir(OpenCollection):
        method = getattr(OpenCollection, name)
        if not name.startswith("_"):
            for parameter in list(inspect.signature(method).parameters.values())[1:]:
                yield name, parameter


def test_every_argument_is_checked_at_the_door_or_where_it_goes() -> None:
    below = {f"{name}.{one.name}" for name, one in arguments() if not kinds_of(str(one.annotation))}
    assert below == set(CHECKED_BELOW)


def test_what_is_of_another_kind_is_refused_before_anything_is_done() -> None:
    refused = 0
    opened = OpenCollection(cast(Backend, Untouched()))
    for name, parameter in arguments():
        kinds = kinds_of(str(parameter.annotation))
        for odd in ODD:
            if not kinds or any(kind.holds(odd) for kind in kinds):
                continue
            field = "locality" if parameter.kind is parameter.VAR_KEYWORD else parameter.name
            given: dict[str, Any] = {**_needed(name), field: odd}
            with pytest.raises(UsageError, match=rf"^{field} is .*; give \S+") as error:
                getattr(opened, name)(**given)
            assert "\n" not in str(error.value)
            refused += 1
    assert refused > 1000


def _needed(name: str) -> dict[str, Any]:
    """Return something for every argument that a method cannot do without."""
    kinds = {"int": 1, "Sequence[int]": [1], "Named": 1, "Named | Sequence[Named]": 1}
    needed = list(inspect.signature(getattr(OpenCollection, name)).parameters.values())[1:]
    empty = inspect.Parameter.empty
    named = [one for one in needed if one.default is empty and one.kind is not one.VAR_KEYWORD]
    return {one.name: kinds.get(one.annotation, "x") for one in named}


@pytest.fixture(params=["here", "served"])
def opened(request: pytest.FixtureRequest, folder: Path) -> Iterator[OpenCollection]:
    with opened_at(request.param, folder) as found:
        yield found


LONG = ("cluster.where", "evaluate.options", "map.where", "train.where", "tune.where")


@pytest.mark.slow
def test_what_is_checked_below_is_answered_or_refused_in_one_sentence(
    opened: OpenCollection, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for argument in sorted(set(CHECKED_BELOW) - set(LONG)):
        name, _, field = argument.partition(".")
        beside = {**CHECKED_BELOW[argument], **BESIDE.get(argument, {})}
        for odd in ODD:
            _answered_or_refused(getattr(opened, name), **beside, **{field: odd})


def test_the_options_of_every_protocol_are_checked() -> None:
    taken = {option for protocol in PROTOCOLS.values() for option in protocol.options}
    assert taken == {*OPTIONS, "query", "gallery", "far", "unlabelled"}
    for annotation in OPTIONS.values():
        assert kinds_of(annotation)


@pytest.mark.slow
@pytest.mark.parametrize("argument", LONG)
def test_long_work_is_refused_before_it_begins(
    argument: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, _, field = argument.partition(".")
    with holotype.open(folder) as here:
        for odd in ODD:
            if argument == "evaluate.options":
                for option, annotation in OPTIONS.items():
                    if not any(kind.holds(odd) for kind in kinds_of(annotation)):
                        with pytest.raises(UsageError, match=rf"^{option} is .*; give "):
                            here.evaluate(**{option: odd})
            elif not _is_condition(odd):
                with pytest.raises(UsageError):
                    getattr(here, name)(**{field: odd})


def _is_condition(odd: Any) -> bool:
    """Return whether work would begin with it, or be refused for what it says."""
    try:
        conditions(odd)
    except UsageError:
        return False
    return True


def _answered_or_refused(ask: Callable[..., object], **given: Any) -> None:
    try:
        assert repr(ask(**given))
    except HolotypeError as error:
        sentence = str(error)
        if not sentence or "\n" in sentence:
            raise AssertionError(f"{given}: {sentence!r} is no sentence") from error


@pytest.mark.parametrize("odd", [object(), b"x", [1, 2], {"x": 1}, "\ud800"])
def test_what_no_column_can_hold_is_not_stored(odd: Any, opened: OpenCollection) -> None:
    with pytest.raises(UsageError, match=r"^metadata is .*; give a dict of texts and numbers$"):
        opened.describe("1-0.png", metadata={"box": odd}, by="Ann")


@pytest.mark.parametrize("odd", ["x", b"x", [5], {"decision_id": 5}, np.zeros(2), 1.5, True])
def test_what_is_no_decision_is_refused(odd: Any, opened: OpenCollection) -> None:
    with pytest.raises(UsageError, match="is no decision; give its number"):
        opened.undo(odd, by="Ann")


def test_numbers_of_numpy_are_numbers(opened: OpenCollection) -> None:
    told = opened.identify(image_id="1-0.png", k=np.int64(3), risk=np.float32(0.5))  # type: ignore[call-overload]
    assert len(told.neighbours) == 3


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"folder": 5}, "folder is 5; give a text or a path"),
        ({"folder": "x", "create": "yes"}, "create is 'yes'; give True or False"),
    ],
)
def test_opening_is_checked_too(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UsageError, match=f"^{sentence}$"):
        holotype.open(**given)
    with pytest.raises(UsageError, match=r"^address is 5; give a text$"):
        holotype.Client(5)  # type: ignore[arg-type]


def test_what_the_machine_refuses_is_told_in_a_sentence(
    opened: OpenCollection, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HolotypeError, match="leads through a file"):
        opened.export(determinations=tmp_path / "file" / "names.csv")


def test_images_and_determinations_do_not_go_to_one_file(
    opened: OpenCollection, tmp_path: Path
) -> None:
    (tmp_path / "s").mkdir()
    with pytest.raises(UsageError, match="name two files"):
        opened.export(tmp_path / "a.csv", determinations=tmp_path / "s" / ".." / "a.csv")
    assert not (tmp_path / "a.csv").exists()
