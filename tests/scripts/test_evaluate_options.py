"""Every option of `holotype eval` is used by the protocol that it is given to, or refused."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import create_autospec

import pytest
from typer.main import get_command

from holotype.eval.classifiers import grid
from holotype.eval.evaluations.protocols import PROTOCOLS, SIDES, takers
from holotype.eval.identification import evaluate as identification
from holotype.eval.retrieval import (
    cross_validation,
    evaluate,
    learning_curve,
    two_spaces,
    unseen_species,
)
from holotype.eval.set_ups import transfer
from holotype.scripts.evaluation.command import evaluate as command
from holotype.scripts.main import app
from tests.conftest import Cli

SPLIT = ("--query", "split=test", "--gallery", "split=train")
EXAMPLES: dict[str, tuple[str, ...]] = {
    "query": SPLIT[:2],
    "gallery": SPLIT[2:],
    "spaces": ("--spaces", "base,tuned"),
    "allow_leak": ("--allow-leak",),
    "classifiers": ("--classifiers", "knn,logistic"),
    "folds": ("--folds", "3"),
    "group": ("--group", "date"),
    "site": ("--site", "locality"),
    "per_taxon": ("--per-taxon",),
    "replicates": ("--replicates", "2"),
    "setup": ("--setup", "camera"),
    "copies": ("--copies", "1"),
    "simulate": ("--simulate", "exact"),
    "networks": ("--networks", "1"),
    "unlabelled": ("--unlabelled", "split=train"),
    "seed": ("--seed", "7"),
    "leave_out": ("--leave-out", "species"),
    "share": ("--share", "0.5"),
    "far": ("--far", "category=Fish"),
    "seeds": ("--seeds", "2"),
    "risk": ("--risk", "0.1"),
    "prior": ("--prior", "0.4"),
}
COMPANIONS = {"query": SPLIT[2:], "gallery": SPLIT[:2], "share": EXAMPLES["leave_out"]}
OWN = {"collection", "protocol", "identification", "space", "to", "as_json"}
TAKEN = [(name, option) for name, each in PROTOCOLS.items() for option in each.options]
STRAY = [(name, option) for name in PROTOCOLS for option in EXAMPLES if (name, option) not in TAKEN]


def asked(protocol: str) -> tuple[str, ...]:
    """The least that the protocol is asked with."""
    return ("--protocol", protocol, *(SPLIT if PROTOCOLS[protocol].needs else ()))


class Found:
    def to_dict(self) -> dict[str, Any]:
        return {}


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What each call measured with; wrong names of arguments are errors."""
    made: list[dict[str, Any]] = []
    for module, name in (
        (evaluate, "evaluate"),
        (two_spaces, "compare_spaces"),
        (cross_validation, "evaluate_kfold"),
        (cross_validation, "evaluate_sites"),
        (transfer, "evaluate_transfer"),
        (learning_curve, "evaluate_curve"),
        (grid, "evaluate_grid"),
        (unseen_species, "evaluate_unseen"),
        (identification, "evaluate_honesty"),
    ):
        real = getattr(module, name)
        monkeypatch.setattr(module, name, create_autospec(real, side_effect=note(real, made)))
    return made


def note(real: Callable[..., Any], made: list[dict[str, Any]]) -> Callable[..., Found]:
    """Return what keeps the arguments of each call, defaults too."""

    def called(*positional: Any, **named: Any) -> Found:
        bound = inspect.signature(real).bind(*positional, **named)
        bound.apply_defaults()
        del bound.arguments["collection"]
        simulation = bound.arguments.pop("simulation", None)
        if simulation is not None:
            bound.arguments |= {"copies": simulation.copies, "how": simulation.how}
        made.append({"function": real, **bound.arguments})
        return Found()

    return called


def test_the_examples_are_all_options() -> None:
    parameters = set(inspect.signature(command).parameters) - {"context"}
    assert parameters == set(EXAMPLES) | OWN
    assert set(EXAMPLES) == {option for each in PROTOCOLS.values() for option in each.options}


@pytest.mark.parametrize(("protocol", "option"), TAKEN)
def test_an_option_that_a_protocol_takes_changes_what_is_measured(
    folder: Path, cli: Cli, calls: list[dict[str, Any]], protocol: str, option: str
) -> None:
    example = (*COMPANIONS.get(option, ()), *EXAMPLES[option])
    for options in ((), example):
        assert cli("eval", folder, *asked(protocol), *options, "--json")[:2] == (0, "{}\n")
    assert calls[0] != calls[1]


