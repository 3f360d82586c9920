"""The single values of a record: which column each becomes and how it is converted."""

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from kehu.model.graph import LONGEST_NAME, Field
from kehu.sources.source import Cell, Choice, Column, Constant, FieldMap, Key, Party, RecordMap, Source, field_columns
from kehu.sources.units import WEIGHT_UNITS, Unit, money_unit
from kehu_loaders.amounts import NumberRule, number
from kehu_loaders.cells import cell_text, without_missing
from kehu_loaders.conversion import Conversion
from kehu_loaders.instants import instant
from kehu_loaders.words import boolean, short_enough, translated, word


@dataclass(frozen=True, slots=True)
class Leaf:
    """One output column: its conversion and the columns it is taken from, for findings.

    `needed_by` is the entity that cannot do without it, or ''. `chosen` limits findings to rows that use it.
    """

    output: str
    columns: tuple[str, ...]
    conversion: Conversion
    needed_by: str = ""
    chosen: pl.Expr | None = None


def record_leaves(record: RecordMap, source: Source, schema: pl.Schema) -> list[Leaf]:
    """Every leaf of a record: its key first, then its fields' values."""
    key = Leaf("key", _names(record.key), _key(record.key, schema), needed_by=record.entity)
    return [key, *(leaf for field in record.fields for leaf in _field_leaves(field, record, source, schema))]


def choice_column(field: Field) -> str:
    """The column holding which option of a choice a row takes."""
    return f"?{field.name}"


def option_prefix(field: Field, index: int) -> str:
    """What the columns of a choice's own party begin with."""
    return f"?{field.name}{index}"


def _field_leaves(field_map: FieldMap, record: RecordMap, source: Source, schema: pl.Schema) -> Iterator[Leaf]:
    field = field_map.field
    match field_map.value:
        case Party() as party:
            yield from _party_leaves(party, field.name, (source, schema), None)
        case Choice(cell=cell, options=options) as choice:
            text = _text(cell, schema)
            picked = word(text, Field(field.name), cell)
            yield Leaf(choice_column(field), _names(choice.cell), _absent(picked, cell))
            for index, option in enumerate(options):
                if isinstance(option, Party):
                    chosen = _absent(picked, cell).value == str(index)
                    yield from _party_leaves(option, option_prefix(field, index), (source, schema), chosen)
        case value:
            needed = record.entity if field.required else ""
            yield Leaf(field.name, _names(value), _conversion(field, value, source, schema), needed)


def _party_leaves(
    party: Party, prefix: str, at_hand: tuple[Source, pl.Schema], chosen: pl.Expr | None
) -> Iterator[Leaf]:
    for part in party.parts:
        conversion = _conversion(part.field, part.value, *at_hand)
        yield Leaf(f"{prefix}_{part.field.name}", _names(part.value), conversion, chosen=chosen)


def _conversion(
    field: Field, value: Cell | Constant | Key | Party | Choice, source: Source, schema: pl.Schema
) -> Conversion:
    match value:
        case Constant(value=text):
            return _of_cell(field, Cell(()), (pl.lit(text), pl.String()), source)
        case Key() as key:
            return _key(key, schema)
        case Cell() as cell:
            return _absent(_of_cell(field, cell, _typed(cell, schema), source), cell, field)
        case _:
            message = f"'{field.name}' has no single value"
            raise TypeError(message)


def _of_cell(field: Field, cell: Cell, typed: tuple[pl.Expr, pl.DataType], source: Source) -> Conversion:
    raw, dtype = typed
    text = cell_text(raw, dtype)
    match field.kind:
        case "instant":
            return instant(raw, dtype, text, (cell.dates, cell.at, source.timezone))
        case "boolean":
            return boolean(text, cell)
        case "integer" | "money":
            return _number(field, cell, typed, source)
        case _:
            return word(text, field, cell)


def _number(field: Field, cell: Cell, typed: tuple[pl.Expr, pl.DataType], source: Source) -> Conversion:
    raw, dtype = typed
    text = cell_text(raw, dtype)
    if cell.words or cell.otherwise is not None:
        raw, dtype = translated(text, cell), pl.String()
    rule = NumberRule.of(field, _unit(field, cell, source), rounds=field.kind == "money" or field.name.endswith("_g"))
    conversion = number(raw, dtype, cell_text(raw, dtype), rule)
    return Conversion(conversion.value, text, conversion.reason)


def _unit(field: Field, cell: Cell, source: Source) -> Unit:
    if field.kind == "money":
        return money_unit(cell.unit or "major", source.currency) or Unit(1)
    return WEIGHT_UNITS[cell.unit or "g"] if field.name.endswith("_g") else Unit(1)


def _absent(conversion: Conversion, cell: Cell, field: Field | None = None) -> Conversion:
    """The conversion, with the value a missing cell stands for."""
    if cell.absent is None:
        return conversion
    stands_for: object = cell.absent
    if field is not None and field.kind == "boolean":
        stands_for = cell.absent == "true"
    if field is not None and field.kind == "integer":
        stands_for = int(cell.absent)
    value = pl.when(conversion.text.is_null()).then(pl.lit(stands_for)).otherwise(conversion.value)
    return Conversion(value, conversion.text, conversion.reason)


def _typed(cell: Cell, schema: pl.Schema) -> tuple[pl.Expr, pl.DataType]:
    """The cell's expression and type; joined columns are text."""
    parts = [(without_missing(pl.col(name), schema[name], cell.missing), schema[name]) for name in _names(cell)]
    if len(parts) == 1:
        return parts[0]
    texts = [cell_text(part, dtype) for part, dtype in parts]
    known = pl.any_horizontal(text.is_not_null() for text in texts)
    return pl.when(known).then(pl.concat_str(texts, separator=cell.join, ignore_nulls=True)), pl.String()


def _text(cell: Cell, schema: pl.Schema) -> pl.Expr:
    return cell_text(*_typed(cell, schema))


def _key(key: Key, schema: pl.Schema) -> Conversion:
    parts = [_key_part(part, key, schema) for part in key.parts]
    if len(parts) > 1:
        escaped = [part.str.replace_all(r"([|\\])", r"\$1") for part in parts]
        return _sure(pl.concat_str(escaped, separator="|"))
    return _sure(parts[0])


def _key_part(part: Column | Constant, key: Key, schema: pl.Schema) -> pl.Expr:
    if isinstance(part, Constant):
        return pl.lit(part.value)
    dtype = schema[part.name]
    return cell_text(without_missing(pl.col(part.name), dtype, key.missing), dtype)


def _sure(value: pl.Expr) -> Conversion:
    return short_enough(Conversion(value, value, pl.lit("")), LONGEST_NAME)


def _names(value: Cell | Constant | Key | Party | Choice) -> tuple[str, ...]:
    return tuple(column.name for column in field_columns(value))
