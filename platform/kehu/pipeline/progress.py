"""Who is told how far the work is, and what each stage took."""

import resource
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from time import perf_counter
from typing import Any

Clock = Callable[[], datetime]
# Told what is being worked on and how many rows of it are done.
Progress = Callable[[str, int], None]
# Told what the stages so far took, as the record of a run keeps them.
Keep = Callable[[list[dict[str, Any]]], None]
# Linux counts memory in KiB, macOS in bytes.
_MEMORY_UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True, slots=True)
class Stage:
    """What a stage took. `cpu_seconds` are of all threads of this process and of those it waited for, user and system.

    `peak_bytes` is the most memory that the process ever had by the end of the stage, so it never falls from one
    stage to the next. `rows` is what the stage made, None where it did not count.
    """

    stage: str
    seconds: float
    cpu_seconds: float
    peak_bytes: int
    rows: int | None


class Watch:
    """What each stage took, and the stage told to whoever watches; a stage that raises is not kept.

    `keep` is told of the stages before it whenever one begins.
    """

    def __init__(self, progress: Progress) -> None:
        self.progress, self.stages = progress, list[Stage]()
        self.keep: Keep = _kept_nowhere

    @property
    def seconds(self) -> dict[str, float]:
        """Wall seconds by stage, in their order."""
        return {stage.stage: stage.seconds for stage in self.stages}

    def recorded(self) -> list[dict[str, Any]]:
        """The stages as the record of a run keeps them."""
        return [asdict(stage) for stage in self.stages]

    @contextmanager
    def __call__(self, stage: str) -> Iterator[Callable[[int], None]]:
        """Gives what tells the rows that the stage made."""
        self.progress(stage, 0)
        if self.stages:
            self.keep(self.recorded())
        rows: list[int] = []
        begun, cpu_begun = perf_counter(), _cpu_seconds()
        yield rows.append
        took, cpu = perf_counter() - begun, _cpu_seconds() - cpu_begun
        made = sum(rows) if rows else None
        self.stages.append(Stage(stage, round(took, 3), round(cpu, 3), _peak_bytes(), made))
        if made:
            self.progress(stage, made)


def _kept_nowhere(_stages: list[dict[str, Any]]) -> None:
    """For work that nobody follows from elsewhere."""


def _cpu_seconds() -> float:
    used = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _MEMORY_UNIT
