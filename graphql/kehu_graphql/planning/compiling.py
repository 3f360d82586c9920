"""A selection of fields compiled to columns of one statement."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import orjson
from graphql import GraphQLObjectType, GraphQLSchema, VariableNode, get_named_type
from graphql.execution.collect_fields import FieldDetailsList
from graphql.execution.values import VariableValues, get_argument_values
from sqlalchemy import ColumnElement, bindparam, literal_column, null, select
from sqlalchemy.sql import FromClause

from kehu.reader.keyset import Key, KeyValues, Window, ordering
from kehu.reader.listings import Listing, chosen_ids, listing_keys, one_count, walked_straight
from kehu.tables.columns import Instant
from kehu.tables.facts import customers
from kehu_graphql.connections import checked_size
from kehu_graphql.cursors import Cursors
from kehu_graphql.lean import LeanExecutor
from kehu_graphql.planning.json_sql import InstantText, JsonArray, JsonRows, Micros, as_text
from kehu_graphql.planning.pages import PagePlan
from kehu_graphql.planning.shaping import Element, PageElement, Shape
from kehu_graphql.planning.shown import NotPlannedError
from kehu_graphql.planning.sweep import Sweeper
from kehu_graphql.planning.table import PLANNED, Link, Pages, Parts, Value

Take = Callable[[VariableValues], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a selection's columns come from; lists hang on the statement's own customers alone."""

    columns: FromClause
    is_root: bool