@pytest.mark.parametrize(("protocol", "option"), STRAY)
def test_an_option_that_a_protocol_does_not_take_is_refused(
    cli: Cli, protocol: str, option: str
) -> None:
    code, out, err = cli("eval", "nowhere", *asked(protocol), *EXAMPLES[option])
    assert (code, out) == (2, "")
    sentence = " ".join(err.split())
    assert f"--{option.replace('_', '-')} belongs to {takers(option)}; " in sentence
    assert f"{protocol} takes " in sentence


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_what_the_help_shows_as_default_is_the_default(
    folder: Path, cli: Cli, calls: list[dict[str, Any]], protocol: str
) -> None:
    assert cli("eval", folder, *asked(protocol), "--json")[0] == 0
    measured = {name: value for name, value in calls[0].items() if name not in SIDES}
    for name, parameter in inspect.signature(measured["function"]).parameters.items():
        if parameter.default is not inspect.Parameter.empty and name in measured:
            assert (measured[name] or None) == (parameter.default or None), name


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            ("--identification", "--protocol", "kfold", "--spaces", "nope"),
            "--identification is a protocol of its own; leave out --protocol kfold",
        ),
        (
            ("--identification", "--spaces", "nope"),
            "--spaces belongs to --protocol leave-one-out or split; --identification takes",
        ),
        (
            ("--folds", "3"),
            "--folds belongs to --protocol kfold; --protocol leave-one-out takes --spaces",
        ),
        (
            ("--protocol", "unseen-species", "--seed", "3"),
            "--protocol unseen-species takes no option of its own",
        ),
        (("--identification", "--share", "0.5"), "--share says nothing without --leave-out"),
        (
            ("--protocol", "transfer", *SPLIT, "--copies", "0", "--simulate", "exact"),
            "--simulate says nothing without --copies",
        ),
        (("--space", "base", "--spaces", "base,tuned"), "leave out --space"),
        (
            (*SPLIT, "--spaces", "base,tuned", "--classifiers", "knn"),
            "--classifiers are fitted in one space; leave out --spaces",
        ),
        (
            (*SPLIT, "--classifiers", "knn,svm"),
            "There is no classifier 'svm'; there are knn, knn-tuned, logistic, mlp",
        ),
        (("--classifiers", "knn"), "--classifiers belongs to --protocol split, kfold"),
        (("--identification", "--query", "split=test"), "needs both --query and --gallery"),
        (("--protocol", "nope"), "There is no --protocol nope; there are leave-one-out, split"),
        (("--identification", "--risk", "2"), "risk is 2.0"),
        (("--identification", "--prior", "1"), "prior is 1.0"),
        (
            ("--identification", "--leave-out", "species", "--share", "2"),
            "--share is 2.0: a share of 2.0 leaves out",
        ),
        (("--identification", "--leave-out", "order"), "No image is named at rank 'order'"),
        (("--protocol", "kfold", "--folds", "1"), "--folds 1 with --group specimen"),
    ],
)
def test_what_does_not_fit_is_said_in_one_sentence(
    folder: Path, cli: Cli, options: tuple[str, ...], sentence: str
) -> None:
    code, out, err = cli("eval", folder, *options)
    assert (code, out) == (2, "")
    assert sentence in " ".join(err.split())


def test_identification_may_be_named_either_way(
    folder: Path, cli: Cli, calls: list[dict[str, Any]]
) -> None:
    flagged = ("--identification",)
    named = asked("identification")
    for options in (flagged, named, (*flagged, *named)):
        assert cli("eval", folder, *options, "--json")[0] == 0
    assert calls[0] == calls[1] == calls[2]


def test_the_help_shows_every_option_under_its_protocols() -> None:
    eval_command = get_command(app).commands["eval"]  # type: ignore[attr-defined]
    panels = {each.name: str(each.rich_help_panel or "") for each in eval_command.params}
    for option in EXAMPLES:
        for name, protocol in PROTOCOLS.items():
            assert (name in panels[option]) == (option in protocol.options), option
    assert {panels[name] for name in OWN} == {""}
