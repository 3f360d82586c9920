"""Instants that people give, and the years that they may lie in."""

from datetime import datetime

from kehu.model.problems import Place, Problem

# Windows of days would reach out of the calendar from others.
YEARS = range(1900, 9999)


def year_problems(instant: datetime, text: str, place: Place) -> list[Problem]:
    """What is wrong with an instant outside those years, which was written so; none within them."""
    if instant.year in YEARS:
        return []
    return [Problem(place, "instant", f"'{text}' is outside the years {YEARS[0]} to {YEARS[-1]}")]
