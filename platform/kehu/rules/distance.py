"""How far customers are from the next better level of a tier: what lacks of each clause they do not meet."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import reduce
from typing import Any

import polars as pl

from kehu.model.feature_types import FeatureType, Schema
from kehu.model.problems import Place, RefusedError
from kehu.rules.book import Level, RuleSet
from kehu.rules.comparands import EQUAL, NUMBERS, Comparand, comparand_of, number_of, target_of
from kehu.rules.compiler import Compiled, compile_condition, compile_value
from kehu.rules.engine import ast
from kehu.rules.interpreter import Interpreter, engine_context
from kehu.rules.points import score_of
from kehu.rules.shown import MOST_DIGITS, json_text
from kehu.rules.trees import ENGINE_ERRORS, Span, parse, symbols_of
from kehu.rules.truths import OPERATORS, chain_of, negated_part, text_of

_NULL = "null"
_FAR = Decimal(10) ** 30
_FLOAT_DIGITS = 10


def distances(ruleset: RuleSet, schema: Schema, as_of: datetime) -> Mapping[str, pl.Expr]:
    """By level of a tier that has a better one, JSON `{"level", "missing": [{"feature", "is", "wants", "lacks"}]}`.

    An expression over features, never null. `level` is the next better one. `missing` are the clauses of its condition
    that are not met, all to be met; where any one of several would do, those of the alternative with the fewest unmet
    clauses, then the least share missing, then as written. Nothing misses who is kept out of that level by hand.

    `is` is the feature's value, null when unknown; `lacks` the positive amount up to the nearest value of its own steps
    that meets what it `wants`, null where there is no such amount. Decimals are exact texts; of a float ten decimals
    are told, and it may have to be beyond. A clause that compares no feature with a constant has no feature, and
    `wants` is the clause as written.

    Raises RefusedError for a condition that was not checked.
    """
    if ruleset.kind != "tier":
        return {}
    pairs = zip(ruleset.levels, ruleset.levels[1:], strict=False)
    return {level.code: distance_to(better, schema, as_of) for better, level in pairs}


def distance_to(level: Level, schema: Schema, as_of: datetime) -> pl.Expr:
    """The same of one level that has a condition. Raises RefusedError for one that was not checked."""
    return _object(level=_text(level.code), missing=_missing(level, schema, as_of))


def _missing(level: Level, schema: Schema, as_of: datetime) -> pl.Expr:
    """JSON, for the variant of the condition that counts for the customer."""
    *special, written = (level.written,) if not level.variants else level.variants
    lack = _Clauses(written.when, schema, as_of).lack()
    for each in reversed(special):
        whom = _Clauses(each.whom, schema, as_of)
        own = _Clauses(each.when, schema, as_of).lack()
        counts = whom.compiled(each.whom)
        lack = lack.unless(counts.match, own).unless(counts.error, whom.plainly(each.whom, pl.lit(value=False)))
    return pl.concat_str(pl.lit("["), lack.items.fill_null(""), pl.lit("]"))


@dataclass(frozen=True, slots=True)
class _Lack:
    """Per customer how many clauses are unmet, the sum of the shares they miss, and their JSON, null without any."""

    clauses: pl.Expr
    share: pl.Expr
    items: pl.Expr

    def unless(self, other_counts: pl.Expr, other: "_Lack") -> "_Lack":
        """This one, but the other's where it counts."""
        pairs = ((self.clauses, other.clauses), (self.share, other.share), (self.items, other.items))
        return _Lack(*(pl.when(other_counts).then(second).otherwise(first) for first, second in pairs))

    def both(self, other: "_Lack") -> "_Lack":
        """All clauses of this one, then of the other."""
        items = pl.concat_str(self.items, other.items, separator=",", ignore_nulls=True)
        clauses = self.clauses + other.clauses
        return _Lack(clauses, self.share + other.share, pl.when(clauses > 0).then(items))

    def nearer(self, other: "_Lack") -> "_Lack":
        """The other only where it is nearer."""
        fewer, same = other.clauses < self.clauses, other.clauses == self.clauses
        return self.unless(fewer | (same & (other.share < self.share)), other)


