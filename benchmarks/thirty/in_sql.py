"""The thirty features in the SQL of each peer, written for the layout it reads: sorted by customer, then instant.

A stream of gaps needs no window's sort where the engine can look at the row before; distinct values are counted in
their own pass where that is cheaper; a service is one bit of a mask.
"""

import re

from thirty.made import days_before

COLUMNS = (
    "payer_id", "at", "revenue", "cost", "delivered_at", "promised_at", "service", "origin", "destination", "status",
)  # fmt: skip
_SUMS = {
    "revenue_90d": ("revenue", 90, 0),
    "revenue_prev_90d": ("revenue", 180, 90),
    "revenue_365d": ("revenue", 365, 0),
    "revenue_prev_365d": ("revenue", 730, 365),
    "revenue_total": ("revenue", None, 0),
    "cost_365d": ("cost", 365, 0),
    "margin_365d": ("revenue - cost", 365, 0),
    "revenue_52w": ("revenue", 364, 0),
    "revenue_13w": ("revenue", 91, 0),
    "revenue_90d_last_year": ("revenue", 455, 365),
}
_COUNTS = {
    "shipments_total": (None, 0),
    "shipments_30d": (30, 0),
    "shipments_90d": (90, 0),
    "shipments_prev_90d": (180, 90),
    "shipments_365d": (365, 0),
    "shipments_prev_365d": (730, 365),
    "shipments_90d_last_year": (455, 365),
}


def duckdb_plain(source: str) -> str:
    """One pass, distinct values by DISTINCT; the row before is its neighbour, since the rows stand in order."""
    features = f"{_duckdb_features()}, {_DUCKDB_DISTINCT}"
    return f"SELECT payer_id AS customer, {features} FROM ({_known(source)}) GROUP BY payer_id"


def duckdb_composed(source: str) -> str:
    """A pass for what adds up and one for each distinct count, joined."""
    lanes = (
        f"SELECT payer_id, count(*) AS lanes FROM (SELECT DISTINCT payer_id, origin, destination FROM {source} "
        f'WHERE "at" > {_instant(365)} AND "at" <= {_instant(0)} AND origin IS NOT NULL AND destination IS NOT NULL) '
        "GROUP BY payer_id"
    )
    days = (
        "SELECT payer_id, count(*) FILTER (day IS DISTINCT FROM before) AS days FROM (SELECT payer_id, day, CASE WHEN "
        "payer_id = lag(payer_id) OVER () THEN lag(day) OVER () END AS before FROM (SELECT payer_id, "
        f"""epoch_us("at") // 86400000000 AS day FROM {source} WHERE payer_id IS NOT NULL AND "at" <= {_instant(0)} """
        "AND status <> 'cancelled')) GROUP BY payer_id"
    )
    return (
        "SELECT a.*, coalesce(lanes, 0) AS lanes_365d, coalesce(days, 0) AS shipping_days FROM "
        f"(SELECT payer_id AS customer, {_duckdb_features()}, {_DUCKDB_SERVICES} FROM ({_known(source)}) "
        f"GROUP BY payer_id) a LEFT JOIN ({lanes}) l ON l.payer_id = a.customer LEFT JOIN ({days}) d "
        "ON d.payer_id = a.customer"
    )


def datafusion(source: str) -> str:
    """One pass; the file is declared to be in order, so that neither the window nor the groups sort."""
    gap = (
        'CASE WHEN lag("at") OVER w IS NULL THEN NULL ELSE '
        "(arrow_cast(\"at\", 'Int64') - arrow_cast(lag(\"at\") OVER w, 'Int64')) END"
    )
    known = _known(source, gap=gap, window='WINDOW w AS (PARTITION BY payer_id ORDER BY "at")')
    two_years = f'FILTER (WHERE "at" > {_instant(730)})'
    on_lanes = f'FILTER (WHERE "at" > {_instant(365)} AND origin IS NOT NULL AND destination IS NOT NULL)'
    features = [
        *_common(),
        f"percentile_cont(0.9) WITHIN GROUP (ORDER BY CAST(gap AS DOUBLE) / 86400000000) {two_years} AS gap_p90_days",
        f'avg(gap) FILTER (WHERE "at" > {_instant(365)}) / 86400000000 AS gap_mean_days',
        'last_value(service ORDER BY "at") FILTER (WHERE service IS NOT NULL) AS last_service',
        f'count(DISTINCT service) FILTER (WHERE "at" > {_instant(365)}) AS services_365d',
        f"count(DISTINCT concat(origin, '>', destination)) {on_lanes} AS lanes_365d",
        'count(DISTINCT CAST("at" AS DATE)) FILTER (WHERE kept) AS shipping_days',
    ]
    return f"SELECT payer_id AS customer, {', '.join(features)} FROM ({known}) GROUP BY payer_id"


