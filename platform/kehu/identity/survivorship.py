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
    dates = records.select(_DATES).unique().sort(_DATES, descending=True, nulls_last=True).with_row_index("age")
    dated = records.join(dates, on=_DATES, how="left", nulls_equal=True)
    ordered = dated.sort(pl.col("origin") != "file", "age", "system", "key")
    return ordered.with_row_index("standing").cast({"age": pl.Int64()})


def surviving(ordered: pl.DataFrame, field: str, said: Survivorship) -> pl.DataFrame:
    """Columns uid, value, record_id, rule: of every customer with a known value the one that survives.

    `ordered` comes from `in_common_order` and has uid. `rule` is what told the value from the next best other one:
    'valid' (a right phone, mail or tax code before a wrong one), a choice of `said`, 'listed', 'most_recent' or
    'order'; 'agreed' where all records say the same, if not in the same spelling, 'only' where one alone speaks.
    """
    known = ordered.filter(pl.col(field).is_not_null())
    several = pl.len().over("uid") > 1
    alone = known.filter(~several).select("uid", value=field, record_id="id", rule=pl.lit(ONLY))
    contested = known.filter(several)
    if contested.is_empty():
        return alone
    criteria = dict(_criteria(field, said))
    described = contested.select("uid", "standing", value=field, record_id="id", same=_comparable(field), **criteria)
    ranked = described.sort(*criteria, "standing")
    best = ranked.unique("uid", keep="first", maintain_order=True)
    others = ranked.join(best.select("uid", best="same"), on="uid").filter(pl.col("same") != pl.col("best"))
    second = others.unique("uid", keep="first", maintain_order=True).select("uid", pl.col(*criteria).name.suffix("_2"))
    compared = best.join(second.with_columns(other=True), on="uid", how="left")
    decided = [pl.when(pl.col(name) != pl.col(f"{name}_2")).then(pl.lit(name)) for name in criteria]
    rule = pl.when(pl.col("other").is_null()).then(pl.lit(AGREED)).otherwise(pl.coalesce(*decided, pl.lit(ORDER)))
    return pl.concat([alone, compared.select("uid", "value", "record_id", rule=rule)])


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
