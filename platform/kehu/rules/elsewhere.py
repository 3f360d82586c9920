"""Conditions answered outside this process, by an engine that has the features too."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import polars as pl

from kehu.rules.book import RuleSet
from kehu.rules.compiler import Compiled
from kehu.rules.rolls import Key


class Elsewhere(Protocol):
    """A run on such an engine.

    Its conditions are columns that `answers` gives, for rule sets that can be answered together; `asked` has
    `customer` and what they ask of other rule sets, aligned with the features.
    """

    @property
    def entering(self) -> Mapping[Key, Compiled]:
        """What makes customers enter, by rule set and code."""

    @property
    def keeping(self) -> Mapping[Key, Compiled]:
        """What lets holders stay where that is a condition of its own."""

    def answers(self, asked: pl.DataFrame, rulesets: Sequence[RuleSet]) -> pl.DataFrame:
        """The columns, aligned with the features."""
