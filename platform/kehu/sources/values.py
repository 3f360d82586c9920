"""Reads where one field comes from: a column, columns joined, a constant, a key."""

from datetime import time

from kehu.model.graph import Field
from kehu.model.yaml_nodes import Items, Mapping, Node, Scalar
from kehu.sources.dates import format_fault, has_offset, has_time
from kehu.sources.reading import Reading, read_columns, read_missing, read_scalars, read_text
from kehu.sources.source import Cell, Column, Constant, Key, Value
from kehu.sources.targets import check_target
from kehu.sources.units import MONEY_UNITS, WEIGHT_UNITS, money_unit

_MAPPABLE = {"text", "word", "boolean", "integer", "employee"}

CELL_KEYS: dict[str, str] = {
    "column": "the column the value is taken from",
    "columns": "several columns, joined; empty cells are left out",
    "join": "the text between joined columns",
    "missing": "further cells that mean unknown, in this field",
    "date": "the date format or formats, tried in order",
    "at": "the local time of day of a date that has none",
    "unit": "the unit the column is written in",
    "map": "what each cell means",
    "otherwise": "the value of a known cell that map does not name",
    "present": "the value of every known cell",
    "absent": "the value of a missing cell",
}


def read_value(node: Node, field: Field, reading: Reading) -> Value | None:
    """The value's declaration; None when nothing can be made of it, which is reported."""
    match node:
        case Mapping(entries=entries) if "value" in entries:
            return _constant(node, field, reading)
        case Mapping():
            return read_cell(node, field, reading)
        case Scalar():
            columns = read_columns(node, reading)
            return Cell(columns) if columns else None
        case _:
            reading.report(
                node.place,
                "bad-value",
                f"'{field.name}' needs a column or a mapping",
                "write the column's name, or {columns: [...]} to join several",
            )
            return None


def read_key(node: Node, reading: Reading) -> Key | None:
    """A key: a column, a list of columns and constants, or {column: ..., missing: ...}."""
    if isinstance(node, Mapping) and "value" not in node.entries:
        reading.check_keys(node, {"column", "columns", "missing"})
        columns = read_columns(node.get("column") or node.get("columns"), reading)
        return _some_key(node, columns, Key(columns, read_missing(node.get("missing"), reading)), reading)
    items = node.nodes if isinstance(node, Items) else (node,)
    parts: list[Column | Constant] = []
    for item in items:
        if isinstance(item, Mapping):
            reading.check_keys(item, {"value"})
            parts.append(Constant(read_text(item.get("value"), "'value'", reading)))
        else:
            parts.extend(read_columns(item, reading))
    return _some_key(node, tuple(part for part in parts if isinstance(part, Column)), Key(tuple(parts)), reading)


def _some_key(node: Node, columns: tuple[Column, ...], key: Key, reading: Reading) -> Key | None:
    if columns:
        return key
    reading.report(node.place, "bad-value", "a key needs at least one column", "name the column that tells rows apart")
    return None


def _constant(node: Mapping, field: Field, reading: Reading) -> Constant | None:
    reading.check_keys(node, {"value"})
    if field.kind in {"money", "instant"}:
        reading.report(
            node.place, "bad-value", f"'{field.name}' cannot be the same in every row", "map a column, or leave it out"
        )
        return None
    value = read_text(node.get("value"), "'value'", reading)
    check_target(value, node.entries["value"].place, field, reading)
    return Constant(value)


def read_cell(node: Mapping, field: Field, reading: Reading) -> Cell | None:
    """A cell with its conversion; None when it names no column, which is reported."""
    reading.check_keys(node, set(CELL_KEYS))
    columns = read_columns(node.get("column") or node.get("columns"), reading)
    if not columns:
        if not {"column", "columns"} & set(node.entries):
            reading.report(node.place, "missing-key", f"'{field.name}' names no column", "add 'column: <header>'")
        return None
    if "column" in node.entries and "columns" in node.entries:
        reading.report(node.keys["columns"].place, "bad-value", "'column' and 'columns' exclude each other")
    dates = _dates(node, field, reading)
    otherwise = node.get("present") or node.get("otherwise")
    return Cell(
        columns=columns,
        join=_join(node, reading),
        missing=read_missing(node.get("missing"), reading),
        dates=dates,
        at=_time_of_day(node, dates, reading),
        unit=_unit(node, field, reading),
        words=_words(node, field, reading),
        otherwise=_target(otherwise, field, reading),
        absent=_target(node.get("absent"), field, reading),
    )


