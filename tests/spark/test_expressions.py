"""The same conditions as Spark SQL, on a Spark Connect server: every row as the Polars path has it."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pytest
from tests.rules.adversarial import AS_OF, SCHEMA
from tests.rules.boundaries import boundary
from tests.rules.differential import STRANGE, batches, uniform
from tests.spark.histories import AS_OF as HISTORIES_AS_OF
from tests.spark.histories import histories

from kehu.features.catalogue import read_catalogue
from kehu.features.compute import compute
from kehu.model.feature_types import FeatureType, Schema
from kehu.model.problems import Place, Problem
from kehu.rules.columns import Engine, col, made
from kehu.rules.compiler import Compiled, compile_condition
from kehu.rules.polars_engine import POLARS
from kehu.rules.reading import read_rules
from kehu.rules.values import Refused
from kehu.spark.expressions import SPARK
from kehu.spark.sessions import Spark
from kehu.workspace.workspace import shipped_texts

pytestmark = [pytest.mark.filterwarnings(each) for each in STRANGE]


@dataclass(slots=True)
class Tally:
    """What became of the conditions on Spark."""

    spark: Spark
    folder: Path
    fates: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def take(self, texts: list[str], frame: pl.DataFrame, schema: Schema) -> None:
        """Compile for both, compute each side's conditions together and compare every row."""
        found: list[tuple[str, Compiled, Compiled]] = []
        for text in texts:
            here, there = compiled(text, schema, POLARS), compiled(text, schema, SPARK)
            if isinstance(here, Compiled) and isinstance(there, Compiled):
                found.append((text, here, there))
            elif isinstance(there, list) and isinstance(here, Compiled):
                self.refusals[there[0].message] += 1
        rows = frame.with_row_index("row").with_columns(pl.col("row").cast(pl.Int64))
        ours = rows.select("row", **dict(columns([here for _, here, _ in found])))
        file = self.folder / f"{self.fates['files']}.parquet"
        self.fates["files"] += 1
        instants = [name for name, kind in frame.schema.items() if isinstance(kind, pl.Datetime)]
        rows.with_columns(pl.col(name).dt.timestamp("us") for name in instants).write_parquet(file)
        listed = ", ".join(f"{expr} AS `{key}`" for key, expr in columns([there for _, _, there in found]))
        theirs = self.spark.frame(f"SELECT `row`, {listed} FROM parquet.`{file}`").sort("row")
        for at, (text, _, _) in enumerate(found):
            self.fates["compared"] += 1
            if not ours[f"match {at}"].equals(theirs[f"match {at}"]):
                self.wrong.append(text)
            elif not ours[f"error {at}"].equals(theirs[f"error {at}"]):
                self.wrong.append(f"error of {text}")


def columns(conditions: list[Compiled]) -> list[tuple[str, pl.Expr]]:
    return [
        pair
        for at, each in enumerate(conditions)
        for pair in ((f"match {at}", each.match), (f"error {at}", each.error))
    ]


def compiled(text: str, schema: Schema, engine: Engine) -> Compiled | list[Problem]:
    return compile_condition(text, schema, AS_OF, lambda offset: Place("rules.yaml", 1, offset + 1), engine)


@pytest.mark.parametrize(
    ("seed", "count", "least"), [(61, 160, 110), pytest.param(62, 480, 360, marks=pytest.mark.slow)]
)
def test_random_conditions_answer_as_on_polars(spark: Spark, tmp_path: Path, seed: int, count: int, least: int) -> None:
    tally = Tally(spark, tmp_path)
    for write in (uniform, boundary):
        for batch in batches(write, seed=seed, count=count // 2, rows=14):
            tally.take([sentence.text for sentence in batch.sentences], batch.frame, SCHEMA)
    assert tally.wrong == []
    assert tally.fates["compared"] >= least
    assert set(tally.refusals) <= LACKING


def test_every_shipped_rule_answers_as_on_polars(spark: Spark, tmp_path: Path) -> None:
    texts = shipped_texts()
    features = {path: text for path, text in texts.items() if path.startswith("features/")}
    catalogue = read_catalogue(features, money_digits=2)[0]
    rules = {path: text for path, text in texts.items() if "/" not in path and path.endswith(".yaml")}
    book, _ = read_rules(rules, catalogue.schema)
    conditions = [text for ruleset in book.rulesets for _, text in (*ruleset.conditions(), *ruleset.keeping())]
    customers, events = histories(4, 400)
    frame = compute(catalogue, customers, {name: rows.lazy() for name, rows in events.items()}, HISTORIES_AS_OF)
    tally = Tally(spark, tmp_path)
    tally.take(conditions, frame, book.schema)
    assert (tally.wrong, tally.refusals) == ([], Counter())
    assert tally.fates["compared"] == len(conditions) > 20


def test_the_deepest_condition_is_computed(spark: Spark, tmp_path: Path) -> None:
    tally = Tally(spark, tmp_path)
    text = f"{' + '.join(['n1'] * 98)} > 99"
    tally.take([text], pl.DataFrame({"n1": [1, 2, 50]}), {"n1": FeatureType("integer")})
    assert (tally.wrong, tally.fates["compared"]) == ([], 1)


@pytest.mark.parametrize(("_case", "calls"), [("deep", 401), ("written out without end", 20)])
def test_what_no_parser_could_read_is_refused(_case: str, calls: int) -> None:
    column = col("n1")
    for _ in range(calls):
        column = column + 1 if calls > 400 else column + column
    with pytest.raises(Refused, match="too long for Spark"):
        made(column, SPARK)


LACKING = {
    f"{name} cannot be computed exactly on Spark" for name in ("'.as_lower'", "'.as_upper'", "the items of a list")
} | {"the condition is too long for Spark"}
