"""A CLIP space that is trained anew: wherever that is broken off, one of the two is there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from holotype.index.collection import Collection
from holotype.index.database.connection import Database
from holotype.index.errors import LockedError
from holotype.training import made_space
from holotype.training.asked import putting_in
from holotype.training.clip import space as clip_space
from holotype.training.clip.judged import train_judged
from holotype.training.clip.trainer import Trainer
from holotype.training.metric.processes import Processes
from tests.conftest import Cli
from tests.training.pressed import pressed

ROOT = Path(__file__).resolve().parents[3]
Ask = Callable[..., Any]

pytestmark = pytest.mark.usefixtures("better")


@pytest.fixture
def train(folder: Path, short: Path) -> tuple[object, ...]:
    """The command."""
    return "train", folder, "--preset", "clip", "--config", short, "--as", "words"


@pytest.fixture
def trained(train: tuple[object, ...], ask: Ask) -> dict[str, Any]:
    """What the command told of a space that was trained."""
    found: dict[str, Any] = ask(*train)
    return found


def left(folder: Path, ask: Ask) -> tuple[Any, ...]:
    """The spaces, their vectors, the checkpoints, and what words find."""
    with Collection.open(folder) as collection:
        spaces = collection.spaces()
        counts = [len(collection.gallery(space.name)) for space in spaces]
    checkpoints = sorted(path.name for path in (folder / "models").glob("words-*"))
    hits = ask("search", "--in", folder, "--space", "words", "--k", 3, "--text", "Salmo")["hits"]
    return spaces, counts, checkpoints, hits


@pytest.mark.slow
def test_the_name_shows_embeddings_as_they_are_and_is_replaced(
    folder: Path, trained: dict[str, Any], train: tuple[object, ...], cli: Cli, ask: Ask
) -> None:
    assert trained["untuned_space"] == Path(trained["checkpoint"]).name
    text = ("--k", 5, "--text", "a photo of a moth")
    shown, plain = (
        ask("search", "--in", folder, "--space", name, *text)["hits"]
        for name in ("words", trained["untuned_space"])
    )
    assert [hit["image_id"] for hit in shown] == [hit["image_id"] for hit in plain]
    assert [hit["score"] for hit in shown] == pytest.approx([hit["score"] for hit in plain])
    code, _, err = cli("eval", folder, "--space", "words")
    assert code == 2
    assert "trained on" in err
    before = {space.name for space in left(folder, ask)[0]}
    again = ask(*train, "--seed", 1)
    spaces, counts, checkpoints, _ = left(folder, ask)
    new = {space.name for space in spaces}
    assert (before - new, new - before) == ({trained["untuned_space"]}, {again["untuned_space"]})
    assert checkpoints == [again["untuned_space"]]
    assert len(set(counts)) == 1
    assert not (folder / "models" / ".words.training").exists()


PLACES = [
    (made_space, "embed_stored", True),
    (Collection, "add_projected_space", False),
]


@pytest.mark.parametrize(("owner", "name", "after"), PLACES)
def test_ctrl_c_keeps_what_was_trained_before(
    owner: Any,
    name: str,
    after: bool,
    folder: Path,
    trained: dict[str, Any],
    train: tuple[object, ...],
    cli: Cli,
    ask: Ask,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = left(folder, ask)
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, pressed(getattr(owner, name), after=after))
        code, out, err = cli(*train, "--seed", 1)
    assert (code, out) == (130, ""), err
    assert err.splitlines()[-1] == (
        f"Interrupted; {folder} is as it was before; --resume goes on with it."
    )
    assert left(folder, ask) == before
    code, _, err = cli(*train, "--seed", 1, "--resume")
    assert code == 0, err
    spaces, _, checkpoints, _ = left(folder, ask)
    assert len(spaces) == len(before[0])
    assert len(checkpoints) == 1
    assert checkpoints != before[2]


@pytest.mark.slow
def test_a_kill_keeps_the_one_or_the_other(
    folder: Path, short: Path, trained: dict[str, Any], train: tuple[object, ...], ask: Ask
) -> None:
    before = shown(folder, ask)
    assert before[0] == trained["untuned_space"]
    for when in ("embedding", "replacing"):
        killed(folder, short, when)
        assert shown(folder, ask) == before
    killed(folder, short, "removing")
    after = shown(folder, ask)
    assert after[0] != before[0]
    again = ask(*train, "--seed", 1, "--resume")
    assert (again["untuned_space"], again["space"]) == (after[0], "words")
    assert shown(folder, ask) == after


def shown(folder: Path, ask: Ask) -> tuple[str, Any]:
    """The space that `words` shows, whole, and what words find in it."""
    with Collection.open(folder) as collection:
        assert len(collection.gallery("words")) == len(collection.gallery("base"))
        source = collection.source(collection.space("words")).name
    found = ask("search", "--in", folder, "--space", "words", "--k", 3, "--text", "Salmo")
    return source, found["hits"]


def killed(folder: Path, short: Path, when: str) -> None:
    """Train in a process that is killed."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.training.clip.die_in_process", folder, short, when],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


def test_a_collection_that_is_locked_at_the_end_keeps_what_was_trained(
    folder: Path, train: tuple[object, ...], cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ExitStack() as held, monkeypatch.context() as patch:

        def then_locked(*args: Any, **named: Any) -> Any:
            result = train_judged(*args, **named)
            held.enter_context(Database(folder).writing())
            return result

        patch.setattr(clip_space, "train_judged", then_locked)
        code, out, err = cli(*train)
    assert (code, out) == (3, "")
    assert "what was trained is kept: repeat the command with --resume" in err
    monkeypatch.setattr(Trainer, "advance", None)  # no step is left to make
    code, _, err = cli(*train, "--resume")
    assert code == 0, err


def test_nothing_is_promised_where_nothing_is_kept(folder: Path, tmp_path: Path) -> None:
    with Collection.open(folder) as collection, Database(folder).writing():
        with pytest.raises(LockedError) as told, putting_in(collection, tmp_path):
            pass
        assert "--resume" not in str(told.value)
        (tmp_path / "run.pt").touch()
        with pytest.raises(LockedError, match="--resume"), putting_in(collection, tmp_path):
            pass


def test_what_an_earlier_run_left_is_discarded_and_told(
    folder: Path, train: tuple[object, ...], cli: Cli
) -> None:
    state = folder / "models" / ".words.training"
    state.mkdir(parents=True)
    (state / "run.pt").write_bytes(b"old")
    code, _, err = cli(*train)
    assert code == 0, err
    assert "What an earlier run of 'words' had left was discarded" in err
    assert not state.exists()


def test_several_processes_are_refused(
    train: tuple[object, ...], cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clip_space, "started", lambda: Processes(2, 0))
    code, _, err = cli(*train)
    assert code == 2
    assert "without torchrun" in err
