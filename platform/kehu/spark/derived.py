"""The derived columns of events in Spark SQL, each the same as `kehu.features.streams` has it for Polars."""

from collections.abc import Mapping

from kehu.model.durations import DAY_MICROS
from kehu.model.graph import SATISFACTION_DIMENSIONS

# By division, a day's share would be rounded otherwise than Polars rounds it.
_SHARE_OF_DAY = repr(1 / DAY_MICROS)


def _days(span: str) -> str:
    """Microseconds in days: whole days are exact, and so is what is left in microseconds."""
    rest = f"PMOD({span}, {DAY_MICROS}L)"
    whole = f"CAST((({span}) - {rest}) DIV {DAY_MICROS}L AS DOUBLE)"
    return f"({whole} + CAST({rest} AS DOUBLE) * CAST('{_SHARE_OF_DAY}' AS DOUBLE))"


def _mean(columns: tuple[str, ...]) -> str:
    """Of those that are known."""
    total = " + ".join(f"COALESCE(`{column}`, 0L)" for column in columns)
    number = " + ".join(f"CASE WHEN `{column}` IS NULL THEN 0L ELSE 1L END" for column in columns)
    return f"CAST(({total}) AS DOUBLE) / CAST(NULLIF({number}, 0L) AS DOUBLE)"


def day_of(micros: str) -> str:
    """The date in UTC, as a DATE."""
    return f"DATE_ADD(DATE'1970-01-01', CAST(({micros} - PMOD({micros}, {DAY_MICROS}L)) DIV {DAY_MICROS}L AS INT))"


_BEFORE = "LAG(`at`) OVER (PARTITION BY `customer` ORDER BY `at`, `id`)"

# By kind of event and column; those that look at the event before are ordered as it is.
DERIVED_SQL: Mapping[tuple[str, str], str] = {
    ("shipments", "on_time"): "(`delivered_at` <= `promised_at`)",
    ("shipments", "late"): "(`delivered_at` > `promised_at`)",
    ("shipments", "margin"): "(`revenue` - `cost`)",
    ("shipments", "lane"): "CONCAT(`origin`, ' → ', `destination`)",
    ("shipments", "transit_days"): _days("`delivered_at` - `accepted_at`"),
    ("shipments", "day"): f"CAST({day_of('`at`')} AS STRING)",
    ("shipments", "gap_days"): _days(f"(`at` - {_BEFORE})"),
    ("complaints", "resolution_days"): _days("`resolved_at` - `opened_at`"),
    ("visits", "satisfaction"): _mean(SATISFACTION_DIMENSIONS),
}
