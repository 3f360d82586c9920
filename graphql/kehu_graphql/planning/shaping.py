"""Rows of a plan made into the objects of an answer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import ColumnElement, literal_column

from kehu_graphql.planning.json_sql import JsonObject
from kehu_graphql.planning.sweep import Column

Row = list[Any]
Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Element:
    """A value of a row: its SQL, whether that is JSON, and what becomes of it where it is not null.

    `ready` is SQL that needs nothing more to stand in an answer; None where there is none. Where the value `is_whole`
    it is that already, as JSON. Where it is `swept`, rows get in its place what the sweep shows.
    """

    sql: ColumnElement[Any]
    is_json: bool = False
    convert: Convert | None = None
    ready: ColumnElement[Any] | None = None
    swept: Column | None = None
    is_whole: bool = False


@dataclass(frozen=True, slots=True)
class PageElement:
    """A page of a list in a row: the SQL of its rows and of their count, where they are asked for."""

    rows: ColumnElement[Any] | None
    total: ColumnElement[Any] | None
    made: Callable[[Any, int | None], Any]


@dataclass(slots=True)
class Shape:
    """The object of one selection: the names of its fields in order, and how each is filled."""

    names: tuple[str, ...]
    elements: tuple[Element | PageElement, ...]
    width: int = field(init=False)

    def __post_init__(self) -> None:
        self.width = len(self.columns())

    def columns(self) -> list[tuple[ColumnElement[Any], bool]]:
        """What to select, in order, and which of it is JSON: a value a field, then the counts of pages."""
        found = [_column(each) for each in self.elements]
        return found + [(each.total, False) for each in self._pages() if each.total is not None]

    def swept(self, *, start: int) -> list[tuple[int, Column]]:
        """The places in rows whose values are swept, where the shape's columns begin at `start`."""
        found = enumerate(self.elements, start)
        return [(place, each.swept) for place, each in found if isinstance(each, Element) and each.swept is not None]

    def reader(self, *, start: int, parse: Callable[[Any], Any] | None) -> Callable[[Row], dict[str, Any]]:
        """Makes the object of a row in which the shape's columns begin at `start`; `parse` reads JSON in it."""
        plain: list[tuple[int, Convert]] = []
        paged: list[tuple[int, int | None, Convert | None, Callable[[Sequence[Row], int | None], Any]]] = []
        beyond = start + len(self.elements)
        for place, each in enumerate(self.elements, start):
            if isinstance(each, PageElement):
                paged.append((place, None if each.total is None else beyond, parse, each.made))
                beyond += each.total is not None
            elif (convert := _parsed(each, parse)) is not None:
                plain.append((place, convert))
        return _filled(self.names, start, plain, paged)

    def ready(self) -> ColumnElement[Any] | None:
        """The whole object as JSON made by the database; None where some of it needs more."""
        parts: list[ColumnElement[Any]] = []
        for name, each in zip(self.names, self.elements, strict=True):
            if not isinstance(each, Element) or each.ready is None:
                return None
            parts += [literal_column(f"'{name}'"), each.ready]
        return JsonObject(*parts)

    def _pages(self) -> list[PageElement]:
        return [each for each in self.elements if isinstance(each, PageElement)]


def _column(each: Element | PageElement) -> tuple[ColumnElement[Any], bool]:
    if isinstance(each, Element):
        return each.sql, each.is_json
    return (literal_column("NULL") if each.rows is None else each.rows), each.rows is not None


def _parsed(each: Element, parse: Callable[[Any], Any] | None) -> Convert | None:
    if each.is_whole:
        return orjson.Fragment
    convert = each.convert
    if not each.is_json or parse is None:
        return convert
    if convert is None:
        return parse
    return lambda value: convert(parse(value))


def _filled(
    names: tuple[str, ...],
    start: int,
    plain: Sequence[tuple[int, Convert]],
    paged: Sequence[tuple[int, int | None, Convert | None, Callable[[Sequence[Row], int | None], Any]]],
) -> Callable[[Row], dict[str, Any]]:
    def filled(row: Row) -> dict[str, Any]:
        for place, convert in plain:
            value = row[place]
            if value is not None:
                row[place] = convert(value)
        for place, total, parse, made in paged:
            rows = row[place] or ()
            row[place] = made(parse(rows) if parse and rows else rows, None if total is None else row[total])
        return dict(zip(names, row[start:] if start else row, strict=False))

    def taken(row: Row) -> dict[str, Any]:
        return dict(zip(names, row, strict=False))

    return filled if plain or paged or start else taken


@dataclass(frozen=True, slots=True)
class PageParts:
    """What a connection's selection asks for: each field by its name, made of the page's rows."""

    fields: Mapping[str, Callable[["PageRows"], Any]]

    def __call__(self, page: "PageRows") -> dict[str, Any]:
        return {name: made(page) for name, made in self.fields.items()}


@dataclass(frozen=True, slots=True)
class PageRows:
    """The rows of a page in the list's order, their cursors, and where the page stands."""

    rows: Sequence[Row]
    cursor: Callable[[Row], str]
    has_next: bool
    has_previous: bool
    total: int | None


def cut(rows: Sequence[Row], size: int, *, beside: bool, backward: bool) -> tuple[Sequence[Row], bool, bool]:
    """The page's rows in list order, and whether something follows and precedes them."""
    kept, more = rows[:size], len(rows) > size
    if backward:
        return kept[::-1], beside, more
    return kept, more, beside
