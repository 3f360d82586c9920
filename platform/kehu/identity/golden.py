"""The golden record: of every field the value that survives, the record it comes from and the rule that chose it."""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from kehu.identity.identifiers import email_keys, tax_code_keys
from kehu.identity.names import looks_personal, search_text
from kehu.identity.phones import phone_keys
from kehu.identity.pinyin import pinyin_text
from kehu.identity.resolve import anchors
from kehu.identity.rules import GOLDEN_FIELDS, PLAIN_RULES, IdentityRules
from kehu.identity.survivorship import in_common_order, surviving
from kehu.model.feature_types import Label
from kehu.model.graph import LONGEST_TAX_CODE

# A value that no record has: a person's, a kind told by the name, or the best there is where nobody gave a name.
CORRECTION, GUESSED, STAND_IN = "correction", "guessed", "stand_in"
# Every rule that can have chosen a value, as users see it.
CHOSEN_BY: dict[str, Label] = {
    "only": Label("the only record that says it", "唯一来源"),
    "agreed": Label("all records say it", "各来源一致"),
    "valid": Label("valid before wrong ones", "有效值优先"),
    "priority": Label("the most trusted system", "系统优先级"),
    "most_recent": Label("the most recent", "最新"),
    "most_frequent": Label("said by most records", "出现最多"),
    "longest": Label("the longest", "最完整"),
    "listed": Label("a customer list before mentions", "客户名录优先"),
    "order": Label("the first by system and key", "按系统和编号顺序"),
    CORRECTION: Label("corrected by a person", "人工更正"),
    GUESSED: Label("told by the name", "按名称推断"),
    STAND_IN: Label("stands in for a name", "代替名称"),
}
CORRECTED_SCHEMA = {"anchor": pl.String(), "field": pl.String(), "value": pl.String()}
_IDENTIFIERS_SCHEMA = dict.fromkeys(("uid", "kind", "system", "value"), pl.String())
_NOBODY = pl.lit(None, pl.Int64)
_VALUES_SCHEMA = {"uid": pl.String(), "field": pl.String(), "record_id": pl.Int64(), "rule": pl.String()}


@dataclass(frozen=True, slots=True)
class Golden:
    """`records`: one row per uid with GOLDEN_FIELDS, name_search and name_pinyin, ordered by uid.

    `values`: what chose each value that is known: uid, field, record_id, rule; the record is null where no record
    says it.
    """

    records: pl.DataFrame
    values: pl.DataFrame


def golden_records(
    records: pl.DataFrame, rules: IdentityRules = PLAIN_RULES, corrected: pl.DataFrame | None = None
) -> Golden:
    """The golden record of every customer, independent of the order of `records` and of their ids.

    `records` has the columns of `normalised`, exported_at and uid. `corrected` is what people say instead, as
    CORRECTED_SCHEMA with the names that `anchors` gives, the oldest first; of two for a field the later counts.
    A customer nobody named goes by its source key; a kind nobody gave is guessed from the name.
    """
    # What is longer is no tax code but a remark in its place; its record keeps it.
    is_code = pl.col("tax_code").str.len_chars() <= LONGEST_TAX_CODE
    ordered = in_common_order(records.with_columns(tax_code=pl.when(is_code).then(pl.col("tax_code"))))
    uids = ordered["uid"].unique().sort()
    ordered = ordered.join(uids.to_frame().with_row_index("place"), on="uid", maintain_order="left")
    said = _corrected(ordered, corrected)
    fields, chosen = {}, [pl.DataFrame(schema=_VALUES_SCHEMA)]
    for field in GOLDEN_FIELDS:
        fields[field] = pl.Series(field, [None], dtype=ordered.schema[field]).new_from_index(0, len(uids))
        if said.is_empty() and ordered[field].null_count() == len(ordered):
            continue
        found = _with_corrections(surviving(ordered, field, rules.survivorship(field)), said, field)
        fields[field].scatter(found["place"], found["value"])
        chosen.append(found.select(_VALUES_SCHEMA.keys()))
    for field, rule in (("name", STAND_IN), ("kind", GUESSED)):
        unsaid = uids.filter(fields[field].is_null())
        chosen.append(unsaid.to_frame().select("uid", field=pl.lit(field), record_id=_NOBODY, rule=pl.lit(rule)))
    return Golden(_named(pl.DataFrame({"uid": uids, **fields}), ordered), pl.concat(chosen))


