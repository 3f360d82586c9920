"""Locked customers: their records are joined with each other and with nothing else."""

import polars as pl

_KEYS = ("name_key", "phone_key", "phone_2_key", "email_key", "tax_code_key", "address_key")
LOCKED_SCHEMA = {"lock": pl.Int64(), "origin": pl.String(), "system": pl.String(), "key": pl.String()}
_NAME = ["origin", "system", "key"]
_FLAGS = ("is_locked", "is_own", "is_named", "is_same_as")


def with_locks(records: pl.DataFrame, locked: pl.DataFrame) -> pl.DataFrame:
    """The records as resolving may take them: what would join others to a locked customer is null.

    `records` comes from `normalised`, `locked` has LOCKED_SCHEMA. A record that names a locked customer by one of its
    own accounts remains its, and brings nobody along; a row of a customer list that says it is the same does not.
    """
    if locked.is_empty():
        return records
    members = records.join(locked, on=_NAME, how="semi")
    own = members.filter(pl.col("origin") == "file").select("system", "key")
    named = members.select(system="reference_system", key="reference_key").drop_nulls()
    accounts = pl.concat([own, named]).unique()
    flagged = records.with_columns(
        _among(records, locked.select(_NAME), _NAME).alias("is_locked"),
        _among(records, accounts, ["system", "key"]).alias("is_own"),
        _among(records, accounts, ["reference_system", "reference_key"]).alias("is_named"),
        _among(records, accounts, ["same_as_system", "same_as_key"]).alias("is_same_as"),
    ).with_columns(pl.col("is_own") & (pl.col("origin") == "file"))
    is_closed = pl.any_horizontal("is_locked", "is_own", "is_named")
    return flagged.with_columns(
        _kept(~is_closed, _KEYS),
        _kept(~is_closed | pl.col("is_named"), ("reference_system", "reference_key")),
        _kept(~is_closed & ~pl.col("is_same_as"), ("same_as_system", "same_as_key")),
    ).drop(_FLAGS)


def _among(records: pl.DataFrame, names: pl.DataFrame, columns: list[str]) -> pl.Series:
    """Whether the columns of each record hold one of the names; null is none."""
    marked = names.rename(dict(zip(names.columns, columns, strict=True))).unique().with_columns(mark=pl.lit(value=True))
    return records.join(marked, on=columns, how="left", maintain_order="left")["mark"].fill_null(value=False)


def _kept(wanted: pl.Expr, names: tuple[str, ...]) -> pl.Expr:
    return pl.when(wanted).then(pl.col(names))
