"""Features computed by Python: found by entry point, given columns of other features."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points

import polars as pl

GROUP = "kehu.models"


@dataclass(frozen=True, slots=True)
class Model:
    """`compute` gets one column per input, one row per customer, and answers a Float64 series, aligned.

    Amounts come in major units, unknown values as null. What the model does not know it leaves null.
    """

    inputs: tuple[str, ...]
    compute: Callable[[pl.DataFrame], pl.Series]


@cache
def models() -> Mapping[str, Model]:
    """The installed models by the name of their entry point in the group `kehu.models`."""
    return {point.name: point.load() for point in entry_points(group=GROUP)}
