"""Progress and numbers as a person reads them."""

from __future__ import annotations

import logging

import pytest

from dnabert_s_cli.cli import console


class Clock:
    """Seconds that a test sets."""

    now = 100.0

    def monotonic(self) -> float:
        """The time."""
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(console, "time", made)
    return made


def _stages(clock: Clock, *steps: tuple[float, int]) -> None:
    stages = console.Stages()
    stages.start("embedding", 1000, unit="bp")
    for seconds, amount in steps:
        clock.now += seconds
        stages.advance(amount)


def test_nothing_is_estimated_in_the_first_seconds(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="dnabert_s_cli")
    _stages(clock, (1, 100), (1, 100))
    assert caplog.messages == ["embedding: 1 kbp"]


def test_time_left_comes_with_the_first_line(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="dnabert_s_cli")
    _stages(clock, (10, 250))
    assert caplog.messages[-1] == "embedding: 250 bp done, 25 bp/s, 25 %, about 30 s left"


def test_time_left_waits_for_enough_work(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="dnabert_s_cli")
    _stages(clock, (10, 5))
    assert caplog.messages[-1] == "embedding: 5 bp done, 0.5 bp/s, 0 %"


def test_later_lines_are_half_a_minute_apart(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="dnabert_s_cli")
    _stages(clock, *[(5, 10)] * 12)
    assert len(caplog.messages) == 1 + 2


@pytest.mark.parametrize(
    ("seconds", "shown"), [(6.62, "6.6 s"), (40.2, "40 s"), (59.7, "1:00 min"), (95, "1:35 min"), (3725, "1:02:05")]
)
def test_durations_are_short(seconds: float, shown: str) -> None:
    assert console.duration(seconds) == shown


@pytest.mark.parametrize(("share", "shown"), [(0.9957, "99.6 %"), (1.0, "100.0 %"), (0.0, "0.0 %")])
def test_shares_have_one_form(share: float, shown: str) -> None:
    assert console.percent(share) == shown
