"""Instants as clients write them."""

from datetime import UTC, datetime, timedelta

from kehu_graphql.failures import ExpectedError


def utc(instant: datetime, name: str) -> datetime:
    """The instant in UTC; ExpectedError for one without a time zone or outside the years 1 to 9999."""
    if instant.tzinfo is None:
        written = instant.isoformat()
        raise ExpectedError(f"'{name}: {written}' has no time zone; write it as '{written}Z'")
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise ExpectedError(f"'{name}: {instant.isoformat()}' is outside the years 1 to 9999 in UTC") from None


def moved(instant: datetime, span: timedelta, name: str) -> datetime:
    """The instant `span` later; ExpectedError when that is after the year 9999."""
    try:
        return instant + span
    except OverflowError:
        raise ExpectedError(f"'{name}' reaches beyond the year 9999; give a shorter time") from None
