"""A source: the declaration of how one departmental export maps to the graph."""

from dataclasses import dataclass
from datetime import time

from kehu.model.feature_types import Label
from kehu.model.graph import Entity, Field
from kehu.model.problems import Place


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the export, and where the declaration names it."""

    name: str
    place: Place


@dataclass(frozen=True, slots=True)
class Missing:
    """Cells that mean "unknown": exact texts, and patterns in which * stands for any text."""

    words: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cell:
    """A value taken from one column, or from several joined by `join` (those that are empty left out).

    `missing` adds to the source's own. `words` maps a cell's text to the value; `otherwise` is the value of
    every other known cell, `absent` that of a missing one. `at` is the local time of day of a date without one.
    """

    columns: tuple[Column, ...]
    join: str = ""
    missing: Missing = Missing()
    dates: tuple[str, ...] = ()
    at: time | None = None
    unit: str = ""
    words: tuple[tuple[str, str], ...] = ()
    otherwise: str | None = None
    absent: str | None = None


@dataclass(frozen=True, slots=True)
class Constant:
    """The same value for every row, written as a cell would be."""

    value: str


@dataclass(frozen=True, slots=True)
class Key:
    """A key from columns and constants; several parts are joined by |, with | and \\ inside a part escaped.

    Null when any column of it is missing.
    """

    parts: tuple[Column | Constant, ...]
    missing: Missing = Missing()


@dataclass(frozen=True, slots=True)
class Party:
    """A mention of a customer, or a reference to one: the parts that are mapped."""

    parts: "tuple[FieldMap, ...]"


@dataclass(frozen=True, slots=True)
class Choice:
    """A party picked row by row: `cell.words` give the index, as text, of the option.

    An option is a party of its own, or the name of another party field of the same record.
    """

    cell: Cell
    options: tuple[Party | str, ...]


Value = Cell | Constant | Key | Party | Choice


@dataclass(frozen=True, slots=True)
class FieldMap:
    """Where one field of a record comes from."""

    field: Field
    value: Value
    place: Place


@dataclass(frozen=True, slots=True)
class Condition:
    """A test on a row's cell: `words` it is one of (none of them if not `wanted`).

    Without words: the cell is known (missing, if not `wanted`). A missing cell is one of no words.
    """

    column: Column
    words: tuple[str, ...] | None
    wanted: bool = True


@dataclass(frozen=True, slots=True)
class RecordMap:
    """One record of each row for which all of `when` hold."""

    entity: Entity
    key: Key
    fields: tuple[FieldMap, ...]
    when: tuple[Condition, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How to open the files; which options count depends on the format. `skip`: lines above the header."""

    encoding: str = "utf-8"
    delimiter: str = ","
    skip: int = 0
    sheets: tuple[str, ...] = ()
    table: str = ""
    query: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """One checked `sources/*.yaml` file. `files` are glob patterns relative to the workspace.

    `exported` is their name with directives for the date of the export, '' where it tells none.
    `required` columns must be known in every row. `timezone` is that of instants written without one;
    `digest` changes when the file's text does.
    """

    name: str
    system: str
    label: Label
    format: str
    files: tuple[str, ...]
    options: ReadOptions
    timezone: str
    currency: str
    missing: Missing
    required: tuple[Column, ...]
    records: tuple[RecordMap, ...]
    path: str
    digest: str
    exported: str = ""

    def columns(self) -> tuple[Column, ...]:
        """Every column the declaration names, each once, at its first place."""
        first: dict[str, Column] = {}
        for column in (*(column for record in self.records for column in _record_columns(record)), *self.required):
            first.setdefault(column.name, column)
        return tuple(first.values())


def field_columns(value: Value) -> tuple[Column, ...]:
    """The columns a value is taken from, in the order they are written."""
    match value:
        case Cell(columns=columns):
            return columns
        case Key(parts=parts):
            return tuple(part for part in parts if isinstance(part, Column))
        case Party(parts=fields):
            return tuple(column for field in fields for column in field_columns(field.value))
        case Choice(cell=cell, options=options):
            parties = (option for option in options if isinstance(option, Party))
            return cell.columns + tuple(column for party in parties for column in field_columns(party))
        case _:
            return ()


def _record_columns(record: RecordMap) -> tuple[Column, ...]:
    mapped = tuple(column for field in record.fields for column in field_columns(field.value))
    return (*field_columns(record.key), *mapped, *(condition.column for condition in record.when))
