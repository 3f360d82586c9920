"""Why a customer is in a level or a warning fires: the condition and the values that decided."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

import polars as pl

from kehu.model.feature_types import Schema
from kehu.rules.book import RuleBook, WarningRule
from kehu.rules.conditions import PLACEHOLDER
from kehu.rules.examples import UNDATED
from kehu.rules.interpreter import engine_context
from kehu.rules.places import places_of
from kehu.rules.rolls import Key
from kehu.rules.shown import shown
from kehu.rules.trees import parse, symbols_of

OTHERWISE = "otherwise"
# Names that no feature can have.
_ROW, _PLACE = "row number", "place in features"


@dataclass(frozen=True, slots=True)
class Reason:
    """Expressions over features: `json`, and of a warning `text`."""

    json: pl.Expr
    text: pl.Expr = field(default_factory=lambda: pl.lit(None, dtype=pl.String))

    def of(self, features: pl.DataFrame, places: pl.Series) -> pl.DataFrame:
        """Columns reasons and reason of the features' rows at those places."""
        # Taking only what this rule names, by place, is a tenth of joining all features.
        used = sorted({*self.json.meta.root_names(), *self.text.meta.root_names()})
        values = pl.DataFrame([features[each].gather(places) for each in used] or {_PLACE: places})
        return values.with_columns(reasons=self.json, reason=self.text).select("reasons", "reason")


def membership_reasons(book: RuleBook, features: pl.DataFrame, memberships: pl.DataFrame) -> pl.Series:
    """A JSON text per membership, in its order: `when` and the `features` it used.

    Decimals are exact decimal texts, instants ISO in UTC, unknown is null. A level that took the rest has
    `otherwise` and the features of all conditions before it. `next`, where it stands, has what else the condition of
    the better level of a tier names, so that readers can tell how far it is.
    """
    return _explained(features, memberships, "level", level_reasons(book))["reasons"]


def warning_reasons(book: RuleBook, features: pl.DataFrame, warnings: pl.DataFrame) -> pl.DataFrame:
    """`reason`, the filled text, and `reasons`, JSON as for memberships, per warning in its order."""
    return _explained(features, warnings, "warning", firing_reasons(book)).select("reason", "reasons")


def level_reasons(book: RuleBook) -> dict[Key, Reason]:
    """What `membership_reasons` says, by rule set and level."""
    reasons: dict[Key, Reason] = {}
    for ruleset in book.rulesets:
        asked: set[str] = set()
        better: set[str] = set()
        for level in ruleset.levels:
            own = set() if level.when is None else features_in(level.when, book.schema)
            asked |= own
            used = asked if level.when is None else own
            told = OTHERWISE if level.when is None else level.told
            reasons[ruleset.code, level.code] = Reason(_json(told, used, book.schema, better - used))
            better = own if ruleset.kind == "tier" else better
    return reasons


def firing_reasons(book: RuleBook) -> dict[Key, Reason]:
    """What `warning_reasons` says, by rule set and warning."""
    return {
        (item.code, rule.code): Reason(
            _json(rule.told, _warning_features(rule, book.schema), book.schema), _filled(rule.reason, book.schema)
        )
        for item in book.rulesets
        for rule in item.warnings
    }


def features_in(condition: str, schema: Schema) -> set[str]:
    """The features a checked condition names."""
    parsed = parse(condition, engine_context(schema, UNDATED))
    return symbols_of(parsed.root) & set(schema)


def _warning_features(rule: WarningRule, schema: Schema) -> set[str]:
    return features_in(rule.when, schema) | {found[1] for found in PLACEHOLDER.finditer(rule.reason)}


def _explained(features: pl.DataFrame, rows: pl.DataFrame, code: str, reasons: Mapping[Key, Reason]) -> pl.DataFrame:
    """The rows' reasons, computed rule by rule over the customers it concerns, back in the rows' order."""
    parts = [pl.DataFrame(schema={_ROW: pl.UInt32(), "reasons": pl.String(), "reason": pl.String()})]
    numbered = rows.select("ruleset", code, _places(features, rows["customer"])).with_row_index(_ROW)
    for (ruleset, name), group in numbered.group_by("ruleset", code):
        told = reasons[str(ruleset), str(name)].of(features, group[_PLACE])
        parts.append(group.select(_ROW).hstack(told))
    return pl.concat(parts).sort(_ROW)


def _places(features: pl.DataFrame, customers: pl.Series) -> pl.Series:
    """Which row of the features is about each; raises KeyError when none is."""
    places, there = places_of(customers, features["customer"])
    if not there.all():
        raise KeyError(f"customer {customers.filter(~there)[0]} has no features")
    return pl.Series(_PLACE, places)


def _json(when: str, names: Iterable[str], schema: Schema, beyond: Collection[str] = ()) -> pl.Expr:
    members = [pl.lit(when.strip()).alias("when"), _values(names, schema).alias("features")]
    if beyond:
        members.append(_values(beyond, schema).alias("next"))
    return pl.struct(members).struct.json_encode()


def _values(names: Iterable[str], schema: Schema) -> pl.Expr:
    used = [shown(pl.col(name), schema[name]).alias(name) for name in sorted(names)]
    return pl.struct(used) if used else pl.lit(None)


def _filled(reason: str, schema: Schema) -> pl.Expr:
    """The text with each {feature} replaced by its value; unknown values read 'unknown'."""
    parts: list[pl.Expr] = []
    done = 0
    for found in PLACEHOLDER.finditer(reason):
        told = shown(pl.col(found[1]), schema[found[1]])
        if schema[found[1]].kind == "float":
            told = told.round(2)
        if schema[found[1]].kind in {"strings", "integers"}:
            told = told.cast(pl.List(pl.String)).list.join(", ")
        parts += [pl.lit(reason[done : found.start()]), told.cast(pl.String).fill_null("unknown")]
        done = found.end()
    return pl.concat_str(*parts, pl.lit(reason[done:].rstrip()))
