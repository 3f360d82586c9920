"""Frames into tables and back, on both kinds of database, whatever the texts hold."""

import json
from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, delete, insert, select, text

from kehu.model.problems import RefusedError
from kehu.store.bulk import insert_frame, next_id, read_frame, stage, update_frame
from kehu.tables.facts import batches, departments, employees, quarantine
from kehu.tables.runs import rule_versions, runs

INSTANT = datetime(1969, 7, 20, 20, 17, 40, 123456, UTC)
STAFF = {
    "id": pl.Int64(),
    "number": pl.String(),
    "name": pl.String(),
    "title": pl.String(),
    "active": pl.Boolean(),
    "phone": pl.String(),
}
NASTY = [
    ("plain", "abc"),
    ("empty", ""),
    ("the null mark of COPY", r"\N"),
    ("the end mark of COPY", r"\."),
    ("the end mark of COPY on a line of its own", "a\n\\.\nb"),
    ("the end mark of COPY first", "\\.\nb"),
    ("quotes", """he said "it's" ''"""),
    ("one quote", '"'),
    ("lines", "a\nb\r\nc\rd"),
    ("commas", ",,a,"),
    ("percent", "%s %(name)s %%"),
    ("backslashes", "\\n\\\\"),
    ("a colon name", ":name ?"),
    ("emoji and Han", "👩‍👩‍👧 顺丰 𠮷"),
    ("blanks", "  a  "),
    ("the word null", "NULL"),
    ("a comma of another land", "\u2028\u00a0\ufeff"),
]


def staff(*names: str | None) -> pl.DataFrame:
    """Employees numbered from 1 whose titles are `names`."""
    rows = [(place, str(place), f"n{place}", name, place % 2 == 0, None) for place, name in enumerate(names, 1)]
    return pl.DataFrame(rows, schema=STAFF, orient="row")


def stored(connection: Connection) -> pl.DataFrame:
    """The columns of STAFF of every employee by id."""
    return read_frame(connection, select(*(employees.c[name] for name in STAFF)).order_by(employees.c.id))


@pytest.mark.parametrize(("_case", "value"), NASTY)
def test_a_nasty_text_comes_back_as_it_went(_case: str, value: str, sqlite_database: Engine) -> None:
    with sqlite_database.begin() as connection:
        insert_frame(connection, employees, staff(value, None))
        assert stored(connection).to_dicts() == staff(value, None).to_dicts()


def test_all_nasty_texts_come_back_from_both_kinds_of_database(database: Engine) -> None:
    frame = staff(*(value for _, value in NASTY), None)
    with database.begin() as connection:
        insert_frame(connection, employees, frame)
        assert stored(connection).to_dicts() == frame.to_dicts()


def test_all_nasty_texts_can_replace_others(database: Engine) -> None:
    frame = staff(*(value for _, value in NASTY), None)
    with database.begin() as connection:
        insert_frame(connection, employees, staff(*("old" for _ in range(len(frame)))))
        update_frame(connection, employees, frame.select("title", "id", phone="title"))
        assert stored(connection).to_dicts() == frame.with_columns(phone="title").to_dicts()


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12), max_size=8))
def test_any_texts_come_back(database: Engine, texts: list[str | None]) -> None:
    with database.begin() as connection:
        connection.execute(delete(employees))
        insert_frame(connection, employees, staff(*texts))
        assert stored(connection)["title"].to_list() == texts


def test_a_text_with_nul_is_refused_alike_and_nothing_written(database: Engine) -> None:
    with pytest.raises(RefusedError) as caught, database.begin() as connection:
        insert_frame(connection, employees, staff("a", "b\0c"))
    assert str(caught.value) == (
        r"employees.title:1:1: error[nul]: 'b\x00c' holds the character NUL, which no text may hold "
        "(remove it from the export)"
    )
    with database.begin() as connection:
        assert stored(connection).is_empty()
        insert_frame(connection, employees, staff("a"))
        with pytest.raises(RefusedError):
            update_frame(connection, employees, staff("\0").select("id", "title"))
        assert stored(connection).to_dicts() == staff("a").to_dicts()


def test_instants_numbers_and_truths_come_back(database: Engine) -> None:
    numbers = {"read": 2**62, "loaded": -1, "unchanged": 0, "quarantined": 7, "refused": 1}
    frame = pl.DataFrame(
        {
            "id": [1, 2],
            "source": ["s", "s"],
            "file": ["f", "f"],
            "started_at": [INSTANT, datetime(2262, 4, 12, tzinfo=UTC)],
        }
        | {"finished_at": [None, INSTANT]}
        | {name: [value, 0] for name, value in numbers.items()},
        schema_overrides={
            "started_at": pl.Datetime("us", "UTC"),
            "finished_at": pl.Datetime("us", "UTC"),
        },
    )
    with database.begin() as connection:
        insert_frame(connection, batches, frame)
        read = read_frame(connection, select(batches).order_by(batches.c.id))
        update_frame(connection, batches, frame.select("id", finished_at="started_at"))
        renewed = connection.execute(select(batches.c.started_at, batches.c.finished_at)).all()
    assert read.schema == frame.schema
    assert read.equals(frame)
    assert [row.started_at == row.finished_at for row in renewed] == [True, True]


