"""What every command shares: data on stdout, everything else on stderr, errors as one sentence."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Annotated, Any

import typer
from rich.console import Console, ConsoleDimensions
from rich.text import Text

from holotype.index.errors import CorruptError, HolotypeError, told
from holotype.index.visible import visible, visible_json


class PlainConsole(Console):
    """Prints strings as they are: no markup, no smileys, and nothing that a terminal would obey.

    Names of files, taxa and people come from elsewhere. Style is given by `style` or as `Text`.
    What goes into a file or a pipe is never wrapped: lines and tables are as wide as they need.
    """

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, markup=False, emoji=False)

    @property  # type: ignore[misc]  # nobody sets one
    def size(self) -> ConsoleDimensions:
        """Return the size of the terminal; of a file or a pipe, more columns than are needed."""
        found = super().size
        return found if _is_screen(self.file) else found._replace(width=_UNBOUNDED)

    def render_str(self, text: str, **options: Any) -> Text:
        """Return a string as all that is printed shows it, cells of tables too."""
        return super().render_str(visible(text), **options)


def _is_screen(file: IO[str]) -> bool:
    """Return whether somebody sees at once what is written; a colour that is forced tells not."""
    try:
        return file.isatty()
    except ValueError:  # it is closed
        return False


out = PlainConsole()
err = PlainConsole(stderr=True)

_UNBOUNDED = 100_000  # columns
_INTERRUPTED = 130  # what typer makes of Ctrl-C

JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else.")]
CollectionOption = Annotated[
    Path, typer.Option("--in", help="The collection's folder.", show_default=False)
]
CollectionArgument = Annotated[
    Path, typer.Argument(help="The collection's folder.", show_default=False)
]
LevelsOption = Annotated[
    str,
    typer.Option(
        "--levels",
        help="What the levels of folders are, from the top, such as split,species or "
        "species,specimen_id; - for a level that says nothing.",
        show_default=False,
    ),
]
SpaceOption = Annotated[
    str | None, typer.Option("--space", help="Which space; by default the first.")
]
StoreOption = Annotated[
    str,
    typer.Option(
        help="Keep the vectors in a Milvus: http://host:19530, or a path that ends in .db for "
        "Milvus Lite; by default in the collection itself.",
        show_default=False,
    ),
]

FILTERS = (
    "column=value or column!=value, also <, <=, >, >= for numbers and dates; a list as "
    "value|value, a range as 10..20, nothing for a missing value; docs/filters.md. Repeatable: "
    "all must hold."
)


def print_json(data: Any) -> None:
    """Print one JSON document on stdout."""
    text = json.dumps(data, ensure_ascii=False, indent=2, allow_nan=False)
    sys.stdout.write(visible_json(text) + "\n")


@contextmanager
def progress(description: str, unit: str = "images") -> Iterator[Any]:
    """Show a progress bar with rate and time left on stderr; yields a callback (done, in all)."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    # What is printed on stdout meanwhile is data, and goes there.
    with Progress(*columns, console=err, redirect_stdout=False) as bar:
        task = bar.add_task(description, total=None, rate="")

        def update(done: int, total: int) -> None:
            speed = bar.tasks[task].speed
            rate = f"{speed:.0f} {unit}/s" if speed else ""
            bar.update(task, completed=done, total=total, rate=rate)

        yield update


@contextmanager
def percentage(description: str) -> Iterator[Any]:
    """Show on stderr how far some work is; yields a callback (done, in all)."""
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with Progress(*columns, console=err) as bar:
        task = bar.add_task(description, total=None)

        def update(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield update


class InterruptionError(Exception):
    """Ctrl-C where it can be told what became of the work; the message says so."""


@contextmanager
def goes_on_when_repeated() -> Iterator[None]:
    """Let Ctrl-C say that what was finished is stored."""
    try:
        yield
    except KeyboardInterrupt:
        raise InterruptionError(
            "Interrupted. What was finished is stored; repeat the command to go on."
        ) from None


@contextmanager
def one_sentence() -> Iterator[None]:
    """Turn an expected error into one sentence on stderr and its exit code."""
    try:
        yield
    except InterruptionError as end:
        err.print(str(end), soft_wrap=True, highlight=False)
        raise SystemExit(_INTERRUPTED) from end
    except HolotypeError as error:
        _say(told(str(error), error))
        raise SystemExit(error.exit_code) from error
    except sqlite3.DatabaseError as error:
        from holotype.index.database.damage import is_damage, refusal

        if not is_damage(error):
            _say(told(refusal(error), error))
            raise SystemExit(HolotypeError.exit_code) from error
        _say(f"The collection is damaged ({error}); run 'holotype collection verify' on it")
        raise SystemExit(CorruptError.exit_code) from error
    except SystemExit as end:
        if end.code == _INTERRUPTED:
            err.print("Interrupted before it was done; repeat the command.")
        raise
    except OSError as error:
        if error.filename is None and error.errno is None:
            raise
        from holotype.index.files.refusals import sentence_of

        _say(told(sentence_of(error), error))
        raise SystemExit(HolotypeError.exit_code) from error


def print_labelled(label: str, style: str, sentence: str) -> None:
    """Print a sentence on stderr after a word in colour."""
    err.print(label, style=style, end=" ", highlight=False)
    err.print(sentence, highlight=False, soft_wrap=True)


def _say(sentence: str) -> None:
    print_labelled("Error:", "red", sentence)
