"""Ways of doing the same, timed in alternation: seconds on the clock, seconds of processor, ratios to the first."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl


@dataclass(frozen=True, slots=True)
class Way:
    """`run` is timed, `before` is not. `answer` makes the frame to compare of what it gives.

    `share` of the rows were run.
    """

    name: str
    run: Callable[[], Any]
    share: float = 1.0
    answer: Callable[[Any], pl.DataFrame] = field(default=lambda found: found)
    before: Callable[[], None] = field(default=lambda: None)


@dataclass(slots=True)
class Times:
    """Seconds per round, scaled up to all rows."""

    clock: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)


def assert_same(ways: Sequence[Way]) -> None:
    """Every way gives what the first does, on the rows it runs on."""
    first = ways[0].answer(ways[0].run())
    for way in ways[1:]:
        found = way.answer(way.run())
        wrong = [name for name in first.columns if not found[name].equals(first[name].head(len(found)))]
        assert not wrong, f"{way.name} differs in {wrong}"


def measured(ways: Sequence[Way], rounds: int) -> dict[str, Times]:
    """Each way once a round, so that what else goes on meets all alike."""
    times = {way.name: Times() for way in ways}
    for _ in range(rounds):
        for way in ways:
            way.before()
            clock, processor = time.perf_counter(), time.process_time()
            way.run()
            times[way.name].clock.append((time.perf_counter() - clock) / way.share)
            times[way.name].processor.append((time.process_time() - processor) / way.share)
    return times


def table(title: str, times: dict[str, Times]) -> None:
    """Minimum, median, maximum of seconds, and of the ratios to the first way's seconds of the same round."""
    first = next(iter(times.values()))
    print(f"\n{title}")
    print(f"{'way':<38} {'seconds':^24} {'times as long':^24} {'in processor time':^24}")
    for name, found in times.items():
        ratios = [mine / its for mine, its in zip(found.clock, first.clock, strict=True)]
        processor = [mine / its for mine, its in zip(found.processor, first.processor, strict=True)]
        print(f"{name:<38} {spread(found.clock)} {spread(ratios)} {spread(processor)}", flush=True)


def spread(values: Sequence[float]) -> str:
    """Minimum, median, maximum."""
    return " ".join(f"{value:>7,.{_digits(value)}f}" for value in (min(values), statistics.median(values), max(values)))


def _digits(value: float) -> int:
    return 2 if value < 100 else 0
