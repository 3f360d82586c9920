"""The golden record: of every field the value of the record that knows best."""

import polars as pl

from kehu.identity.names import looks_personal, search_text

GOLDEN_FIELDS = (
    "kind",
    "name",
    "industry",
    "country",
    "region",
    "city",
    "address",
    "phone",
    "email",
    "tax_code",
    "consent",
    "owner",
)
_CHECKED = ("phone", "email", "tax_code")


def golden_records(records: pl.DataFrame) -> pl.DataFrame:
    """One row per uid with GOLDEN_FIELDS and name_search, ordered by uid.

    `records` has the columns of `normalised` and uid. Of each field the first known value wins: rows of
    customer lists before mentions, the latest `first_contact_at` before older ones, then by system and key;
    a phone, e-mail or tax code that is a right one before all that are not.
    A customer nobody named goes by its source key; a kind nobody gave is guessed from the name.
    """
    ordered = records.sort(
        [pl.col("origin") != "file", pl.col("first_contact_at"), pl.col("system"), pl.col("key")],
        descending=[False, True, False, False],
        nulls_last=True,
    )
    fallback = (
        pl.coalesce("reference_key", pl.when(pl.col("origin") == "file").then(pl.col("key"))).drop_nulls().first()
    )
    golden = ordered.group_by("uid", maintain_order=True).agg(
        *(_best(field) for field in GOLDEN_FIELDS), fallback.alias("fallback")
    )
    named = golden.with_columns(pl.coalesce("name", "fallback", "phone", "email", "tax_code", "uid").alias("name"))
    guess = pl.when(looks_personal("name")).then(pl.lit("person")).otherwise(pl.lit("company"))
    return (
        named.with_columns(
            pl.coalesce(pl.col("kind"), guess).alias("kind"), search_text(named["name"]).alias("name_search")
        )
        .drop("fallback")
        .sort("uid")
    )


def _best(field: str) -> pl.Expr:
    first = pl.col(field).drop_nulls().first()
    if field not in _CHECKED:
        return first
    right = pl.col(field).filter(pl.col(f"{field}_key").is_not_null()).first()
    return pl.coalesce(right, first).alias(field)


def identifier_rows(records: pl.DataFrame) -> pl.DataFrame:
    """Columns uid, kind, system, value: every distinct identifier of every customer, ordered."""
    own = pl.when(pl.col("origin") == "file")
    pairs: list[tuple[str, pl.Expr, pl.Expr]] = [
        ("source_key", own.then(pl.col("system")), own.then(pl.col("key"))),
        ("source_key", pl.col("reference_system"), pl.col("reference_key")),
        ("source_key", pl.col("same_as_system"), pl.col("same_as_key")),
        *(
            (kind, pl.lit(None, pl.String), pl.col(f"{column}_key"))
            for kind, column in (("phone", "phone"), ("phone", "phone_2"), ("email", "email"), ("tax_code", "tax_code"))
        ),
    ]
    frames = [
        records.select("uid", pl.lit(kind).alias("kind"), system.alias("system"), value.alias("value"))
        for kind, system, value in pairs
    ]
    return pl.concat(frames).drop_nulls("value").unique().sort("uid", "kind", "system", "value")