def _corrected(ordered: pl.DataFrame, corrected: pl.DataFrame | None) -> pl.DataFrame:
    """Columns place, uid, field, value: the corrections that count for the customers at hand."""
    if corrected is None or corrected.is_empty():
        return ordered.clear().select("place", "uid", field="uid", value="uid")
    owners = ordered.select("place", "uid", anchor=anchors())
    found = corrected.with_row_index("age").join(owners, on="anchor").sort("age")
    return found.unique(["uid", "field"], keep="last", maintain_order=True).select("place", "uid", "field", "value")


def _with_corrections(found: pl.DataFrame, corrected: pl.DataFrame, field: str) -> pl.DataFrame:
    if corrected.is_empty():
        return found
    own = corrected.filter(pl.col("field") == field)
    value = pl.col("value") == "true" if found.schema["value"] == pl.Boolean() else pl.col("value")
    said = own.select("place", "uid", "field", value=value, record_id=_NOBODY, rule=pl.lit(CORRECTION))
    return pl.concat([found.join(said, on="uid", how="anti"), said])


def _named(wide: pl.DataFrame, ordered: pl.DataFrame) -> pl.DataFrame:
    """With a name and a kind for everybody, and the forms of the name that are searched for."""
    named = wide if wide["name"].null_count() == 0 else _with_stand_ins(wide, ordered)
    guess = pl.when(looks_personal("name")).then(pl.lit("person")).otherwise(pl.lit("company"))
    searched = search_text(named["name"])
    kinds = named.with_columns(kind=pl.coalesce("kind", guess), name_search=searched, name_pinyin=pinyin_text(searched))
    return kinds.select("uid", *GOLDEN_FIELDS, "name_search", "name_pinyin")


def _with_stand_ins(wide: pl.DataFrame, ordered: pl.DataFrame) -> pl.DataFrame:
    own = pl.when(pl.col("origin") == "file").then(pl.col("key"))
    keys = ordered.select("uid", fallback=pl.coalesce("reference_key", own)).drop_nulls()
    first = keys.unique("uid", keep="first", maintain_order=True)
    joined = wide.join(first, on="uid", how="left", maintain_order="left")
    return joined.with_columns(name=pl.coalesce("name", "fallback", "phone", "email", "tax_code", "uid"))


def corrected_identifiers(golden: Golden, phone_region: str) -> pl.DataFrame:
    """Columns uid, kind, system, value: phones, mail addresses and tax codes that people corrected."""
    forms: dict[str, Callable[[pl.Series], pl.Series]] = {
        "phone": lambda texts: phone_keys(texts, phone_region),
        "email": email_keys,
        "tax_code": tax_code_keys,
    }
    said = golden.values.filter(pl.col("rule") == CORRECTION)
    found = [pl.DataFrame(schema=_IDENTIFIERS_SCHEMA)]
    if said.is_empty():
        return found[0]
    for kind, form in forms.items():
        own = said.filter(pl.col("field") == kind).select("uid").join(golden.records, on="uid")
        if not own.is_empty():
            found.append(own.select("uid", kind=pl.lit(kind), system=pl.lit(None, pl.String), value=form(own[kind])))
    return pl.concat(found).drop_nulls("value")


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
        if any(records[name].null_count() < max(len(records), 1) for name in value.meta.root_names())
    ]
    return pl.concat(frames).drop_nulls("value").unique().sort("uid", "kind", "system", "value")


def other_names(records: pl.DataFrame, golden: Golden) -> pl.DataFrame:
    """Columns uid, kind, system, value: names, in their comparable form, that records spell otherwise than shown.

    What a department calls a customer is what that department looks for, also after a person corrected the name.
    """
    own = golden.records.select("uid", shown="name")
    named = records.select("uid", "name", "name_key").drop_nulls().unique().join(own, on="uid")
    others = named.filter(pl.col("name") != pl.col("shown"))
    rows = others.select("uid", kind=pl.lit("name_key"), system=pl.lit(None, pl.String), value="name_key")
    return rows.unique()
