"""A condition's tree turned into column expressions: what matches, and where the interpreter would raise."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import polars as pl

from kehu.model.feature_types import FeatureType, Schema
from kehu.model.problems import Place, Problem
from kehu.rules.columns import Column, Engine, lit, made, when
from kehu.rules.faults import refusals_of
from kehu.rules.interpreter import engine_context
from kehu.rules.nodes import Visitor
from kehu.rules.numbers import NUMERIC, as_float
from kehu.rules.polars_engine import POLARS
from kehu.rules.trees import Parsed, parse
from kehu.rules.values import INT64_MOST, Refused, Value, either, known

PlaceAt = Callable[[int], Place]


@dataclass(frozen=True, slots=True)
class Compiled:
    """A condition: `match` and `error` are boolean columns without null; a row in error does not match.

    Both are expressions of the engine it was compiled for, Polars' own unless another was asked for.

    `can_fail` is false where no row can be in error; `asks_time` says that `$now` or `$today` stands in it.
    `root` is the tree for the interpreter.
    """

    match: pl.Expr
    error: pl.Expr
    features: frozenset[str]
    can_fail: bool
    asks_time: bool
    root: Any
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class CompiledValue:
    """A formula: `value` is null where `error` is true; a decimal is scaled as `type` says."""

    value: pl.Expr
    error: pl.Expr
    type: FeatureType
    features: frozenset[str]
    root: Any
    warnings: tuple[Problem, ...] = ()


def compile_condition(
    text: str, schema: Schema, as_of: datetime | None, place_at: PlaceAt, engine: Engine = POLARS
) -> Compiled | list[Problem]:
    """The condition over columns named by feature, or every problem found.

    `$now` and `$today` are `as_of` and refused when it is None; `place_at` tells an offset's place in its file.
    What the engine cannot compute is a problem too.
    """
    result = _compile(text, schema, as_of, place_at, _condition)
    if isinstance(result, list):
        return result
    value, visitor, root = result
    error = lit(value=False) if value.error is None else value.error.fill_null(value=True)
    match = value.expr if value.error is None else value.expr.fill_null(value=False) & ~error
    try:
        columns = (made(match, engine), made(error, engine))
    except Refused as refusal:
        return [Problem(place_at(0), refusal.check, refusal.message, refusal.remedy)]
    return Compiled(
        *columns,
        frozenset(visitor.features),
        can_fail=value.error is not None,
        asks_time=visitor.asks_time,
        root=root,
        warnings=_placed(visitor, place_at, "warning"),
    )


def compile_value(
    text: str, schema: Schema, as_of: datetime | None, place_at: PlaceAt, engine: Engine = POLARS
) -> CompiledValue | list[Problem]:
    """A formula's column and its type, or every problem found. A quotient becomes a float.

    The float is the nearest one where both sides of the quotient have at most 15 digits, else one near it.
    """
    result = _compile(text, schema, as_of, place_at, _formula)
    if isinstance(result, list):
        return result
    value, visitor, root = result
    # Only float arithmetic, always warned of, can leave the range of doubles; the interpreter's decimals cannot.
    rounded = value.kind == "float" and any(caution.check == "approximate" for caution in visitor.cautions)
    failed = either(value.error, ~value.expr.is_finite() if rounded else None)
    error = lit(value=False) if failed is None else failed.fill_null(value=value.null is None)
    unknown = either(value.null, None if failed is None else error)
    expr: Column = value.expr.cast(pl.Datetime("us", "UTC")) if value.kind == "instant" else value.expr
    try:
        columns = (
            made(expr if unknown is None else when(unknown).then(None).otherwise(expr), engine),
            made(error, engine),
        )
    except Refused as refusal:
        return [Problem(place_at(0), refusal.check, refusal.message, refusal.remedy)]
    return CompiledValue(
        *columns,
        _feature_type(value, nullable=unknown is not None),
        frozenset(visitor.features),
        root,
        _placed(visitor, place_at, "warning"),
    )


def _compile(
    text: str, schema: Schema, as_of: datetime | None, place_at: PlaceAt, shape: Callable[[Value], Value]
) -> tuple[Value, Visitor, Any] | list[Problem]:
    parsed = parse(text, engine_context(schema, as_of))
    visitor = Visitor(text, schema, as_of)
    value = visitor.compiled(parsed.root, shape) if parsed.root is not None else None
    problems = [*_fault_problems(parsed, text, schema, place_at), *_placed(visitor, place_at, "error")]
    if problems or value is None:
        return sorted(set(problems), key=lambda problem: problem.place)
    return value, visitor, parsed.root


def _fault_problems(parsed: Parsed, text: str, schema: Schema, place_at: PlaceAt) -> list[Problem]:
    refusals = [refusal for fault in parsed.faults for refusal in refusals_of(fault, text, schema)]
    return [
        Problem(place_at(refusal.span.start if refusal.span else 0), refusal.check, refusal.message, refusal.remedy)
        for refusal in refusals
    ]


def _placed(visitor: Visitor, place_at: PlaceAt, severity: str) -> tuple[Problem, ...]:
    found = visitor.refusals if severity == "error" else visitor.cautions
    problems = (
        Problem(
            place_at(each.span.start if each.span else 0),
            each.check,
            each.message,
            each.remedy,
            "error" if severity == "error" else "warning",
        )
        for each in found
    )
    return tuple(dict.fromkeys(problems))


def _condition(value: Value) -> Value:
    value = known(value, "the condition")
    if value.kind != "boolean":
        examples = {**dict.fromkeys(NUMERIC, f"{value.text} > 0"), "list": f"{value.text}.length > 0"}
        remedy = f"compare it, for example {examples[value.kind]}" if value.kind in examples else "compare it"
        raise Refused("condition-not-boolean", f"the condition must be true or false, but {value.noun}", remedy)
    return value


def _formula(value: Value) -> Value:
    if value.kind == "quotient":
        return replace(as_float(value), approximate=False)
    if value.kind == "number" and value.bound > INT64_MOST:
        digits = len(str(value.bound))
        raise Refused("too-many-digits", f"the result may have {digits} digits, more than a feature holds (18)", "")
    if value.kind == "number":
        return replace(value, expr=value.expr.cast(pl.Int64()))
    if value.kind in {"duration", "null", "list", "function"}:
        raise Refused("formula-type", f"a formula cannot give this: {value.noun}", "a duration has .days")
    return value


def _feature_type(value: Value, *, nullable: bool) -> FeatureType:
    match value.kind:
        case "number":
            digits = len(str(value.bound))
            return FeatureType("decimal" if value.scale else "integer", nullable, value.scale, digits)
        case "float":
            return FeatureType("float", nullable)
        case "boolean":
            return FeatureType("boolean", nullable)
        case "instant":
            return FeatureType("instant", nullable)
    return FeatureType("string", nullable, words=value.words)
