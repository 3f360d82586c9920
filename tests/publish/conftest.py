"""A rule book of three questions, and runs of it over a column of numbers."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import polars as pl
import pytest
from sqlalchemy import Engine, insert, select

from kehu.model.feature_types import FeatureType
from kehu.pipeline.transactions import writing
from kehu.publish.publish import Changes, level_counts, publish, warning_counts
from kehu.publish.run_log import Found, begin_run, finish_run
from kehu.publish.standing import standing_as_of
from kehu.rules.book import RuleBook
from kehu.rules.evaluate import evaluate
from kehu.rules.reading import read_rules
from kehu.tables.facts import customers
from kehu.tables.schema import metadata

AS_OF = datetime(2026, 3, 1, tzinfo=UTC)
SCHEMA = {"n": FeatureType("integer"), "spent": FeatureType("decimal", nullable=True, scale=2)}
SIZE = """
ruleset: size
kind: tier
label: {en: Size, zh: 规模}
description: How much does it ship?
levels:
  - level: large
    label: {en: Large, zh: 大}
    when: n >= 10
    treatment: {visit_every: 30 days}
  - level: small
    label: {en: Small, zh: 小}
    otherwise: true
examples:
  - {given: {n: 10}, expect: large}
  - {given: {n: 9}, expect: small}
"""
MARKS = """
ruleset: marks
kind: flag
label: {en: Marks, zh: 标记}
description: What stands out?
levels:
  - level: even
    label: {en: Even, zh: 偶数}
    when: n % 2 == 0
  - level: rich
    label: {en: Rich, zh: 富}
    when: (spent ?? 0) > 100.5
examples:
  - {given: {n: 2}, expect: even}
  - {given: {n: 1, spent: 100.51}, expect: rich}
  - {given: {n: 1, spent: 100.5}, expect: []}
"""
SIGNS = """
ruleset: signs
kind: warning
label: {en: Signs, zh: 征兆}
description: Is it leaving?
warnings:
  - warning: quiet
    label: {en: Quiet, zh: 沉默}
    when: n < 2
    severity: high
    route: [sales, service]
    reason: "only {n}, spent {spent}"
examples:
  - {given: {n: 1}, expect: quiet}
  - {given: {n: 2}, expect: []}
"""
BOOK = {"marks.yaml": MARKS, "signs.yaml": SIGNS, "size.yaml": SIZE}


@pytest.fixture(scope="session")
def book_of() -> Callable[..., RuleBook]:
    """The book of the three files, of which some may be replaced or (None) left out."""

    def read(**texts: str | None) -> RuleBook:
        given = BOOK | {f"{name}.yaml": text for name, text in texts.items()}
        book, problems = read_rules({path: text for path, text in given.items() if text is not None}, SCHEMA)
        assert [str(problem) for problem in problems] == []
        return book

    return read


@pytest.fixture
def run_book() -> Callable[..., Changes]:
    """Publish a run over customers whose `n` is given; customers that are new are written first."""

    def run(
        engine: Engine,
        book: RuleBook,
        numbers: Mapping[int, int],
        *,
        spent: Mapping[int, int] | None = None,
        as_of: datetime = AS_OF,
    ) -> Changes:
        with writing(engine) as connection:
            there = set(connection.execute(select(customers.c.id)).scalars())
            for key in numbers.keys() - there:
                row = {"id": key, "uid": str(key), "kind": "company", "name": f"c{key}", "name_search": ""}
                connection.execute(insert(customers).values(**row))
            digests = {"rule_digest": book.digest, "feature_digest": "f"}
            run_id = begin_run(connection, as_of=as_of, now=as_of, engine="polars", **digests)
            frame = pl.DataFrame(
                {"customer": list(numbers), "n": list(numbers.values())}
                | {"spent": [(spent or {}).get(key) for key in numbers]},
                schema={"customer": pl.Int64(), "n": pl.Int64(), "spent": pl.Int64()},
            )
            standing = standing_as_of(connection, [book], as_of)
            evaluation = evaluate(book, frame, as_of, standing)
            changes = publish(connection, run_id, book, evaluation)
            counts = {"levels": level_counts(book, evaluation), "warnings": warning_counts(book, evaluation)}
            finish_run(connection, run_id, Found(len(frame), counts, []), now=as_of)
        return changes

    return run


@pytest.fixture
def content() -> Callable[[Engine], dict[str, list[tuple[object, ...]]]]:
    """Every row of every table, ordered."""

    def read(engine: Engine) -> dict[str, list[tuple[object, ...]]]:
        with engine.connect() as connection:
            return {
                table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
                for table in metadata.sorted_tables
            }

    return read
