"""Whatever is sent, the same process refuses it in a sentence and goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from .corpus import bodies, forms, paths, pictures, run


def test_the_corpus_is_as_large_as_it_says() -> None:
    assert [len(one()) for one in (pictures, bodies, forms, paths)] == [200, 150, 100, 60]


@pytest.mark.slow
def test_all_of_it_is_refused_and_the_service_goes_on(folder: Path) -> None:
    done = run(folder)
    assert done.sent.wrong == []
    assert done.batches == []
    assert done.afterwards == []
    assert done.lives
    assert done.grown <= 200
    # A busy machine may make a few wait.
    assert len(done.sent.slow) <= sum(done.sent.counts.values()) // 100, done.sent.slow
