"""Keys: what two records must share to be one customer's."""

from collections.abc import Iterator

import polars as pl

from kehu.identity.likeness import likeness, with_name_parts, with_slips
from kehu.identity.rules import Identifier, IdentityRules, KeyRule

_SOURCE = pl.lit(0, pl.Int32)
_BETWEEN = "\x1f"
# An identifier's columns among those of `normalised`.
COLUMNS: dict[Identifier, tuple[str, ...]] = {
    "tax_code": ("tax_code_key",),
    "phone": ("phone_key", "phone_2_key"),
    "email": ("email_key",),
    "address": ("address_key",),
}
# Names at one value are compared in pairs; of a value with more, only equal names count.
_MOST_COMPARED = 60


def identity_keys(records: pl.DataFrame, rules: IdentityRules) -> pl.DataFrame:
    """The keys of the records: columns id, rule, key; several rows a record.

    Source keys come first, under the rule 'source'; the rules of the file follow in its order. `rule` is a number, the
    stronger the less. Equal keys make one customer, as far as no limit stands against it.
    """
    # Where nobody names another's key, everybody would bear his own alone.
    names_others = any(records[f"{kind}_key"].null_count() < len(records) for kind in ("reference", "same_as"))
    parts = [source_keys(records if names_others else records.clear())]
    values = {
        identifier: identifier_values(records, identifier, rules)
        for identifier in {rule.identifier for rule in rules.keys}
    }
    for number, rule in enumerate(rules.keys, start=1):
        if values[rule.identifier].is_empty():
            continue
        parts += [
            part.with_columns(rule=pl.lit(number, pl.Int32)) for part in _keys_of(rule, values[rule.identifier], rules)
        ]
    return pl.concat([part.select("id", "rule", "key") for part in parts])


def source_keys(records: pl.DataFrame) -> pl.DataFrame:
    """Columns id, rule, key: the departments' keys that each record names, its own one included."""
    own = pl.when(pl.col("origin") == "file").then(_join("source", pl.col("system"), pl.col("key")))
    named = [kind for kind in ("reference", "same_as") if records[f"{kind}_key"].null_count() < len(records)]
    others = [_join("source", pl.col(f"{kind}_system"), pl.col(f"{kind}_key")) for kind in named]
    return pl.concat([records.select("id", rule=_SOURCE, key=key) for key in (own, *others)]).drop_nulls("key")


def identifier_values(records: pl.DataFrame, identifier: Identifier, rules: IdentityRules) -> pl.DataFrame:
    """Columns id, name, name_key, address_key, value: the identifier's values that name somebody."""
    said = rules.of(identifier)
    columns = ("id", "name", "name_key", "address_key")
    known = [name for name in COLUMNS[identifier] if records[name].null_count() < len(records)]
    if not known:
        return records.clear().select(*columns, value=COLUMNS[identifier][0])
    every = pl.concat([records.select(*columns, value=name) for name in known]).drop_nulls("value")
    if said.blocked:
        every = every.filter(~pl.col("value").is_in(sorted(said.blocked)))
    # Fewer bearers than that have fewer names too.
    if said.names is None or len(every) <= said.names:
        return every
    # Only a value with more rows than that can have more names; a digest that two values share does no harm here.
    mark = every.select(mark=pl.col("value").hash())
    frequent = every.filter(mark.select(pl.len().over("mark") > said.names).to_series())
    if frequent.is_empty():
        return every
    bearers = frequent.select("value", "name_key").unique().drop_nulls().group_by("value").len()
    shared = bearers.filter(pl.col("len") > said.names)
    return every.join(shared, on="value", how="anti", maintain_order="left")


def _keys_of(rule: KeyRule, values: pl.DataFrame, rules: IdentityRules) -> Iterator[pl.DataFrame]:
    if rule.name == "any":
        yield values.select("id", key=_join(rule.code, pl.col("value")))
    elif rule.name == "same":
        yield values.drop_nulls("name_key").select("id", key=_join(rule.code, pl.col("value"), pl.col("name_key")))
    else:
        yield from _like_keys(rule, values.drop_nulls("name_key"), rules)


def _like_keys(rule: KeyRule, values: pl.DataFrame, rules: IdentityRules) -> Iterator[pl.DataFrame]:
    """A key for every two of a value's names that are alike, borne by the records of both.

    Equal names are alike; where another rule joins these already, nothing is said of them twice.
    """
    traits = [f"{trait}_key" for trait in rule.unless_other]
    if values.is_empty() or (_said_of_equal(rule, rules) and (values["name_key"] == values["name_key"][0]).all()):
        return
    described = ["value", "name", "name_key", *traits]
    bearers = _of_several_names(values) if _said_of_equal(rule, rules) else values
    if bearers.is_empty():
        return
    sides = bearers.select(described).unique().sort(described, nulls_last=True).with_row_index("side")
    numbered = bearers.select("id", *described).join(sides, on=described, nulls_equal=True)
    if not _said_of_equal(rule, rules):
        own = _join(rule.code, pl.col("value"), pl.col("name_key"), *(pl.col(trait).fill_null("") for trait in traits))
        yield numbered.select("id", key=own)
    compared = sides.filter(pl.len().over("value").is_between(2, _MOST_COMPARED))
    if compared.is_empty():
        return
    pairs = with_slips(_pairs(with_name_parts(compared, rules.generic_words)), "", "other_")
    differ = [pl.col(trait).ne(pl.col(f"other_{trait}")).fill_null(value=False) for trait in traits]
    fits = (likeness("", "other_") >= rule.likeness) & ~pl.any_horizontal(pl.lit(value=False), *differ)
    known = [pl.col(f"{side}{trait}").fill_null("") for trait in ("name_key", *traits) for side in ("", "other_")]
    alike = pairs.filter(fits).with_columns(key=_join(rule.code, pl.col("value"), *known))
    links = pl.concat([alike.select("side", "key"), alike.select("key", side="other_side").select("side", "key")])
    yield numbered.join(links.unique(), on="side").select("id", "key")


def _of_several_names(values: pl.DataFrame) -> pl.DataFrame:
    """The rows of values that stand under more than one name."""
    # By the least and the greatest digest: to count each value's names takes several times as long. Two values of one
    # digest are told apart when their names are compared.
    marks = values.select(mark=pl.col("value").hash(), name=pl.col("name_key").hash())
    ends = marks.group_by("mark").agg(least=pl.col("name").min(), greatest=pl.col("name").max())
    several = ends.filter(pl.col("least") != pl.col("greatest"))["mark"]
    return values.filter(marks["mark"].is_in(several.implode()))


def _said_of_equal(rule: KeyRule, rules: IdentityRules) -> bool:
    others = [each for each in rules.keys if each.identifier == rule.identifier and not each.unless_other]
    return any(each.name in {"any", "same"} for each in others)


def _pairs(sides: pl.DataFrame) -> pl.DataFrame:
    others = sides.select("value", pl.exclude("value").name.prefix("other_"))
    return sides.join(others, on="value").filter(pl.col("side") < pl.col("other_side"))


def _join(kind: str, *parts: pl.Expr) -> pl.Expr:
    return pl.concat_str(pl.lit(kind), *parts, separator=_BETWEEN)
