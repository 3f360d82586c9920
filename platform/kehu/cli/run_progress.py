"""How far a run is: its stage, the rate of the last one, and the time left by what the run before took."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from time import monotonic

from rich.progress import Progress as RichProgress
from rich.progress import ProgressColumn, SpinnerColumn, Task, TextColumn, TimeElapsedColumn
from rich.text import Text
from sqlalchemy import Engine

from kehu.cli.output import console, progress
from kehu.pipeline.progress import Progress
from kehu.reader.runs import expected_seconds


@contextmanager
def run_progress(engine: Engine, *, quiet: bool) -> Iterator[Progress]:
    """Progress on standard error: a moving line on a terminal, a plain line per stage elsewhere."""
    if quiet or not sys.stderr.isatty():
        with progress(quiet=quiet) as tell:
            yield tell
        return
    with engine.connect() as connection:
        forecast = Forecast(expected_seconds(connection))
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), _TimeLeft(forecast))
    with RichProgress(*columns, console=console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting")
        yield lambda stage, rows: bar.update(task, description=forecast.tell(stage, rows, monotonic()))


class Forecast:
    """What is known of a run by its stages so far, and by what each took the last time (seconds, in their order)."""

    def __init__(self, expected: Mapping[str, float]) -> None:
        self.expected = dict(expected)
        self.stage, self.begun_at, self.rate = "", 0.0, ""

    def tell(self, stage: str, rows: int, at: float) -> str:
        """The line for a stage that began, or that made `rows`, at an instant in seconds."""
        if rows == 0:
            self.stage, self.begun_at = stage, at
        else:
            seconds = at - self.begun_at
            self.rate = f", {stage} {rows:,} rows" + (f" at {rows / seconds:,.0f} a second" if seconds > 0 else "")
        return f"{self._numbered(self.stage)}{self.rate}"

    def seconds_left(self, at: float) -> float | None:
        """None where the run before had no such stage; 0 when this one takes longer than all that one took."""
        if self.stage not in self.expected:
            return None
        names = list(self.expected)
        left = sum(self.expected[name] for name in names[names.index(self.stage) :])
        return max(0.0, left - (at - self.begun_at))

    def _numbered(self, stage: str) -> str:
        names = list(self.expected)
        return f"{stage} ({names.index(stage) + 1} of {len(names)})" if stage in names else stage


class _TimeLeft(ProgressColumn):
    """Rich asks it ten times a second."""

    def __init__(self, forecast: Forecast) -> None:
        super().__init__()
        self.forecast = forecast

    def render(self, task: Task) -> Text:  # noqa: ARG002  # rich's own signature
        left = self.forecast.seconds_left(monotonic())
        return Text("" if left is None else f"about {left:,.0f} s left")
