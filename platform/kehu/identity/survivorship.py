"""Survivorship: of a customer's several values of a field, the one that counts, and what decided so."""

from collections.abc import Iterator

import polars as pl

from kehu.identity.rules import Choice, Survivorship

# Fields with a comparable form that tells a right value from a wrong one.
CHECKED = ("phone", "email", "tax_code")
_COMPARED = (*CHECKED, "name", "address")
# A customer's one record, or all of them, say the same; or what is before all others wherever it is loaded.
ONLY, AGREED, ORDER = "only", "agreed", "order"
_DATES = ("exported_at", "first_contact_at")


def in_common_order(records: pl.DataFrame) -> pl.DataFrame:
    """The records in the order in which they count where nothing else decides, with `standing`, its number.

    Rows of customer lists before mentions, the latest export before older ones and those of no date, the latest first
    contact before older ones, then by system and key: an order of content alone. `age` numbers the dates.
    """
    order = (pl.col("origin") != "file", "age", "system", "key")
    return _dated(records).sort(*order).with_row_index("standing")


def _dated(records: pl.DataFrame) -> pl.DataFrame:
    if all(records[date].null_count() == len(records) for date in _DATES):
        return records.with_columns(age=pl.lit(0, pl.Int64))
    dates = records.select(_DATES).unique().sort(_DATES, descending=True, nulls_last=True)
    aged = dates.with_columns(age=pl.int_range(pl.len(), dtype=pl.Int64))
    return records.join(aged, on=_DATES, how="left", nulls_equal=True)


def surviving(ordered: pl.DataFrame, field: str, said: Survivorship) -> pl.DataFrame:
    """Columns place, uid, field, value, record_id, rule: of every customer with a known value the one that survives.

    `ordered` comes from `in_common_order` and has uid, and `place`, its number. `rule` is what told the value from the
    next best other one: 'valid' (a right phone, mail or tax code before a wrong one), a choice of `said`, 'listed',
    'most_recent' or 'order'; 'agreed' where all records say the same, if not in the same spelling, 'only' where one
    alone speaks.
    """
    known = ordered.drop_nulls(field)
    several = known["place"].is_duplicated()
    named = {"field": pl.lit(field), "value": pl.col(field), "record_id": pl.col("id")}
    single = known.filter(~several) if several.any() else known
    alone = single.select("place", "uid", **named, rule=pl.lit(ONLY))
    if len(alone) == len(known):
        return alone
    criteria = dict(_criteria(field, said))
    contested = (known.filter(several) if len(alone) else known).select(
        "place", "uid", "standing", **named, same=_comparable(field), **criteria
    )
    # In order, so that who stands beside whom says all: joins of a few rows would take far longer.
    ranked = contested.sort("place", *criteria, "standing")
    is_best = pl.col("place").ne_missing(pl.col("place").shift(1))
    other = pl.col("same") != pl.when(is_best).then(pl.col("same")).forward_fill()
    distinct = ranked.filter(is_best | other)
    decided = [pl.when(pl.col(name) != pl.col(name).shift(-1)).then(pl.lit(name)) for name in criteria]
    is_agreed = pl.col("place").ne_missing(pl.col("place").shift(-1))
    rule = pl.when(is_agreed).then(pl.lit(AGREED)).otherwise(pl.coalesce(*decided, pl.lit(ORDER)))
    judged = distinct.select(*alone.columns[:-1], is_best=is_best, rule=rule).filter("is_best")
    return pl.concat([alone, judged.select(alone.columns)])


def _criteria(field: str, said: Survivorship) -> Iterator[tuple[str, pl.Expr]]:
    """What decides, in order, as numbers of which the least is best."""
    if field in CHECKED:
        yield "valid", pl.col(f"{field}_key").is_null().cast(pl.Int64)
    for choice in said.take:
        yield choice, _rank(field, choice, said.systems)
    yield "listed", (pl.col("origin") != "file").cast(pl.Int64)
    if "most_recent" not in said.take:
        yield "most_recent", _rank(field, "most_recent", ())


def _rank(field: str, choice: Choice, systems: tuple[str, ...]) -> pl.Expr:
    match choice:
        case "priority":
            places = {system: place for place, system in enumerate(systems)}
            return pl.col("system").replace_strict(places, default=len(systems), return_dtype=pl.Int64)
        case "most_recent":
            return pl.col("age")
        case "most_frequent":
            return -pl.len().over("uid", _comparable(field)).cast(pl.Int64)
        case "longest":
            return -pl.col(field).cast(pl.String).str.len_chars().cast(pl.Int64)


def _comparable(field: str) -> pl.Expr:
    return pl.coalesce(f"{field}_key", field) if field in _COMPARED else pl.col(field)
