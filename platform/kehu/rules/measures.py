"""How well a sign foretells an outcome: precision and recall with their uncertainty, and lift over the base rate."""

from dataclasses import dataclass
from math import sqrt

_Z95 = 1.959963984540054  # the normal distribution's 97.5 % quantile


@dataclass(frozen=True, slots=True)
class Counts:
    """Cases looked at, those with the outcome, those flagged, and those flagged that had it."""

    cases: int = 0
    outcomes: int = 0
    flagged: int = 0
    hits: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.cases + other.cases,
            self.outcomes + other.outcomes,
            self.flagged + other.flagged,
            self.hits + other.hits,
        )

    @property
    def base_rate(self) -> float | None:
        """Share of all cases with the outcome: the precision of flagging at random. None without cases."""
        return _ratio(self.outcomes, self.cases)

    @property
    def precision(self) -> float | None:
        """Share of the flagged with the outcome; None when none is flagged."""
        return _ratio(self.hits, self.flagged)

    @property
    def recall(self) -> float | None:
        """Share of the outcomes that were flagged; None without outcomes."""
        return _ratio(self.hits, self.outcomes)

    @property
    def lift(self) -> float | None:
        """Precision over base rate; None where either is unknown or the base rate is 0."""
        return None if self.precision is None or not self.base_rate else self.precision / self.base_rate

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 0 when there is no hit."""
        return 2 * self.hits / (self.flagged + self.outcomes) if self.hits else 0.0


def wilson(successes: int, trials: int) -> tuple[float, float] | None:
    """The 95 % score interval of a proportion, without continuity correction; None without trials.

    E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927) 209-212.
    """
    if not trials:
        return None
    share, square = successes / trials, _Z95**2
    centre = share + square / (2 * trials)
    reach = _Z95 * sqrt(share * (1 - share) / trials + square / (4 * trials**2))
    whole = 1 + square / trials
    return max(0.0, (centre - reach) / whole), min(1.0, (centre + reach) / whole)


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None