def test_truths_keep_three_values(database: Engine) -> None:
    with database.begin() as connection:
        insert_frame(connection, employees, staff("a", "b", "c"))
        update_frame(connection, employees, pl.DataFrame({"id": [1, 2], "active": [True, False]}))
        frame = stored(connection)
        assert frame["active"].to_list() == [True, False, False]
        assert connection.execute(select(employees.c.active).order_by(employees.c.id)).scalars().all() == [
            True,
            False,
            False,
        ]


def test_json_goes_in_as_text_and_is_a_document(database: Engine) -> None:
    with database.begin() as connection:
        run = {"id": 1, "as_of": INSTANT, "state": "failed", "engine": "e", "rule_digest": "", "feature_digest": ""}
        connection.execute(insert(runs).values(**run, started_at=INSTANT, counts={"a": [1, "客", None]}))
        read = read_frame(connection, select(runs.c.id, runs.c.counts, runs.c.stages))
        version = {"digest": "d", "ruleset": "r", "kind": "tier", "definition": '{"b": "\\" \\n 客"}'}
        insert_frame(connection, rule_versions, pl.DataFrame([version | {"source": "s", "path": "p"}]))
        definition = connection.execute(select(rule_versions.c.definition)).scalar_one()
    assert read.schema == {"id": pl.Int64(), "counts": pl.String(), "stages": pl.String()}
    assert [json.loads(text) for text in read["counts"]] == [{"a": [1, "客", None]}]
    assert read["stages"].to_list() == [None]
    assert definition == {"b": '" \n 客'}


def test_only_the_named_rows_and_columns_change(database: Engine) -> None:
    with database.begin() as connection:
        insert_frame(connection, employees, staff("a", "b", "c"))
        update_frame(connection, employees, pl.DataFrame({"id": [2, 9], "title": ["x", "nobody"]}))
        update_frame(connection, employees, pl.DataFrame({"number": ["3"], "title": ["y"]}), key="number")
        assert stored(connection).to_dicts() == staff("a", "x", "y").to_dicts()


def test_nothing_is_written_for_no_rows(database: Engine) -> None:
    with database.begin() as connection:
        insert_frame(connection, employees, staff())
        update_frame(connection, employees, staff().select("id", "title"))
        assert stored(connection).equals(staff())


def test_an_empty_table_is_read_with_its_types(database: Engine) -> None:
    with database.connect() as connection:
        frame = read_frame(connection, select(batches.c.id, batches.c.source, batches.c.started_at))
    assert frame.schema == {"id": pl.Int64(), "source": pl.String(), "started_at": pl.Datetime("us", "UTC")}
    assert frame.is_empty()


def test_more_rows_than_a_slice_come_back_in_order(database: Engine) -> None:
    rows = pl.DataFrame({"id": pl.int_range(1, 60_001, eager=True)}).with_columns(name=pl.col("id").cast(pl.String))
    with database.begin() as connection:
        insert_frame(connection, departments, rows)
        assert read_frame(connection, select(departments).order_by(departments.c.id)).equals(rows)


def test_ids_begin_at_one_and_follow_the_greatest(database: Engine) -> None:
    with database.begin() as connection:
        assert next_id(connection, departments) == 1
        insert_frame(connection, departments, pl.DataFrame({"id": [7, 3], "name": ["a", "b"]}))
        assert next_id(connection, departments) == 8


def test_a_staged_table_replaces_the_one_before(database: Engine) -> None:
    with database.begin() as connection:
        stage(connection, "staged_try", pl.DataFrame({"id": [1, 2]}))
        stage(connection, "staged_try", pl.DataFrame({"key": ["\\N", None], "n": [3, None]}))
        assert [tuple(row) for row in connection.execute(text("SELECT * FROM staged_try ORDER BY n"))] in (
            [("\\N", 3), (None, None)],
            [(None, None), ("\\N", 3)],
        )


def test_reserved_words_may_name_columns(database: Engine) -> None:
    row = {"id": 1, "batch_id": 1, "source": "s", "file": "f", "line": 2, "column": "c", "value": "v"}
    with database.begin() as connection:
        batch = {"id": 1, "source": "s", "file": "f", "started_at": INSTANT}
        connection.execute(insert(batches).values(**batch, read=0, loaded=0, unchanged=0, quarantined=0))
        insert_frame(connection, quarantine, pl.DataFrame([row | {"reason": "r", "row": "{}"}]))
        update_frame(connection, quarantine, pl.DataFrame({"id": [1], "column": ["d"]}))
        assert connection.execute(select(quarantine.c.column, quarantine.c.row)).one() == ("d", "{}")
