"""Who is told how far the work is, and how long each stage took."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from time import perf_counter

Clock = Callable[[], datetime]
# Told what is being worked on and how many rows of it are done.
Progress = Callable[[str, int], None]


class Watch:
    """Seconds per stage, and the stage told to whoever watches."""

    def __init__(self, progress: Progress) -> None:
        self.progress, self.seconds = progress, dict[str, float]()

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        self.progress(stage, 0)
        begun = perf_counter()
        yield
        self.seconds[stage] = round(perf_counter() - begun, 3)
