"""Every feature of random histories by Spark: value for value, type for type, as Polars computes it."""

import json
from pathlib import Path

import polars as pl
import pytest
from tests.spark.histories import AS_OF, histories

from kehu.features.catalogue import Catalogue, compile_catalogue, read_catalogue
from kehu.features.compute import compute
from kehu.features.declaration import OPERATIONS
from kehu.features.results import wanted
from kehu.features.streams import STREAMS
from kehu.model.problems import RefusedError
from kehu.spark.counting import counted_query
from kehu.spark.derived import DERIVED_SQL
from kehu.spark.expressions import SPARK
from kehu.spark.features import Features, attribute_column
from kehu.spark.laying import Shared
from kehu.spark.sessions import Spark
from kehu.workspace.workspace import shipped_texts

_SAID = {"unit": "u", "label": {"en": "e", "zh": "中"}, "meaning": "m"}
_ALONE = {"count", "share", "days_since"}
_WHERE = {"shipments": 'status != "cancelled"', "complaints": "severity == null", "visits": 'channel != "phone"'}

_SHARE = {
    "shipments": "(revenue ?? 0) > 3",
    "complaints": "(resolved_at ?? $now).hour >= 12",
    "visits": "(satisfaction ?? 0) >= 3",
}


def every_operation() -> dict[str, dict[str, object]]:
    """Each operation of events on each column that it takes, each kind of event in its last role."""
    found: dict[str, dict[str, object]] = {}
    for name, stream in STREAMS.items():
        role = list(stream.roles)[-1]
        common: dict[str, object] = {"as": role} if len(stream.roles) > 1 else {}
        if stream.at:
            common |= {"over": "400 days", "before": "5 days"}
        where = {"where": _WHERE[name]} if name in _WHERE else {}
        found[f"{name}_count"] = {"count": name, **common, **where}
        if stream.at:
            found[f"{name}_first_days"] = {"days_since": name, "which": "first", **common}
            found[f"{name}_late_share"] = {"share": name, "of": _SHARE[name], **common, **where}
        for column, kind in stream.types(2).items():
            for operation in ("sum", "mean", "min", "max", "first", "last", "distinct", "list", "quantile"):
                if wanted(operation, kind) or (operation in {"first", "last"} and not stream.at):
                    continue
                more = {"q": 0.37} if operation == "quantile" else {}
                found[f"{name}_{column}_{operation}"] = {operation: f"{name}.{column}", **common, **where, **more}
    return found


MORE: dict[str, dict[str, object]] = {
    "mix": {"formula": "(revenue_90d + 2 * cost_365d) / 7"},
    "standing": {"percentile_of": "mix"},
    "lucky": {"formula": "(standing ?? 0) > 0.5 ? 'upper' : 'lower'"},
    "place": {"rank_of": "gap_mean_days", "missing": 0},
    "second_place": {"formula": "place // 2 + revenue_rank % 7"},
    "newest": {"formula": "(latest ?? $now).year * 100 + (latest ?? $now).month"},
    "latest": {"max": "shipments.accepted_at"},
    "hour_before": {"formula": '(latest ?? $now) - t"PT1H"'},
    "large": {"formula": "revenue_total * 100000000 > 12345678901234567890"},
    "known_service": {"last": "shipments.service", "missing": "none"},
    "least_weight": {"min": "shipments.weight_g", "missing": 5},
    "usual_share": {"mean": "shipments.on_time", "missing": 1},
    "consents": {"attribute": "consent", "missing": False},
}


def catalogue_of(declared: dict[str, dict[str, object]]) -> Catalogue:
    text = "\n".join(f"{name}: {json.dumps({**_SAID, **item})}" for name, item in declared.items())
    shipped = {path: text for path, text in shipped_texts().items() if path.startswith("features/")}
    catalogue, problems = read_catalogue({**shipped, "features/more.yaml": text}, 2)
    assert [str(problem) for problem in problems if problem.severity == "error"] == []
    return catalogue


def by_spark(
    spark: Spark, folder: Path, catalogue: Catalogue, customers: pl.DataFrame, events: dict[str, pl.DataFrame]
) -> pl.DataFrame:
    shared = Shared(str(folder))
    for name, frame in events.items():
        spark.view(name, [shared.lay(name, frame)])
    named = customers.rename({each: attribute_column(each) for each in customers.columns[1:]})
    spark.view("customers", [shared.lay("customers", named)])
    compiled = compile_catalogue(catalogue, AS_OF, SPARK)
    spark.write(counted_query(catalogue, compiled, AS_OF), f"{folder}/counted")
    spark.view("counted", [f"{folder}/counted"])
    return Features(spark, shared, catalogue, compiled, AS_OF).compute("counted", customers["customer"])


@pytest.mark.parametrize(
    ("_case", "declared", "seed", "customers"),
    [
        ("shipped features and what hangs on others", MORE, 1, 300),
        ("every operation on every column", every_operation(), 2, 300),
    ],
)
def test_features_are_those_of_polars(
    spark: Spark, tmp_path: Path, _case: str, declared: dict[str, dict[str, object]], seed: int, customers: int
) -> None:
    catalogue = catalogue_of(declared)
    known, events = histories(seed, customers)
    ours = compute(catalogue, known, {name: frame.lazy() for name, frame in events.items()}, AS_OF)
    theirs = by_spark(spark, tmp_path, catalogue, known, events)
    assert theirs.schema == ours.schema
    different = [name for name in ours.columns if not ours[name].equals(theirs[name], null_equal=True)]
    assert {name: _differences(ours[name], theirs[name]) for name in different} == {}


def _differences(ours: pl.Series, theirs: pl.Series) -> list[tuple[object, object]]:
    return [pair for pair in zip(ours, theirs, strict=True) if pair[0] != pair[1]][:3]


def test_every_operation_is_tried() -> None:
    tried = {key for item in (*every_operation().values(), *MORE.values()) for key in item}
    shipped = {item.operation for item in catalogue_of({}).declarations}
    assert set(OPERATIONS) - tried - shipped == set()


def test_every_derived_column_is_said_in_spark_sql() -> None:
    assert {(name, column) for name, stream in STREAMS.items() for column in stream.derived} == set(DERIVED_SQL)


def test_what_spark_lacks_is_refused_with_its_place() -> None:
    declared: dict[str, dict[str, object]] = {
        "loud": {"formula": "(last_service ?? '').as_upper == 'X'"},
        "quiet": {"count": "shipments", "where": "(service ?? '').as_lower == 'x'"},
    }
    with pytest.raises(RefusedError) as refused:
        compile_catalogue(catalogue_of(declared), AS_OF, SPARK)
    assert [str(problem).partition(" (")[0] for problem in refused.value.problems] == [
        "features/more.yaml:1:87: error[unsupported]: '.as_upper' cannot be computed exactly on Spark",
        "features/more.yaml:2:108: error[unsupported]: '.as_lower' cannot be computed exactly on Spark",
    ]
    assert {problem.remedy for problem in refused.value.problems} == {"leave --engine spark out: Polars computes it"}
