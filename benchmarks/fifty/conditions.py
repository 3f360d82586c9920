"""The fifty conditions as boolean columns: compiled from the rule files, by hand, in SQL, and row by row."""

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import narwhals as nw
import polars as pl
import rule_engine

from fifty import in_polars, in_sql, in_zen
from fifty.features import AS_OF, SCHEMA
from fifty.measuring import Way
from kehu.model.problems import Place
from kehu.rules.book import RuleBook
from kehu.rules.columns import Engine
from kehu.rules.compiler import Compiled, compile_condition
from kehu.rules.evaluate import compile_book
from kehu.rules.interpreter import engine_context, engine_row
from kehu.rules.narwhals_engine import POLARS_AGAIN, in_microseconds
from kehu.rules.polars_engine import POLARS
from kehu.rules.trees import ENGINE_ERRORS

SAMPLE = 20_000  # rows for the engines that take them one by one


def column_ways(book: RuleBook, features: pl.DataFrame) -> list[Way]:
    """Ours first: the question that the others answer; then with all that a run asks, compiling included."""
    ahead = {f"{ruleset}/{code}": each.match for (ruleset, code), each in compile_book(book, AS_OF).items()}
    return [
        Way("compiled ahead, match columns", lambda: features.select(**ahead)),
        Way("compiled each time, match and error columns", lambda: compiled(book, features), answer=_matches),
        Way("Polars by hand", lambda: features.select(**in_polars.matches(AS_OF))),
        *_duckdb_ways(features),
    ]


def row_ways(book: RuleBook, features: pl.DataFrame) -> list[Way]:
    """On a part of the rows; what the engines need is made of them beforehand, untimed."""
    sample = features.head(SAMPLE)
    share = len(sample) / len(features)
    rows = [engine_row(row, SCHEMA) for row in sample.select(*SCHEMA).iter_rows(named=True)]
    context = engine_context(SCHEMA, AS_OF)
    rules = {name: rule_engine.Rule(text, context=context) for name, text in _conditions(book)}
    contexts, whole, decision = in_zen.contexts(sample, AS_OF), in_zen.expression(), in_zen.decision()
    return [
        Way("rule-engine, Rule.matches", lambda: _interpreted(rules, rows), share, pl.DataFrame),
        Way("ZEN, one expression", lambda: [whole.evaluate(row) for row in contexts], share, _of_rows),
        Way("ZEN, a decision", lambda: [decision.evaluate(row)["result"] for row in contexts], share, pl.DataFrame),
    ]


def narwhals_ways(book: RuleBook, features: pl.DataFrame) -> list[Way]:
    """The conditions that Narwhals has, compiled for Polars and for Narwhals on Polars.

    Narwhals' frame has microseconds for instants, which is not timed.
    """
    frame = nw.from_native(in_microseconds(features).lazy())
    there = {name: text for name, text in _conditions(book) if _compiled_by(POLARS_AGAIN, text) is not None}
    return [
        Way(f"{len(there)} conditions, Polars", lambda: features.select(**_all_by(POLARS, there)), answer=_matches),
        Way(
            f"{len(there)} conditions, Narwhals on Polars",
            lambda: frame.select(**_all_by(POLARS_AGAIN, there)).collect("polars").to_native(),
            answer=_matches,
        ),
    ]


def compiled(book: RuleBook, features: pl.DataFrame) -> pl.DataFrame:
    """What holds by "rule set/code", and, with "error " before it, where the interpreter would raise."""
    conditions = {f"{ruleset}/{code}": each for (ruleset, code), each in compile_book(book, AS_OF).items()}
    return features.select(**_columns(conditions))


def _columns(conditions: Mapping[str, Compiled]) -> dict[str, Any]:
    matches = {name: each.match for name, each in conditions.items()}
    return matches | {f"error {name}": each.error for name, each in conditions.items() if each.can_fail}


def _compiled_by(engine: Engine, text: str) -> Compiled | None:
    """None where the engine has no exact way."""
    found = compile_condition(text, SCHEMA, AS_OF, lambda _offset: Place(""), engine)
    return found if isinstance(found, Compiled) else None


def _all_by(engine: Engine, conditions: Mapping[str, str]) -> dict[str, Any]:
    made = {name: _compiled_by(engine, text) for name, text in conditions.items()}
    return _columns({name: each for name, each in made.items() if each is not None})


def _matches(columns: pl.DataFrame) -> pl.DataFrame:
    return columns.select(pl.exclude("^error .*$"))


def _duckdb_ways(features: pl.DataFrame) -> list[Way]:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.register("arrow", features.to_arrow())
    connection.execute("CREATE TABLE own AS SELECT * FROM arrow")

    def answered(source: str) -> Any:
        return connection.sql(in_sql.query(source, AS_OF)).to_arrow_table()

    return [
        Way("DuckDB CASE SQL, same Arrow", lambda: answered("arrow"), answer=_frame),
        Way("DuckDB CASE SQL, its own table", lambda: answered("own"), answer=_frame),
    ]


def _frame(arrow: Any) -> pl.DataFrame:
    found = pl.from_arrow(arrow)
    assert isinstance(found, pl.DataFrame)
    return found


def _conditions(book: RuleBook) -> list[tuple[str, str]]:
    return [(f"{ruleset.code}/{code}", text) for ruleset in book.rulesets for code, text in ruleset.conditions()]


def _interpreted(rules: Mapping[str, rule_engine.Rule], rows: Sequence[Mapping[str, object]]) -> dict[str, list[bool]]:
    return {name: [_holds(rule, row) for row in rows] for name, rule in rules.items()}


def _holds(rule: rule_engine.Rule, row: Mapping[str, object]) -> bool:
    try:
        return bool(rule.matches(row))
    except ENGINE_ERRORS:
        return False


def _of_rows(rows: list[list[bool]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=list(in_zen.RULES), orient="row")
