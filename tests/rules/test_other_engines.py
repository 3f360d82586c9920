"""The same conditions through Narwhals, on DuckDB and on Polars again: every row as the Polars path has it."""

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import narwhals as nw
import polars as pl
import pytest
from tests.rules.adversarial import AS_OF, SCHEMA, VALUES
from tests.rules.boundaries import boundary
from tests.rules.differential import STRANGE, batches, uniform

from kehu.features.catalogue import read_catalogue
from kehu.model.feature_types import POLARS_TYPES, FeatureType, Schema
from kehu.model.problems import Place, Problem
from kehu.rules.columns import Engine
from kehu.rules.compiler import Compiled, compile_condition
from kehu.rules.language_page import PAGE
from kehu.rules.narwhals_engine import DUCKDB, POLARS_AGAIN, in_microseconds
from kehu.rules.polars_engine import POLARS
from kehu.rules.reading import read_rules

RULES = Path(__file__).parents[2] / "rules"
pytestmark = [pytest.mark.filterwarnings(each) for each in STRANGE]


def in_duckdb(frame: pl.DataFrame) -> Any:
    """The frame as a table of a database in memory."""
    return nw.from_native(duckdb.connect(config={"threads": 1}).from_arrow(frame.to_arrow()))


def in_polars(frame: pl.DataFrame) -> Any:
    return nw.from_native(frame.lazy())


ENGINES: Mapping[str, tuple[Engine, Callable[[pl.DataFrame], Any]]] = {
    "DuckDB": (DUCKDB, in_duckdb),
    "Polars again": (POLARS_AGAIN, in_polars),
}


@dataclass(slots=True)
class Tally:
    """What became of the conditions on another engine."""

    engine: str
    fates: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def take(self, texts: list[str], frame: pl.DataFrame, schema: Schema) -> None:
        """Compile for both, compute each side's conditions together and compare every row."""
        engine, placed = ENGINES[self.engine]
        found: list[tuple[str, Compiled, Compiled]] = []
        for text in texts:
            here, there = compiled(text, schema, POLARS), compiled(text, schema, engine)
            if isinstance(here, Compiled) and isinstance(there, Compiled):
                found.append((text, here, there))
            elif isinstance(there, list) and isinstance(here, Compiled):
                self.refusals[there[0].message] += 1
        rows = frame.with_row_index("row").with_columns(pl.col("row").cast(pl.Int64))
        ours = rows.select("row", **columns([here for _, here, _ in found]))
        other = placed(in_microseconds(rows)).select("row", **columns([there for _, _, there in found]))
        theirs = other.sort("row").collect("polars").to_native()
        for at, (text, _, _) in enumerate(found):
            self.fates["compared"] += 1
            self.fates["rows"] += frame.height
            if not ours[f"match {at}"].equals(theirs[f"match {at}"]):
                self.wrong.append(text)
            elif not ours[f"error {at}"].equals(theirs[f"error {at}"]):
                self.wrong.append(f"error of {text}")


def columns(conditions: list[Compiled]) -> dict[str, Any]:
    both = {f"match {at}": each.match for at, each in enumerate(conditions)}
    return both | {f"error {at}": each.error for at, each in enumerate(conditions)}


