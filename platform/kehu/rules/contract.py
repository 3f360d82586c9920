"""Whether feature columns hold what their schema promises; compiled rules are exact only then."""

from collections.abc import Iterable
from functools import reduce
from operator import or_

import polars as pl

from kehu.model.feature_types import POLARS_TYPES, FeatureType, Schema
from kehu.model.problems import Place, Problem, refuse_errors


def check_features(features: pl.DataFrame, names: Iterable[str], schema: Schema) -> None:
    """Raise RefusedError naming each of the features that is absent, of the wrong type or has values outside."""
    wanted = sorted(names)
    problems = [problem for name in wanted for problem in _column_problems(name, features, schema[name])]
    refuse_errors(problems)
    broken = {name: broken for name in wanted if (broken := _outside(name, schema[name])) is not None}
    if not broken:
        return
    counts = features.select(**{name: outside.sum() for name, outside in broken.items()}).row(0, named=True)
    refuse_errors(
        Problem(Place(name), "feature-contract", f"{count} customers have {_promise(schema[name])}", "mend the feature")
        for name, count in counts.items()
        if count
    )


def _column_problems(name: str, features: pl.DataFrame, kind: FeatureType) -> list[Problem]:
    if name not in features.columns:
        return [Problem(Place(name), "feature-contract", f"feature '{name}' is not computed", "compute it")]
    wanted, found = POLARS_TYPES[kind.kind], features.schema[name]
    if wanted == found:
        return []
    return [Problem(Place(name), "feature-contract", f"feature '{name}' is {found}, not {wanted}", "mend the feature")]


def _outside(name: str, kind: FeatureType) -> pl.Expr | None:
    """Where the column breaks its promise; None when it promises nothing."""
    column = pl.col(name)
    tests = [] if kind.nullable else [column.is_null()]
    match kind.kind:
        case "integer" | "decimal":
            most = 10**kind.digits - 1
            tests.append(((column > most) | (column < -most)).fill_null(value=False))
        case "float":
            tests.append((~column.is_finite()).fill_null(value=False))
        case "string" if kind.words:
            tests.append((~column.is_in(kind.words)).fill_null(value=False))
        case "strings" | "integers":
            tests.append(column.list.eval(_strange(pl.element(), kind)).list.any().fill_null(value=False))
    return reduce(or_, tests) if tests else None


def _strange(item: pl.Expr, kind: FeatureType) -> pl.Expr:
    """Where an item of a list breaks its promise; it always promises to be known."""
    unknown = item.is_null()
    if kind.kind == "strings":
        return unknown | ~item.is_in(kind.words) if kind.words else unknown
    most: int = 10**kind.digits - 1
    return unknown | (item > most) | (item < -most)


def _promise(kind: FeatureType) -> str:
    limits = {
        "integer": f"more than {kind.digits} digits",
        "decimal": f"more than {kind.digits} digits",
        "float": "no finite number",
        "string": "no declared word",
        "strings": f"an item that is unknown{' or no declared word' if kind.words else ''}",
        "integers": f"an item that is unknown or has more than {kind.digits} digits",
    }
    broken = [limits[kind.kind]] if kind.kind in limits and (kind.kind != "string" or kind.words) else []
    return " or ".join(([] if kind.nullable else ["no value"]) + broken)
