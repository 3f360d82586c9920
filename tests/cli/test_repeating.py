"""Work by a schedule: when it is done, what becomes of failures, how it ends."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import typer

from kehu.cli.repeating import repeat
from kehu.model.problems import Place, Problem, RefusedError
from kehu.pipeline.schedule import Schedule

NIGHTLY = Schedule(timedelta(days=1), time(2), ZoneInfo("Asia/Shanghai"))


class Day:
    """A clock that goes on only by napping and working."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)
        self.begun: list[datetime] = []

    def nap(self, seconds: float) -> None:
        """Let the time pass."""
        self.now += timedelta(seconds=seconds)

    def work(self, *ends: BaseException | timedelta) -> Callable[[], None]:
        """Work that takes the given time or ends by the given error, once each, and is then interrupted."""
        left = [*ends, KeyboardInterrupt()]

        def once() -> None:
            self.begun.append(self.now)
            end = left.pop(0)
            if isinstance(end, BaseException):
                raise end
            self.now += end

        return once


def test_it_runs_every_night_and_leaves_out_what_it_slept_over() -> None:
    day = Day()
    with pytest.raises(KeyboardInterrupt):
        repeat(NIGHTLY, day.work(timedelta(hours=1), timedelta(hours=30)), clock=lambda: day.now, nap=day.nap)
    assert [f"{begun:%d %H:%M:%S}" for begun in day.begun] == ["01 18:00:00", "02 18:00:00", "04 18:00:00"]


@pytest.mark.parametrize(
    ("_case", "error", "told"),
    [
        (
            "wrong rules",
            RefusedError([Problem(Place("rules/a.yaml", 2), "unknown-feature", "unknown feature 'x'")]),
            (
                "rules/a.yaml:2:1: error[unknown-feature]: unknown feature 'x'\n1 error\n"
                "the run failed, the next one comes as planned\n"
            ),
        ),
        ("a run that is held", typer.Exit(1), "the run is held, the next one comes as planned\n"),
        (
            "a full disk",
            OSError(28, "No space left on device"),
            "the run failed, the next one comes as planned; the system refused: [Errno 28] No space left on device\n",
        ),
    ],
)
def test_a_failed_run_is_told_and_the_next_one_tried(
    _case: str, error: Exception, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    day = Day()
    with pytest.raises(KeyboardInterrupt):
        repeat(NIGHTLY, day.work(error), clock=lambda: day.now, nap=day.nap)
    first, second = (f"next run at 2026-03-0{number} 02:00 CST\n" for number in (2, 3))
    assert capsys.readouterr().err == first + told + second
    assert len(day.begun) == 2


def test_a_mistake_of_ours_is_logged_whole(caplog: pytest.LogCaptureFixture) -> None:
    day = Day()
    with caplog.at_level(logging.ERROR), pytest.raises(SystemExit):
        repeat(NIGHTLY, day.work(ZeroDivisionError(), SystemExit(143)), clock=lambda: day.now, nap=day.nap)
    (record,) = caplog.records
    assert record.exc_info is not None
    assert record.exc_info[0] is ZeroDivisionError
