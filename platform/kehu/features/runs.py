"""Where each customer's rows begin and end, and where an instant falls among them."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Whole = npt.NDArray[np.int64]
Truth = npt.NDArray[np.bool_]

# An event without an instant is older than every window.
NEVER = np.iinfo(np.int64).min


@dataclass(frozen=True, slots=True)
class Runs:
    """Customer i has the rows starts[i] .. ends[i], perhaps none, its instants `at` (microseconds) never falling."""

    starts: Whole
    ends: Whole
    at: Whole
    found: dict[int, Whole] = field(default_factory=dict)
    same: Truth = field(init=False)

    def __post_init__(self) -> None:
        """`same` tells of each row but the first whether the one before is the same customer's."""
        same = np.ones(len(self.at) + 1, np.bool_)
        same[self.starts] = False
        object.__setattr__(self, "same", same[1 : len(self.at)])

    def after(self, edge: int) -> Whole:
        """Of each customer the first row later than the edge, its end when there is none."""
        if edge not in self.found:
            self.found[edge] = self._after(edge)
        return self.found[edge]

    def later(self, edge: int) -> "Runs":
        """The runs of the rows later than the edge alone."""
        kept = self.at > edge
        before = running(kept)
        return Runs(before.take(self.starts), before.take(self.ends), np.compress(kept, self.at))

    def _after(self, edge: int) -> Whole:
        if not len(self.at):
            return self.starts
        until = self.at <= edge
        # The last such row of a customer is followed by a later one, or by another customer's.
        last = until.copy()
        np.greater(until[:-1], until[1:] & self.same, out=last[:-1])
        there = (self.ends > self.starts) & until.take(self.starts, mode="clip")
        after = self.starts.copy()
        after[there] = np.flatnonzero(last) + 1
        return after


def runs_of(owners: Whole, at: Whole) -> tuple[Whole, Runs]:
    """The customers as they come, and their rows."""
    starts = np.concatenate([np.zeros(min(len(owners), 1), np.int64), np.flatnonzero(owners[1:] != owners[:-1]) + 1])
    ends = np.append(starts[1:], len(owners))[: len(starts)]
    return owners[starts], Runs(starts, ends, at)


def running(values: npt.NDArray[np.bool_] | Whole) -> Whole:
    """The sums of the first 0, 1, 2 ... values."""
    sums = np.empty(len(values) + 1, np.int64)
    sums[0] = 0
    np.cumsum(values.view(np.uint8) if values.dtype == np.bool_ else values, out=sums[1:])
    return sums
