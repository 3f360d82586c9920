"""Where the windows of features begin and end: instants in microseconds, (start, end]."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import numpy as np

from kehu.features.declaration import Declaration
from kehu.features.reductions import Whole

# An event without an instant is older than every window.
NEVER = np.iinfo(np.int64).min

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros(instant: datetime) -> int:
    """The instant in whole microseconds, as columns hold it."""
    return (instant - _EPOCH) // timedelta(microseconds=1)


def since(item: Declaration, as_of: datetime) -> int:
    """The instant after which the feature's window begins."""
    return NEVER if item.over is None else micros(as_of) - _span(item.before + item.over)


def until(item: Declaration, as_of: datetime) -> int:
    """The instant at which the feature's window ends."""
    return micros(as_of) - _span(item.before)


def _span(time: timedelta) -> int:
    # Subtracted from whole numbers: a window may begin before the year 1, where there are no instants.
    return time // timedelta(microseconds=1)


class Edges:
    """The edges of all windows of some features of one kind of event, in order, each once."""

    def __init__(self, items: Iterable[Declaration], as_of: datetime) -> None:
        self.as_of = as_of
        self.instants: Whole = np.unique(
            np.array([edge for item in items for edge in self._window(item)], dtype=np.int64)
        )

    def window(self, item: Declaration) -> tuple[int, int]:
        """The places among the edges of those where the feature's window begins and ends."""
        start, end = np.searchsorted(self.instants, self._window(item)).tolist()
        return start, end

    def _window(self, item: Declaration) -> tuple[int, int]:
        if not item.stream or not item.stream.at:
            # Rows without instants stand at 0.
            return NEVER, 0
        return since(item, self.as_of), until(item, self.as_of)