def chdb(source: str) -> str:
    """One pass; gaps are the differences of a customer's instants, gathered in an array."""
    p90, day = "arrayReduce('quantileExactInclusive(0.9)', {})", 86_400_000_000
    recent = "arrayFilter((g, t, i) -> i > 1 AND t > {}, gaps, ats, arrayEnumerate(ats))"
    two_years, one_year = recent.format(_micros(730)), recent.format(_micros(365))
    on_lanes = f"FILTER (WHERE {_within(365, 0)} AND origin IS NOT NULL AND destination IS NOT NULL)"
    inner = [
        *(each.replace("FILTER (WHERE TRUE)", "") for each in _common()),
        "arraySort(groupArray(toUnixTimestamp64Micro(at))) AS ats",
        "arrayDifference(ats) AS gaps",
        "argMax(service, at) FILTER (WHERE service IS NOT NULL) AS last_service",
        f"uniqExact(service) FILTER (WHERE {_within(365, 0)} AND service IS NOT NULL) AS services_365d",
        f"uniqExact(origin, destination) {on_lanes} AS lanes_365d",
        "uniqExact(toDate(at)) FILTER (WHERE kept) AS shipping_days",
        f"if(empty({two_years}), NULL, {p90.format(two_years)} / {day}) AS gap_p90_days",
        f"if(empty({one_year}), NULL, arrayAvg({one_year}) / {day}) AS gap_mean_days",
    ]
    text = f"SELECT payer_id AS customer, {', '.join(inner)} FROM ({_known(source, gap='0')}) GROUP BY payer_id"
    text = re.sub(r"TIMESTAMPTZ '([^+]*)[+]00'", r"toDateTime64('\1', 6, 'UTC')", text)
    text = re.sub(r"CAST\((\w+) AS INT\)", r"toInt32(\1)", text)
    return f"SELECT * EXCEPT (ats, gaps) FROM ({text}) SETTINGS max_threads = 2, join_use_nulls = 1"


def _micros(days: int) -> int:
    return int(days_before(days).timestamp()) * 1_000_000


def _instant(days: int) -> str:
    return f"TIMESTAMPTZ '{days_before(days):%Y-%m-%d %H:%M:%S}+00'"


def _within(over: int | None, before: int) -> str:
    until = f'"at" <= {_instant(before)}' if before else ""
    since = "" if over is None else f'"at" > {_instant(over)}'
    return " AND ".join(part for part in (since, until) if part) or "TRUE"


def _common() -> list[str]:
    """What every dialect says in the same words, over the columns of `_known`."""
    year, quarter = _within(365, 0), _within(90, 0)
    return [
        *(
            f"coalesce(sum({value}) FILTER (WHERE {_within(*window)}), 0) AS {name}"
            for name, (value, *window) in _SUMS.items()
        ),
        *(f"count(*) FILTER (WHERE kept AND {_within(*window)}) AS {name}" for name, window in _COUNTS.items()),
        f"avg(revenue) FILTER (WHERE kept AND {year}) / 100 AS average_revenue_365d",
        f"avg(CAST(on_time AS INT)) FILTER (WHERE {quarter}) AS on_time_rate_90d",
        f"avg(CAST(on_time AS INT)) FILTER (WHERE {year}) AS on_time_rate_365d",
        f"count(*) FILTER (WHERE NOT on_time AND {quarter}) AS late_90d",
        'max("at") FILTER (WHERE kept) AS last_at',
        'min("at") FILTER (WHERE kept) AS first_at',
        f"avg(CAST(local AS INT)) FILTER (WHERE kept AND {quarter}) AS local_share_90d",
    ]


def _known(source: str, gap: str = "", window: str = "") -> str:
    """The rows that are known at the as-of instant, with what is derived of them."""
    gap = gap or 'CASE WHEN payer_id = lag(payer_id) OVER () THEN epoch_us("at") - epoch_us(lag("at") OVER ()) END'
    return (
        "SELECT payer_id, \"at\", revenue, cost, service, origin, destination, status <> 'cancelled' AS kept, "
        "coalesce(origin = destination, FALSE) AS local, "
        f"CASE WHEN delivered_at <= {_instant(0)} THEN delivered_at <= promised_at END AS on_time, {gap} AS gap "
        f'FROM {source} WHERE payer_id IS NOT NULL AND "at" <= {_instant(0)} {window}'
    )


_DUCKDB_SERVICES = (
    f'bit_count(coalesce(bit_or(1 << enum_code(service)) FILTER ("at" > {_instant(365)}), 0)) AS services_365d'
)
_DUCKDB_DISTINCT = (
    f"{_DUCKDB_SERVICES}, "
    "count(DISTINCT enum_code(origin)::INT * 1000 + enum_code(destination)) "
    f'FILTER ("at" > {_instant(365)}) AS lanes_365d, '
    'count(DISTINCT epoch_us("at") // 86400000000) FILTER (kept) AS shipping_days'
)


def _duckdb_features() -> str:
    return ", ".join(
        [
            *_common(),
            f'quantile_cont(gap, 0.9) FILTER ("at" > {_instant(730)}) / 86400000000 AS gap_p90_days',
            f'avg(gap) FILTER ("at" > {_instant(365)}) / 86400000000 AS gap_mean_days',
            'arg_max(service, "at") FILTER (service IS NOT NULL) AS last_service',
        ]
    )