def _join(node: Mapping, reading: Reading) -> str:
    join = node.get("join")
    if join is not None and "columns" not in node.entries:
        reading.report(node.keys["join"].place, "bad-value", "'join' needs 'columns'", "list the columns to join")
    return join.text if isinstance(join, Scalar) else ""


def _dates(node: Mapping, field: Field, reading: Reading) -> tuple[str, ...]:
    formats = read_scalars(node.get("date"), "'date'", reading)
    if formats and field.kind != "instant":
        reading.report(node.keys["date"].place, "bad-date-format", f"'{field.name}' is not an instant", "remove 'date'")
        return ()
    for scalar in formats:
        fault = format_fault(scalar.text)
        if fault:
            remedy = "for example '%Y-%m-%d %H:%M:%S'"
            reading.report(scalar.place, "bad-date-format", f"date format '{scalar.text}': {fault}", remedy)
    return tuple(scalar.text for scalar in formats if not format_fault(scalar.text))


def _time_of_day(node: Mapping, dates: tuple[str, ...], reading: Reading) -> time | None:
    if "at" not in node.entries:
        return None
    text = read_text(node.get("at"), "'at'", reading)
    place = node.entries["at"].place
    if dates and all(has_time(date_format) for date_format in dates):
        reading.report(place, "bad-value", "'at' is for dates without a time of day", "remove 'at'")
    try:
        at = time.fromisoformat(text)
    except ValueError:
        at = time(tzinfo=None)
        reading.report(place, "bad-value", f"'{text}' is not a time of day", 'write it as "23:59:59", in quotes')
    if at.tzinfo is not None:
        reading.report(place, "bad-value", f"'{text}' has an offset", "write the local time of day alone")
    if any(has_offset(date_format) for date_format in dates):
        reading.report(place, "bad-value", "'at' and a format with %z exclude each other", "remove one of them")
    return at


def _unit(node: Mapping, field: Field, reading: Reading) -> str:
    unit = node.get("unit")
    if unit is None:
        return ""
    name = read_text(unit, "'unit'", reading)
    fitting = _fitting_units(field, reading.currency)
    if name and name not in fitting:
        choices = f"choose one of {', '.join(fitting)}" if fitting else "remove 'unit'"
        reading.report(unit.place, "bad-unit", f"unit '{name}' does not fit '{field.name}'", choices)
        return ""
    return name


def _fitting_units(field: Field, currency: str) -> tuple[str, ...]:
    if field.kind == "money":
        return tuple(name for name in MONEY_UNITS if money_unit(name, currency))
    return tuple(WEIGHT_UNITS) if field.name.endswith("_g") else ()


def _words(node: Mapping, field: Field, reading: Reading) -> tuple[tuple[str, str], ...]:
    table = node.get("map")
    if table is None:
        return ()
    if not isinstance(table, Mapping) or not table.entries:
        reading.report(
            table.place, "bad-value", "'map' must name cells and their values", "for example {签收: delivered}"
        )
        return ()
    pairs = ((cell, _target(value, field, reading)) for cell, value in table.entries.items())
    return tuple((cell, target) for cell, target in pairs if target is not None)


def _target(node: Node | None, field: Field, reading: Reading) -> str | None:
    if node is None:
        return None
    if field.kind not in _MAPPABLE:
        reading.report(node.place, "bad-value", f"'{field.name}' cannot be mapped word by word", "map its column alone")
        return None
    text = read_text(node, "a mapped value", reading)
    check_target(text, node.place, field, reading)
    return text or None