@dataclass(slots=True)
class Compiler:
    """Compiles the fields of one root field; `takes` fill in the statement's parameters from variables.

    What it makes is kept for other requests, and refers to nothing of this one's.
    """

    schema: GraphQLSchema
    executor: LeanExecutor
    variables: VariableValues
    dialect: str
    sweeper: Sweeper
    takes: list[Take] = field(default_factory=list)
    list_rows: int | None = 0

    def shape(self, kind: str, details: FieldDetailsList, source: Source) -> Shape:
        """The object of a planned type; NotPlannedError where one below the statement's own has a field without SQL."""
        names, elements = [], []
        for name, each in self.fields(kind, details).items():
            names.append(name)
            elements.append(self._element(kind, each, source) if source.is_root else self._stated(kind, each, source))
        if not names:
            raise NotPlannedError(f"nothing of a {kind}")
        return Shape(tuple(names), tuple(elements))

    def fields(self, kind: str, details: FieldDetailsList) -> Mapping[str, FieldDetailsList]:
        """The selected fields of a type by the names they have in the answer."""
        return self.executor.collect_subfields(self._type(kind), details).grouped_field_set

    def arguments(self, kind: str, details: FieldDetailsList) -> dict[str, Any]:
        """A field's arguments, as the request has them that the plan is made for."""
        node = details[0].node
        return get_argument_values(self._type(kind).fields[node.name.value], node, self.variables)

    def taken(self, kind: str, details: FieldDetailsList, name: str) -> Callable[[VariableValues], Any]:
        """What reads one argument of a field under the variables of a request, which has it."""
        node = details[0].node
        definition = self._type(kind).fields[node.name.value]
        written = {each.name.value: each.value for each in node.arguments or ()}.get(name)
        variable = written.name.value if isinstance(written, VariableNode) else None

        def value(variables: VariableValues) -> Any:
            given = None if variable is None else variables.coerced.get(variable)
            if given is not None:
                return given
            return get_argument_values(definition, node, variables)[name]

        return value

    def window(self, kind: str, details: FieldDetailsList, cursors: Cursors) -> Window:
        """The page asked for, its cursor a parameter."""
        given = self.arguments(kind, details)
        backward = given.get("last") is not None or given.get("before") is not None
        if backward and (given.get("first") is not None or given.get("after") is not None):
            raise NotPlannedError("pages go one way")
        word = "before" if backward else "after"
        size = checked_size("first", given.get("last" if backward else "first"))
        if given.get(word) is None:
            return Window(size, None, backward)
        prefix = f"cursor{len(self.takes)}_"
        self.takes.append(self._cursor_taker(kind, details, word, cursors, prefix))
        return Window(size, _parameters(cursors, given[word], prefix), backward)

    def page(self, kind: str, node: str, details: FieldDetailsList, source: Source, window: Window) -> PagePlan:
        """What a connection's selection asks of each row, and how it is put together."""
        plan = PagePlan(self, node, source, window)
        plan.compile(kind, details)
        return plan

    def _element(self, kind: str, details: FieldDetailsList, source: Source) -> Element | PageElement:
        """A field of the statement's own customers: what has no SQL is swept, all of them at once."""
        try:
            return self._stated(kind, details, source)
        except NotPlannedError:
            return Element(null(), swept=self.sweeper.field(self._type(kind), details))

    def _stated(self, kind: str, details: FieldDetailsList, source: Source) -> Element | PageElement:
        name = details[0].node.name.value
        if name == "__typename":
            constant: ColumnElement[Any] = literal_column(f"'{kind}'")
            return Element(constant, ready=constant)
        match PLANNED[kind].get(name):
            case Value(columns, shown) as value:
                sql = self._value(columns, source, is_instant=value.is_instant)
                sql = as_text(sql) if value.as_text else sql
                shows = InstantText(sql) if value.is_instant and not isinstance(sql, InstantText) else sql
                return Element(sql, is_json=len(columns) > 1, convert=shown, ready=shows if shown is None else None)
            case Parts(columns, made):
                sql = self._value(columns, source)
                return Element(sql, is_json=True, convert=self._projected(kind, details, made))
            case Link() as link:
                return self._link(link, details, source)
            case Pages() as pages:
                return self._pages(kind, pages, details, source)
            case _:
                raise NotPlannedError(name)

    def _value(self, names: Sequence[str], source: Source, *, is_instant: bool = False) -> ColumnElement[Any]:
        columns = [source.columns.c[name] for name in names]
        if len(columns) > 1:
            return JsonArray(*(Micros(each) if isinstance(each.type, Instant) else each for each in columns))
        # PostgreSQL's driver hands over instants, which are written out quicker than its server makes text of them.
        bare = not is_instant or (source.is_root and self.dialect == "postgresql")
        return columns[0] if bare else InstantText(columns[0])

    def _projected(self, kind: str, details: FieldDetailsList, made: Callable[[Any], Any]) -> Callable[[Any], Any]:
        inner = self._inner(kind, details)
        asked = {name: each[0].node.name.value for name, each in self.fields(inner, details).items()}

        def one(value: Mapping[str, Any]) -> dict[str, Any]:
            return {name: inner if field == "__typename" else value[field] for name, field in asked.items()}

        def projected(values: Any) -> Any:
            found = made(values)
            if found is None:
                return None
            return [one(each) for each in found] if isinstance(found, list) else one(found)

        return projected

    def _link(self, link: Link, details: FieldDetailsList, source: Source) -> Element:
        there = link.table.alias()
        shape = self.shape(link.kind, details, Source(there, is_root=False))
        row = JsonArray(*(column for column, _ in shape.columns()))
        whole = shape.ready()

        def found(column: ColumnElement[Any]) -> ColumnElement[Any]:
            named = select(column).where(there.c[link.key] == source.columns.c[link.column])
            return named.correlate(source.columns).scalar_subquery()

        ready = None if whole is None else found(whole)
        return Element(found(row), is_json=True, convert=shape.reader(start=0, parse=None), ready=ready)

    def _pages(self, kind: str, pages: Pages, details: FieldDetailsList, source: Source) -> Element | PageElement:
        if not source.is_root:
            raise NotPlannedError("a list below a list")
        listed = pages.chosen(self.arguments(kind, details))
        window = self.window(kind, details, listed.cursors())
        inner = Source(pages.table, is_root=False)
        plan = self.page(self._inner(kind, details), pages.kind, details, inner, window)
        self._add_rows(listed.listing, window, is_counted=plan.needs_total)
        ready = plan.ready()
        if ready is not None:
            nodes = _listed(listed.listing, replace(window, size=window.size - 1), ready)
            whole = plan.ready_page(nodes, one_count(listed.listing))
            return Element(whole, is_json=True, ready=whole, is_whole=True)
        total = one_count(listed.listing) if plan.needs_total else None
        if not plan.needs_rows:
            return PageElement(None, total, plan.maker(listed.cursors(), parse=None))
        keys = listing_keys(listed.listing) if plan.needs_cursors else ()
        item = JsonArray(*(column for column, _ in plan.columns()), *map(_key_value, keys))
        return PageElement(_listed(listed.listing, window, item), total, plan.maker(listed.cursors(), parse=None))

    def _add_rows(self, listing: Listing[Any], window: Window, *, is_counted: bool) -> None:
        is_bounded = not is_counted and listing.only is None and walked_straight(listing, window) is not None
        self.list_rows = self.list_rows + window.size if is_bounded and self.list_rows is not None else None

    def _inner(self, kind: str, details: FieldDetailsList) -> str:
        name: str = get_named_type(self._type(kind).fields[details[0].node.name.value].type).name
        return name

    def _type(self, kind: str) -> GraphQLObjectType:
        found = self.schema.type_map[kind]
        if not isinstance(found, GraphQLObjectType):
            raise NotPlannedError(kind)
        return found

    def _cursor_taker(self, kind: str, details: FieldDetailsList, word: str, cursors: Cursors, prefix: str) -> Take:
        cursor = self.taken(kind, details, word)

        def take(variables: VariableValues) -> dict[str, Any]:
            values = cursors.read(cursor(variables))
            return {f"{prefix}{place}": value for place, value in enumerate(values) if value is not None}

        return take


def _parameters(cursors: Cursors, cursor: str, prefix: str) -> KeyValues:
    """A parameter for each value of the cursor that is known; which are not decides what the statement says."""
    found = [
        None if value is None else bindparam(f"{prefix}{place}", None, type_=Instant() if kind == "instant" else None)
        for place, (kind, value) in enumerate(zip(cursors.kinds, cursors.read(cursor), strict=True))
    ]
    return cast("KeyValues", tuple(found))


def _listed(listing: Listing[Any], window: Window, item: ColumnElement[Any]) -> ColumnElement[Any]:
    """The items of a customer's window as the text of one array."""
    straight = walked_straight(listing, window)
    rows = select(item.label("item")).select_from(listing.source)
    if straight is None:
        rows = rows.where(listing.id.in_(chosen_ids(listing, window)))
    else:
        rows = rows.where(straight).correlate(customers)
    ordered = rows.order_by(*ordering(listing_keys(listing), backward=window.backward))
    page = ordered.limit(window.size + 1).subquery()
    return select(JsonRows(page.c.item)).scalar_subquery()


def _key_value(key: Key) -> ColumnElement[Any]:
    return Micros(key.column) if isinstance(key.column.type, Instant) else key.column


def parsed(text: Any) -> Any:
    """JSON as drivers hand it over."""
    return orjson.loads(text)
