"""Settles the customers a record mentions: who counts as absent, which one a choice picks, who pays."""

import polars as pl

from kehu.model.graph import PARTY_FIELDS
from kehu.sources.source import Choice, FieldMap, Party, RecordMap
from kehu_loaders.leaves import choice_column, option_prefix

_TELLING = ("key", "name", "phone", "email", "tax_code", "code")
_PARTS = tuple(part.name for part in PARTY_FIELDS)
_SHIPMENT_PARTIES = ("shipper", "consignee", "payer")


def settle_parties(values: pl.DataFrame, record: RecordMap) -> pl.DataFrame:
    """The record's values with `<party>_<part>` columns settled.

    A party without key, name, phone, email and tax code is absent: all its columns are null. A system
    without a key is null. An unmapped payer of a shipment is the shipper, where absent the consignee.
    """
    parties = [field for field in record.fields if field.field.kind == "party"]
    plain = [field for field in parties if isinstance(field.value, Party)]
    for field in plain:
        values = _absent_if_unknown(values, field.field.name)
    for field in parties:
        if isinstance(field.value, Choice):
            values = _chosen(values, field, field.value)
    references = [field for field in record.fields if field.field.kind in {"reference", "relation"}]
    for field in references:
        values = _absent_if_unknown(values, field.field.name)
    if record.entity == "shipment" and "payer" not in {field.field.name for field in parties}:
        values = _default_payer(values)
    return values


def known_party(values: pl.DataFrame, record: RecordMap) -> list[tuple[tuple[str, ...], pl.Expr]]:
    """The parties of which a record needs one, and the test that it has: empty when it needs none."""
    if record.entity == "shipment":
        return [(_SHIPMENT_PARTIES, pl.any_horizontal(_known(values, name) for name in _SHIPMENT_PARTIES))]
    required = [field.field.name for field in record.fields if field.field.kind == "party" and field.field.required]
    return [((name,), _known(values, name)) for name in required]


def _known(values: pl.DataFrame, party: str) -> pl.Expr:
    telling = [f"{party}_{part}" for part in _TELLING if f"{party}_{part}" in values.columns]
    return pl.any_horizontal(pl.col(telling).is_not_null()) if telling else pl.lit(value=False)


def _absent_if_unknown(values: pl.DataFrame, party: str) -> pl.DataFrame:
    columns = [name for part in _PARTS if (name := f"{party}_{part}") in values.columns]
    known = _known(values, party)
    keyed = pl.col(f"{party}_key").is_not_null() if f"{party}_key" in columns else pl.lit(value=False)
    return values.with_columns(
        pl.when(known & (keyed if name.endswith("_system") else True)).then(pl.col(name)) for name in columns
    )


def _chosen(values: pl.DataFrame, field: FieldMap, choice: Choice) -> pl.DataFrame:
    prefixes = []
    for index, option in enumerate(choice.options):
        own = option_prefix(field.field, index)
        prefixes.append(option if isinstance(option, str) else own)
        if isinstance(option, Party):
            values = _absent_if_unknown(values, own)
    picked = pl.col(choice_column(field.field))
    return values.with_columns(
        pl.coalesce(
            pl.when(picked == str(index)).then(pl.col(f"{prefix}_{part}"))
            for index, prefix in enumerate(prefixes)
            if f"{prefix}_{part}" in values.columns
        ).alias(f"{field.field.name}_{part}")
        for part in _PARTS
        if any(f"{prefix}_{part}" in values.columns for prefix in prefixes)
    )


def _default_payer(values: pl.DataFrame) -> pl.DataFrame:
    by_shipper = _known(values, "shipper")
    absent = pl.lit(None, pl.String)
    return values.with_columns(
        pl.when(by_shipper)
        .then(pl.col(f"shipper_{part}") if f"shipper_{part}" in values.columns else absent)
        .otherwise(pl.col(f"consignee_{part}") if f"consignee_{part}" in values.columns else absent)
        .alias(f"payer_{part}")
        for part in _PARTS
        if {f"shipper_{part}", f"consignee_{part}"} & set(values.columns)
    )