@dataclass(frozen=True, slots=True)
class _Clauses:
    """Looks for what lacks in one checked condition."""

    text: str
    schema: Schema
    as_of: datetime

    def lack(self) -> _Lack:
        return self.lacking(parse(self.text, engine_context(self.schema, self.as_of)).root, wanted=True)

    def lacking(self, node: Any, *, wanted: bool) -> _Lack:
        """What must change so that the node becomes `wanted`."""
        if isinstance(node, ast.LogicExpression):
            sides = [self.lacking(side, wanted=wanted) for side in chain_of(node)]
            return reduce(_Lack.both if (node.type == "and") is wanted else _Lack.nearer, sides)
        denied = negated_part(node)
        if denied is not None:
            return self.lacking(denied, wanted=not wanted)
        written = text_of(node, self.text)
        compiled = self.compiled(self.exactly(node))
        met = compiled.match if wanted else ~(compiled.match | compiled.error)
        found = comparand_of(node, self.schema, wanted=wanted)
        if found is not None and not symbols_of(found.bound):
            return self._compared(found, met)
        if isinstance(node, ast.SymbolExpression) and self.schema[node.name].kind == "boolean":
            return self._valued(str(node.name), f"== {json.dumps(wanted)}", met)
        score = score_of(node)
        if score is not None and wanted:
            said = f"score {OPERATORS[score.operator]} {_plain(score.bound)}"
            return self._scored(self.exactly(node.left), said, (score.operator, score.bound), met)
        return self.plainly(written if wanted else f"not ({written})", met)

    def exactly(self, node: Any) -> str:
        """The node's text with its lines, which may end in comments."""
        span = getattr(node, "span", Span(0, len(self.text)))
        return self.text[span.start : span.end]

    def compiled(self, condition: str) -> Compiled:
        compiled = compile_condition(condition, self.schema, self.as_of, _unplaced)
        if isinstance(compiled, list):
            # A number or a text may stand for true, but only as a part of a condition.
            compiled = compile_condition(f"({condition}\n) and true", self.schema, self.as_of, _unplaced)
        if isinstance(compiled, list):
            raise RefusedError(compiled)
        return compiled

    def plainly(self, written: str, met: pl.Expr) -> _Lack:
        """A clause of which no more can be said."""
        return _lack(met, pl.lit(1.0), _item(_NULL, pl.lit(_NULL), written))

    def _valued(self, name: str, wants: str, met: pl.Expr) -> _Lack:
        """A clause about the feature, without a number."""
        return _lack(met, pl.lit(1.0), _item(json.dumps(name), json_text(pl.col(name), self.schema[name]), wants))

    def _compared(self, found: Comparand, met: pl.Expr) -> _Lack:
        try:
            limit = number_of(Interpreter(found.bound).value({}))
        except ENGINE_ERRORS:
            limit = None
        kind = self.schema[found.feature]
        if limit is None or kind.kind not in NUMBERS:
            wants = f"{OPERATORS[found.operator]} {text_of(found.bound, self.text)}"
            return self._valued(found.feature, wants, met)
        wants = f"{OPERATORS[found.operator]} {_plain(limit)}"
        return _numbered(json.dumps(found.feature), pl.col(found.feature), kind, (found.operator, limit), wants, met)

    def _scored(self, points: str, wants: str, bound: tuple[str, Decimal], met: pl.Expr) -> _Lack:
        total = compile_value(points, self.schema, self.as_of, _unplaced)
        if isinstance(total, list):
            raise RefusedError(total)
        return _numbered(_NULL, total.value, total.type, bound, wants, met)


def _numbered(
    name: str, value: pl.Expr, kind: FeatureType, bound: tuple[str, Decimal], wants: str, met: pl.Expr
) -> _Lack:
    """A clause about a number, with the amount that lacks and the share of it: of the greater of have and target."""
    operator, limit = bound
    target = target_of(operator, limit, kind)
    step = target.scaleb(kind.scale)
    have = json_text(value, kind)
    if operator == "ne" or (kind.kind != "float" and step != step.to_integral_value()) or abs(step) >= _FAR:
        return _lack(met, pl.lit(1.0), _item(name, have, wants))
    stored = value if kind.kind == "float" else value.cast(pl.Decimal(MOST_DIGITS, 0))
    aim = pl.lit(float(target)) if kind.kind == "float" else pl.lit(int(step), dtype=pl.Decimal(MOST_DIGITS, 0))
    gap = (
        (aim - stored if operator in {"ge", "gt"} else stored - aim) if operator not in EQUAL else (aim - stored).abs()
    )
    lacks = json_text(gap.round(_FLOAT_DIGITS) if kind.kind == "float" else gap, kind)
    near = value.cast(pl.Float64)
    reach = pl.max_horizontal(near.abs(), abs(float(step if kind.kind != "float" else target)))
    share = pl.when(reach > 0).then(gap.cast(pl.Float64) / reach).otherwise(0.0).fill_null(1.0)
    return _lack(met, share, _item(name, have, wants, lacks))


def _lack(met: pl.Expr, share: pl.Expr, item: pl.Expr) -> _Lack:
    zero = pl.lit(0.0)
    return _Lack((~met).cast(pl.UInt32), pl.when(met).then(zero).otherwise(share), pl.when(~met).then(item))


def _item(name: str, have: pl.Expr, wants: str, lacks: pl.Expr | None = None) -> pl.Expr:
    missing = pl.lit(_NULL) if lacks is None else lacks
    return _object(feature=pl.lit(name), **{"is": have}, wants=_text(wants), lacks=missing)


def _object(**members: pl.Expr) -> pl.Expr:
    """JSON of JSON texts, none of them null."""
    parts: list[pl.Expr] = []
    for place, (name, value) in enumerate(members.items()):
        parts += [pl.lit(f'{"," if place else "{"}"{name}":'), value]
    return pl.concat_str(*parts, pl.lit("}"))


def _text(value: str) -> pl.Expr:
    return pl.lit(json.dumps(value, ensure_ascii=False))


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


def _unplaced(offset: int) -> Place:
    return Place("condition", 1, offset + 1)
