"""How fast and how large, all along a run."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holotype.training.metric.config import ScheduleConfig
from holotype.training.metric.schedule import Plan, rate_at, size_at

shares = st.floats(0, 1)
configs = st.builds(ScheduleConfig, warm_up=st.floats(0, 0.9), first_rate=shares)


@given(shares, configs)
def test_the_rate_is_a_share(done: float, config: ScheduleConfig) -> None:
    assert 0 <= rate_at(done, config) <= 1


@given(shares, st.floats(0.05, 0.9), shares)
def test_the_rate_makes_no_jump(done: float, warm_up: float, first: float) -> None:
    config = ScheduleConfig(warm_up=warm_up, first_rate=first)
    step = 1e-6
    near = rate_at(min(1.0, done + step), config)
    assert abs(near - rate_at(done, config)) <= 20.1 * step
    assert rate_at(warm_up, config) == pytest.approx(1)
    assert rate_at(1.0, config) == pytest.approx(1e-3)


@given(shares, shares, configs)
def test_the_rate_rises_then_falls(one: float, two: float, config: ScheduleConfig) -> None:
    early, late = sorted([one, two])
    if late < config.warm_up:
        assert rate_at(early, config) <= rate_at(late, config) + 1e-9
    if early >= config.warm_up:
        assert rate_at(early, config) >= rate_at(late, config) - 1e-9


@given(shares, st.integers(16, 600), st.lists(shares, max_size=4), st.data())
def test_sizes_are_of_those_named(
    done: float, own: int, ends: list[float], data: st.DataObject
) -> None:
    ends = [*sorted(ends), 1.0]
    sizes = [data.draw(st.floats(0.1, 2)) for _ in ends]
    config = ScheduleConfig(sizes=tuple(sizes), shares=tuple(ends))
    side = size_at(done, config, own)
    assert side == own or (side >= 32 and side % 32 == 0)
    wanted = next(size for size, end in zip(sizes, ends, strict=True) if done <= end)
    assert abs(side - wanted * own) <= 16 or side == 32
    assert size_at(done, ScheduleConfig(sizes=(1.0,), shares=(1.0,)), own) == own


@given(
    st.integers(1, 10**12), st.one_of(st.just(0.0), st.floats(1, 1e6)),
    st.lists(st.tuples(st.integers(0, 10**12), st.floats(0, 1e6)), min_size=2, max_size=2),
)  # fmt: skip
def test_a_plan_only_goes_on(
    pictures: int, seconds: float, moments: list[tuple[int, float]]
) -> None:
    plan = Plan(pictures, seconds)
    (seen, spent), (more, longer) = moments
    assert 0 <= plan.done(seen, spent) <= plan.done(max(seen, more), max(spent, longer)) <= 1
    assert plan.done(pictures, 0) == 1
    if seconds:
        assert plan.done(0, seconds) == 1
