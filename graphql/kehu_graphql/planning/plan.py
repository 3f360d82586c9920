"""Plans: the statements of one query, ready for a driver, and what makes an answer of their rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson
from graphql.execution.collect_fields import FieldDetailsList
from graphql.execution.values import VariableValues
from sqlalchemy import Dialect, Select, bindparam, select
from sqlalchemy.engine.interfaces import DBAPICursor

from kehu.reader.conditions import Condition, Every
from kehu.reader.customer_pages import Order, counted, order_keys
from kehu.reader.keyset import Key, Window, beyond, ordering
from kehu.reader.walks import is_found_first, page_ids, sorted_sql
from kehu.tables.facts import customers
from kehu_graphql.nodes import split_node_id
from kehu_graphql.planning.compiling import Compiler, Source, Take, parsed
from kehu_graphql.planning.conditions import with_parameters
from kehu_graphql.planning.json_sql import JsonRows, as_answer, as_text
from kehu_graphql.planning.shown import NotPlannedError
from kehu_graphql.planning.statements import Parameters, Statement, finished
from kehu_graphql.planning.sweep import Asking
from kehu_graphql.planning.swept_fields import OWN, SweptFields, swept_fields
from kehu_graphql.roots.customers import customer_cursors

_ROOT = Source(customers, is_root=True)
# One index leads through these orders; for any other, a page's customers are found before their lists are read.
_WALKED = ("name", "id")


@dataclass(frozen=True, slots=True)
class RootPlan:
    """One root field: its statements, where their parameters come from, and what makes its value of their rows.

    `swept` are the fields that the first statement's rows lack. `rows` are the most that are read for it, by indexes
    alone; None where there may be any number.
    `made` raises NotPlannedError where only resolvers can tell.
    """

    statements: tuple[Statement, ...]
    takes: tuple[Take, ...]
    made: Callable[[Sequence[Sequence[Any]]], Any]
    swept: SweptFields | None = None
    rows: int | None = None

    def parameters(self, variables: VariableValues, values: Sequence[Any]) -> dict[str, Any]:
        """What the statements are filled with; `values` are those taken out of the condition."""
        found = {f"where{place}": value for place, value in enumerate(values)}
        for take in self.takes:
            found.update(take(variables))
        return found

    def answer_swept(self, cursor: DBAPICursor, given: Parameters, asking: Asking) -> Any:
        """The root field's value, within a transaction over whose connection `asking` reads."""
        found: list[Any] = [statement.rows(cursor, given) for statement in self.statements]
        if self.swept is not None:
            found[0] = [list(row) for row in found[0]]
            self.swept.fill(found[0], asking)
        return self.made(found)


def one_customer(compiler: Compiler, dialect: Dialect, details: FieldDetailsList) -> RootPlan:
    """`customer(id:)`, or `node(id:)` where the id is a customer's; a former uid is left to resolvers."""
    field = details[0].node.name.value
    wanted = compiler.taken("Query", details, "id")

    def take(variables: VariableValues) -> dict[str, Any]:
        given = wanted(variables)
        found, key = split_node_id(given)
        if found != "Customer" and field == "node":
            raise NotPlannedError(given)
        return {"uid": key if found == "Customer" else given}

    compiler.takes.append(take)
    shape = compiler.shape("Customer", details, _ROOT)
    most = _rows_read(compiler, 1)
    found = select().select_from(customers).where(customers.c.uid == bindparam("uid", value=""))
    ready = shape.ready()
    if ready is not None:
        whole = finished(found.add_columns(as_answer(ready, dialect)), dialect, is_whole=True)
        return RootPlan((whole,), tuple(compiler.takes), _only_row(lambda row: orjson.Fragment(row[0])), rows=most)
    places = shape.swept(start=0)
    columns = [
        as_text(column) if is_json else column for column, is_json in (*shape.columns(), *(OWN if places else ()))
    ]
    fill = shape.reader(start=0, parse=parsed)
    swept = swept_fields(places, shape.width, 1, dialect)
    statement = finished(found.add_columns(*columns), dialect)
    return RootPlan((statement,), tuple(compiler.takes), _only_row(lambda row: fill(list(row))), swept, most)


