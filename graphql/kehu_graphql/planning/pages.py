"""A connection's selection: what it needs of each row, and how the answer is made of the rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from graphql.execution.collect_fields import FieldDetailsList
from sqlalchemy import ColumnElement, literal_column

from kehu.reader.keyset import Window
from kehu_graphql.cursors import Cursors
from kehu_graphql.planning.json_sql import JsonObject
from kehu_graphql.planning.shaping import PageParts, PageRows, Row, Shape, cut
from kehu_graphql.planning.shown import NotPlannedError
from kehu_graphql.planning.sweep import Column

if TYPE_CHECKING:
    from kehu_graphql.planning.compiling import Compiler, Source


@dataclass(slots=True)
class PagePlan:
    """A connection's selection: what it needs of each row, and the parts of the answer made of the rows."""

    compiler: "Compiler"
    node: str
    source: "Source"
    window: Window
    shapes: list[Shape] = field(default_factory=list)
    needs_rows: bool = False
    needs_cursors: bool = False
    needs_total: bool = False
    needs_place: bool = False
    is_plain: bool = True
    ready_makes: dict[str, Callable[[ColumnElement[Any], ColumnElement[Any]], ColumnElement[Any]]] = field(
        default_factory=dict
    )
    makes: dict[str, Callable[[Callable[[Any], Any] | None], Callable[[PageRows], Any]]] = field(default_factory=dict)

    def compile(self, kind: str, details: FieldDetailsList) -> None:
        """Reads the selection; NotPlannedError for what plans do not answer."""
        for name, each in self.compiler.fields(kind, details).items():
            match each[0].node.name.value:
                case "__typename":
                    self.makes[name] = _constant(kind)
                    self.ready_makes[name] = lambda _nodes, _total: literal_column(f"'{kind}'")
                case "totalCount":
                    # To be counted once.
                    self.is_plain = self.is_plain and not self.needs_total
                    self.needs_total = True
                    self.makes[name] = lambda _: lambda page: page.total
                    self.ready_makes[name] = lambda _nodes, total: total
                case "nodes":
                    self.makes[name] = self._nodes(each)
                    self.ready_makes[name] = lambda nodes, _total: nodes
                case "edges":
                    self.makes[name] = self._edges(each)
                case "pageInfo":
                    self.makes[name] = self._page_info(each)
                case other:
                    raise NotPlannedError(other)

    def columns(self) -> list[tuple[ColumnElement[Any], bool]]:
        """What the rows are made of, before their keys."""
        return [column for shape in self.shapes for column in shape.columns()]

    def swept(self) -> list[tuple[int, Column]]:
        """The places in rows whose values are swept."""
        found, start = [], 0
        for shape in self.shapes:
            found += shape.swept(start=start)
            start += shape.width
        return found

    def maker(
        self, cursors: Cursors, *, parse: Callable[[Any], Any] | None
    ) -> Callable[[Sequence[Row], int | None], dict[str, Any]]:
        """Makes the connection of its rows and their count; cursors are made of the values at a row's end."""
        keys, beside, backward, size = len(cursors.kinds), self.window.beside, self.window.backward, self.window.size
        parts = PageParts({name: make(parse) for name, make in self.makes.items()})

        def cursor(row: Row) -> str:
            return cursors.write(row[-keys:])

        def made(rows: Sequence[Row], total: int | None) -> dict[str, Any]:
            kept, following, preceding = cut(rows, size, beside=beside is not None, backward=backward)
            return parts(PageRows(kept, cursor, following, preceding, total))

        return made

    def ready(self) -> ColumnElement[Any] | None:
        """A node as JSON made by the database, where nothing but nodes and a count is asked for; else None."""
        plain = self.is_plain and not (self.needs_place or self.window.backward)
        return self.shapes[0].ready() if plain and len(self.shapes) == 1 else None

    def ready_page(self, nodes: ColumnElement[Any], total: ColumnElement[Any]) -> ColumnElement[Any]:
        """The connection as JSON made by the database, of the array of its nodes and their count."""
        parts: list[ColumnElement[Any]] = []
        for name, make in self.ready_makes.items():
            parts += [literal_column(f"'{name}'"), make(nodes, total)]
        return JsonObject(*parts)

    def _shape(self, details: FieldDetailsList) -> Callable[[Callable[[Any], Any] | None], Callable[[Row], Any]]:
        self.needs_rows = True
        shape = self.compiler.shape(self.node, details, self.source)
        start = len(self.columns())
        self.shapes.append(shape)
        return lambda parse: shape.reader(start=start, parse=parse)

    def _nodes(self, details: FieldDetailsList) -> Callable[..., Callable[[PageRows], Any]]:
        shape = self._shape(details)

        def make(parse: Callable[[Any], Any] | None) -> Callable[[PageRows], Any]:
            fill = shape(parse)
            return lambda page: list(map(fill, page.rows))

        return make

    def _edges(self, details: FieldDetailsList) -> Callable[..., Callable[[PageRows], Any]]:
        self.needs_rows = self.needs_place = True
        edge = f"{self.node}Edge"
        asked: list[tuple[str, Any]] = []
        for name, each in self.compiler.fields(edge, details).items():
            match each[0].node.name.value:
                case "__typename":
                    asked.append((name, edge))
                case "cursor":
                    self.needs_cursors = True
                    asked.append((name, None))
                case _:
                    asked.append((name, self._shape(each)))

        def make(parse: Callable[[Any], Any] | None) -> Callable[[PageRows], Any]:
            fills = [(name, part(parse) if callable(part) else part) for name, part in asked]

            def one(page: PageRows, row: Row) -> dict[str, Any]:
                return {
                    name: page.cursor(row) if fill is None else fill if isinstance(fill, str) else fill(row)
                    for name, fill in fills
                }

            return lambda page: [one(page, row) for row in page.rows]

        return make

    def _page_info(self, details: FieldDetailsList) -> Callable[..., Callable[[PageRows], Any]]:
        self.needs_rows = self.needs_place = True
        asked = {name: each[0].node.name.value for name, each in self.compiler.fields("PageInfo", details).items()}
        self.needs_cursors = self.needs_cursors or not {"startCursor", "endCursor"}.isdisjoint(asked.values())

        def make(page: PageRows) -> dict[str, Any]:
            return {name: _PAGE_INFO[field](page) for name, field in asked.items()}

        return lambda _: make


_PAGE_INFO: dict[str, Callable[[PageRows], Any]] = {
    "__typename": lambda _: "PageInfo",
    "hasNextPage": lambda page: page.has_next,
    "hasPreviousPage": lambda page: page.has_previous,
    "startCursor": lambda page: page.cursor(page.rows[0]) if page.rows else None,
    "endCursor": lambda page: page.cursor(page.rows[-1]) if page.rows else None,
}


def _constant(value: str) -> Callable[..., Callable[[PageRows], Any]]:
    return lambda _: lambda _page: value
