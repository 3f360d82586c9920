"""JSON that databases make says what Python's writer of JSON says."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from sqlalchemy import BigInteger, Boolean, Engine, String, bindparam, literal_column, select, union_all

from kehu.tables.columns import Instant
from kehu_graphql.planning.json_sql import InstantText, JsonArray, JsonObject, JsonRows

_TEXTS = ("", "客户", 'a "quoted" \\ word', "two\nlines\tand\x01more", "/", "'", "%s %(a)s")
_INSTANTS = (
    datetime(2026, 2, 28, 23, 59, 59, tzinfo=UTC),
    datetime(2026, 1, 1, 0, 0, 0, 500_000, tzinfo=UTC),
    datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
)


def _text(value: str | None) -> Any:
    return bindparam(None, value, type_=String())


@pytest.mark.parametrize("text", _TEXTS)
def test_texts_are_escaped_and_unknown_values_are_null(carrier: Engine, text: str) -> None:
    inner = JsonObject(literal_column("'own'"), _text(text), literal_column("'none'"), _text(None))
    rows = select(JsonArray(_text(text), bindparam(None, 7, type_=BigInteger()), _text(None), inner).label("item"))
    found = _asked(carrier, select(JsonRows(union_all(rows, rows).subquery().c["item"])))
    row = [text, 7, None, {"own": text, "none": None}]
    assert orjson.loads(found) == [row, row]


@pytest.mark.parametrize("text", _TEXTS)
def test_json_within_objects_stays_json(carrier: Engine, text: str) -> None:
    rows = select(JsonObject(literal_column("'own'"), _text(text)).label("item")).subquery()
    none = select(rows.c["item"]).where(bindparam(None, value=False, type_=Boolean())).scalar_subquery()
    many = select(JsonRows(rows.c["item"])).scalar_subquery()
    number = bindparam(None, 7, type_=BigInteger())
    values = {"text": _text(text), "unknown": _text(None), "number": number, "none": none, "many": many}
    parts: list[Any] = []
    for name, value in values.items():
        parts += [literal_column(f"'{name}'"), value]
    found = _asked(carrier, select(JsonObject(*parts)))
    assert orjson.loads(found) == {"text": text, "unknown": None, "number": 7, "none": None, "many": [{"own": text}]}


@pytest.mark.parametrize(("made", "text"), [(JsonObject, "{}"), (JsonArray, "[]")])
def test_what_has_no_values_is_empty(carrier: Engine, made: Any, text: str) -> None:
    assert _asked(carrier, select(made())) == text


@pytest.mark.parametrize("at", _INSTANTS)
def test_instants_are_written_as_python_does(carrier: Engine, at: datetime) -> None:
    shown = InstantText(bindparam(None, at, type_=Instant()))
    found = _asked(carrier, select(JsonArray(shown, InstantText(bindparam(None, None, type_=Instant())))))
    assert orjson.loads(found) == [at.isoformat(), None]
    assert _asked(carrier, select(shown)) == at.isoformat()


def test_no_rows_are_an_empty_array(carrier: Engine) -> None:
    rows = select(JsonArray(_text("a")).label("item")).where(bindparam(None, value=False, type_=Boolean())).subquery()
    assert _asked(carrier, select(JsonRows(rows.c["item"]))) == "[]"


def _asked(engine: Engine, statement: Any) -> Any:
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SET TIME ZONE 'UTC'")
        return connection.scalar(statement)