def _only_row(fill: Callable[[Sequence[Any]], Any]) -> Callable[[Sequence[Sequence[Any]]], Any]:
    """What makes a customer of the one row that a statement finds."""

    def made(found: Sequence[Sequence[Any]]) -> Any:
        (rows,) = found
        if not rows:
            raise NotPlannedError("no such uid")
        return fill(rows[0])

    return made


def many_customers(
    compiler: Compiler, dialect: Dialect, details: FieldDetailsList, form: Condition, order: tuple[Order, ...]
) -> RootPlan:
    """`customers(…)` under conditions of one form."""
    cursors = customer_cursors(order)
    wanted = with_parameters(form, "where")
    window = compiler.window("Query", details, cursors)
    page = compiler.page("CustomerConnection", "Customer", details, _ROOT, window)
    ready = page.ready()
    # What the plan keeps refers to no more of the page than this.
    needs_rows, needs_total = page.needs_rows, page.needs_total
    is_walked = form == Every() and order[0].field in _WALKED
    is_bounded = is_walked and not page.needs_total
    most = _rows_read(compiler, window.size) if is_bounded else None
    count = counted(wanted)
    if ready is not None:
        asked = replace(window, size=window.size - 1)
        rows = _rows([(ready, True)], order_keys(order), asked, wanted, walked=is_walked)
        nodes = select(JsonRows(rows.subquery().c[0])).scalar_subquery()
        answer = select(as_answer(page.ready_page(nodes, count.scalar_subquery()), dialect))
        whole = finished(answer, dialect, is_whole=True)
        return RootPlan((whole,), tuple(compiler.takes), lambda found: orjson.Fragment(found[0][0][0]), rows=most)
    statements: list[Select[Any]] = []
    if needs_rows:
        columns = [*page.columns(), *(OWN if page.swept() else ())]
        statements.append(_rows(columns, order_keys(order), window, wanted, walked=is_walked))
    if needs_total:
        statements.append(count)
    make = page.maker(cursors, parse=parsed)

    def made(found: Sequence[Sequence[Any]]) -> Any:
        rows = [list(row) for row in found[0]] if needs_rows else []
        total = found[-1][0][0] if needs_total else None
        return make(rows, total)

    swept = swept_fields(page.swept(), len(page.columns()), window.size, dialect)
    # A count is one row already.
    is_packed = dialect.name == "sqlite" and needs_rows
    kept = [finished(each, dialect, is_packed=is_packed and place == 0) for place, each in enumerate(statements)]
    return RootPlan(tuple(kept), tuple(compiler.takes), made, swept, most)


def _rows_read(compiler: Compiler, many: int) -> int | None:
    return None if compiler.list_rows is None else many * (1 + compiler.list_rows)


def _rows(
    columns: Sequence[tuple[Any, bool]], keys: Sequence[Key], window: Window, condition: Condition, *, walked: bool
) -> Select[Any]:
    limit = window.size + 1
    order = ordering(keys, backward=window.backward)
    shown = [as_text(column) if is_json else column for column, is_json in columns]
    named = [each.label(f"v{place}") for place, each in enumerate([*shown, *(key.column for key in keys)])]
    statement = select(*named).select_from(customers).order_by(*order)
    if is_found_first(condition, keys, limit):
        return statement.where(customers.c.id.in_(page_ids(condition, keys, window))).limit(limit)
    wanted = [sorted_sql(condition, limit)]
    if window.beside is not None:
        wanted.append(beyond(keys, window.beside, backward=window.backward))
    if walked or not any(is_json for _, is_json in columns):
        return statement.where(*wanted).limit(limit)
    # Else lists would be read for every row that is sorted.
    picked = select(customers.c.id).where(*wanted).order_by(*order).limit(limit).correlate(None)
    return statement.where(customers.c.id.in_(picked))