def compiled(text: str, schema: Schema, engine: Engine) -> Compiled | list[Problem]:
    return compile_condition(text, schema, AS_OF, lambda offset: Place("rules.yaml", 1, offset + 1), engine)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("seed", "count", "least"), [(51, 240, 150), pytest.param(52, 800, 500, marks=pytest.mark.slow)]
)
def test_random_conditions_answer_as_on_polars(engine: str, seed: int, count: int, least: int) -> None:
    tally = Tally(engine)
    for write in (uniform, boundary):
        for batch in batches(write, seed=seed, count=count // 2, rows=14):
            tally.take([sentence.text for sentence in batch.sentences], batch.frame, SCHEMA)
    assert tally.wrong == []
    assert tally.fates["compared"] >= least
    assert {message.split(" cannot be computed exactly on ")[0] for message in tally.refusals} <= LACKING


LACKING = {
    "the items of a list", "a position that is not written out", "'in' of a feature and a list", "bits of a number",
    "'.as_lower'", "'.as_upper'", *(f"'.{part}' of an instant that is reckoned" for part in ("year", "month", "day")),
    "the condition is too long for DuckDB", "the condition is too long for Polars through Narwhals",
}  # fmt: skip


def test_the_page_names_what_other_engines_lack() -> None:
    text = PAGE.read_text(encoding="utf-8")
    names = {name.removesuffix(" of an instant that is reckoned") for name in LACKING if "too long" not in name}
    assert {name for name in names if name not in text} == set()


@pytest.mark.parametrize("engine", ENGINES)
def test_every_default_rule_answers_as_on_polars(engine: str) -> None:
    features = {file.name: file.read_text(encoding="utf-8") for file in sorted((RULES / "features").glob("*.yaml"))}
    schema = read_catalogue(features, money_digits=2)[0].schema
    book, _ = read_rules({file.name: file.read_text(encoding="utf-8") for file in sorted(RULES.glob("*.yaml"))}, schema)
    tally = Tally(engine)
    conditions = [text for ruleset in book.rulesets for _, text in ruleset.conditions()]
    asked = {name for text in conditions for name in features_of(text, schema)}
    dice = random.Random(53)
    frame = pl.DataFrame([some(dice, name, schema[name]) for name in sorted(asked)])
    tally.take(conditions, frame, schema)
    assert (tally.wrong, tally.refusals) == ([], Counter())
    assert tally.fates["compared"] == len(conditions) > 15


def features_of(text: str, schema: Schema) -> frozenset[str]:
    result = compiled(text, schema, POLARS)
    assert isinstance(result, Compiled), text
    return result.features


def some(dice: random.Random, name: str, kind: FeatureType) -> pl.Series:
    values: dict[str, tuple[object, ...]] = {
        "integer": (0, 1, 2, 5, 10, 59, 60, 90, 91, 365, 600),
        "decimal": (0, 1, 5_999_999, 6_000_000, 50_000_000, 60_000_000, -300),
        "float": (0.0, 0.5, 0.89999, 0.9, 0.95, 1.0, 3.0, 14.5),
        "string": kind.words or ("华东", "华南", "x"),
    }
    wanted = values.get(kind.kind) or VALUES["t1" if kind.kind == "instant" else "b1"]
    cells = [None if kind.nullable and dice.random() < 0.2 else dice.choice(wanted) for _ in range(400)]
    return pl.Series(name, cells, dtype=POLARS_TYPES[kind.kind])


@pytest.mark.parametrize(
    ("_case", "text", "said"),
    [
        ("capitals", 's1.as_upper == "SS"', "'.as_upper' cannot be computed exactly on DuckDB"),
        ("a position from a feature", 's1[i1] == "a"', "a position that is not written out cannot"),
        ("bits", "i1 & 1 == 1", "bits of a number cannot"),
        ("items", '$any([x == "a" for x in l2])', "the items of a list cannot"),
        ("a feature in a list", "s1 in l2", "'in' of a feature and a list cannot"),
        ("the year of a reckoned instant", 't1 + t"P1D" > $now and (t1 + t"P1D").year > 2000', "'.year' of an instant"),
        ("what SQL would write out without end", f"{'(' * 7}i1{' // i1)' * 7} > 1", "is too long for DuckDB"),
    ],
)  # fmt: skip
def test_what_an_engine_lacks_is_refused_by_name(_case: str, text: str, said: str) -> None:
    result = compiled(text, SCHEMA, DUCKDB)
    assert isinstance(result, list)
    assert [problem.check for problem in result] == ["unsupported"]
    assert said in result[0].message
    assert result[0].remedy
