"""One training run in a process of its own, which a test may kill, interrupt or share out.

python -m tests.training.metric.run_in_process COLLECTION [die-after N] [resume]

With `command CONFIG` it is the command line that runs, and squares lie in a file as if they were
many.
"""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import replace
from typing import Any

from holotype.index.collection import Collection
from holotype.scripts.main import main as command_line
from holotype.training.metric import pictures
from holotype.training.metric import train as metric_train
from holotype.training.metric.config import read_config
from holotype.training.metric.gate import Verdict, judge
from holotype.training.metric.loop import Step
from holotype.training.metric.train import Watch
from holotype.training.trained_space import Asked, train_space

TABLE: dict[str, Any] = {
    "batches": {"batch": 16, "per_class": 4},
    "schedule": {
        "pictures": 96,
        "sizes": [1.0],
        "shares": [1.0],
        "optimiser": "sgd",
        "rate": 0.01,
    },
    "gate": {"points": 1, "share": 0.5},
}


def always_better(*args: Any, **named: Any) -> Verdict:
    """Judge as ever, and offer what was trained whatever came of it: the data is random."""
    verdict = judge(*args, **named)
    return replace(verdict, reasons=(), features="trained")


def main() -> None:
    """Train, and print how many steps that took."""
    folder, *words = sys.argv[1:]
    last = int(words[1]) if words[:1] == ["die-after"] else 0
    steps = 0

    def on_step(_: Step) -> None:
        nonlocal steps
        steps += 1
        if steps == last:
            os.kill(os.getpid(), signal.SIGKILL)

    vars(metric_train)["judge"] = always_better
    if words[:1] == ["command"]:
        vars(pictures)["_IN_MEMORY"] = 0
        sys.argv = ["holotype", "train", folder, "--config", words[1], "--json"]
        command_line()
    with Collection.open(folder) as collection:
        asked = Asked(resume="resume" in words)
        found = train_space(collection, read_config(over=TABLE), asked, Watch(on_step=on_step))
    sys.stdout.write(f"{steps} {found['checkpoint']}\n")


if __name__ == "__main__":
    main()
